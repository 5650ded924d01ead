#include "engine/sql_tokens.h"

#include <exception>
#include <string>

#include "duckdb/parser/parser.hpp"

namespace pintail::engine {
namespace {

SqlTokenKind KindOf(duckdb::SimplifiedTokenType type) {
  switch (type) {
    case duckdb::SimplifiedTokenType::SIMPLIFIED_TOKEN_KEYWORD:
      return SqlTokenKind::kKeyword;
    case duckdb::SimplifiedTokenType::SIMPLIFIED_TOKEN_IDENTIFIER:
      return SqlTokenKind::kName;
    case duckdb::SimplifiedTokenType::SIMPLIFIED_TOKEN_NUMERIC_CONSTANT:
    case duckdb::SimplifiedTokenType::SIMPLIFIED_TOKEN_STRING_CONSTANT:
      return SqlTokenKind::kLiteral;
    default:
      return SqlTokenKind::kOther;
  }
}

}  // namespace

std::vector<SqlToken> CutIntoTokens(std::string_view sql) {
  std::vector<SqlToken> tokens;
  try {
    const auto cut = duckdb::Parser::Tokenize(std::string(sql));
    for (size_t i = 0; i < cut.size(); ++i) {
      const size_t end = i + 1 < cut.size() ? cut[i + 1].start : sql.size();
      tokens.push_back(
          {KindOf(cut[i].type), sql.substr(cut[i].start, end - cut[i].start)});
    }
  } catch (const std::exception&) {
    tokens.clear();
  }
  return tokens;
}

}  // namespace pintail::engine
