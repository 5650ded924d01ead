// What to tell of a failure that came from a source which is there: its name, a kind that
// fits, and what to do. DuckDB's extensions pass on a server's words alone, whatever
// happened there, and do not say whose they are.
//
// Pure; callable from any thread.
#pragma once

#include <string>

#include "arrow/status.h"

namespace pintail::catalog {

// Whether these are the words of an extension about a server outside, or of such a
// server.
bool IsOfAServer(const arrow::Status& failure);

// The failure as one of the source's; `type` as in its definition.
arrow::Status OfSource(const std::string& name, const std::string& type,
                       const arrow::Status& failure);

}  // namespace pintail::catalog
