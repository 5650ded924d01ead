// What a connection's own settings come to, told apart from others'. Private to the
// engine; called by the connection's thread.
#pragma once

#include <string>

#include "duckdb/main/client_context.hpp"
#include "engine/connection.h"

namespace pintail::engine {

// The search path and each setting that the session has made itself: equal texts, equal
// settings. Variables are not in it.
std::string OwnSettings(duckdb::ClientContext& context);

SessionSettings SettingsOf(duckdb::ClientContext& context);

// Adds the session's own setting for the time to live of answers.
void AddCacheTtlSetting(duckdb::DatabaseInstance& database);

}  // namespace pintail::engine
