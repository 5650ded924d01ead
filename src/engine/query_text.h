// What can be told of a statement in the user's own words without running it. Pure
// functions, callable from any thread.
#pragma once

#include <string>
#include <string_view>

namespace pintail::engine {

// The statement without the semicolon that ends it. Empty unless it is a single one that
// begins with SELECT, WITH or VALUES.
std::string QueryIn(std::string_view sql);

// The query, of QueryIn, where it can only be read: no source takes there what changes
// something.
std::string AsSubquery(const std::string& query);

}  // namespace pintail::engine
