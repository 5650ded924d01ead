// The tokens of an SQL text, as DuckDB's own scanner cuts it, so that comments, quoted
// names and every kind of literal are told apart as they will be when it is run. Pure
// functions, callable from any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pintail::engine {

enum class SqlTokenKind : uint8_t {
  kKeyword,  // a word of SQL's, also one that stands where a name may
  kName,     // bare or in double quotes
  kLiteral,  // a text or a number
  kOther,    // operators, punctuation, parameters
};

struct SqlToken {
  SqlTokenKind kind = SqlTokenKind::kOther;
  // From where it begins to the next one: spaces and comments after it, and what the
  // scanner could not make sense of, are in it. Refers to the text that was cut.
  std::string_view text;
};

// In order; what stands before the first one, a comment say, is in none. Empty for a
// text without tokens, and for one that DuckDB cannot cut at all.
std::vector<SqlToken> CutIntoTokens(std::string_view sql);

}  // namespace pintail::engine
