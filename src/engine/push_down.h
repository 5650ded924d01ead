// Lets sources compute what they can: in a plan, the largest subtrees whose tables all
// belong to one source become scans of one statement that the source runs, when that
// gives fewer rows (docs/decisions/013). Private to the engine.
#pragma once

#include "duckdb/main/config.hpp"

namespace pintail::engine {

// A session's setting: whether any of this is done.
inline constexpr const char* kPushDownSetting = "pintail_push_down";

// To be called before the database is opened.
void PreparePushDown(duckdb::DBConfig& config);

}  // namespace pintail::engine
