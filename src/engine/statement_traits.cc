#include "duckdb/common/enums/statement_type.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"
#include "engine/duck_statement.h"

namespace pintail::engine {
namespace {

using duckdb::StatementReturnType;
using duckdb::StatementType;

StatementKind KindByResult(const duckdb::StatementProperties& properties,
                           StatementKind otherwise) {
  switch (properties.return_type) {
    case StatementReturnType::QUERY_RESULT:
      return StatementKind::kQuery;
    case StatementReturnType::CHANGED_ROWS:
      return StatementKind::kChange;
    default:
      return otherwise;
  }
}

StatementKind KindOfStatement(StatementType type, const duckdb::SQLStatement& parsed,
                              const duckdb::StatementProperties& properties) {
  switch (type) {
    case StatementType::SELECT_STATEMENT:
    case StatementType::EXPLAIN_STATEMENT:
    case StatementType::RELATION_STATEMENT:
      return StatementKind::kQuery;
    case StatementType::INSERT_STATEMENT:
    case StatementType::UPDATE_STATEMENT:
    case StatementType::DELETE_STATEMENT:
    case StatementType::MERGE_INTO_STATEMENT:
      return StatementKind::kChange;
    case StatementType::COPY_STATEMENT:
      return parsed.Cast<duckdb::CopyStatement>().info->is_from ? StatementKind::kChange
                                                                : StatementKind::kOther;
    case StatementType::CREATE_STATEMENT:
    case StatementType::ALTER_STATEMENT:
    case StatementType::DROP_STATEMENT:
    case StatementType::ATTACH_STATEMENT:
    case StatementType::DETACH_STATEMENT:
      return StatementKind::kDefinition;
    case StatementType::TRANSACTION_STATEMENT:
      return StatementKind::kTransaction;
    case StatementType::SET_STATEMENT:
    case StatementType::VARIABLE_SET_STATEMENT:
      return StatementKind::kSetting;
    case StatementType::PRAGMA_STATEMENT:
      return KindByResult(properties, StatementKind::kSetting);
    default:
      return KindByResult(properties, StatementKind::kOther);
  }
}

}  // namespace

StatementTraits TraitsOf(StatementType type, const duckdb::SQLStatement& parsed,
                         const duckdb::StatementProperties& properties) {
  StatementTraits traits;
  traits.kind = KindOfStatement(type, parsed, properties);
  traits.verb = duckdb::StatementTypeToString(type);
  traits.returns_rows = properties.return_type == StatementReturnType::QUERY_RESULT;
  traits.read_only = properties.modified_databases.empty();
  return traits;
}

}  // namespace pintail::engine
