#include "query/statement_text.h"

#include <utility>

#include "arrow/type.h"
#include "base/error.h"

namespace pintail::query {
namespace {

using base::ErrorKind;
using base::MakeError;

}  // namespace

arrow::Result<std::vector<std::unique_ptr<engine::ParsedStatement>>> ParseText(
    engine::Connection& connection, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(auto statements, connection.Parse(sql));
  if (statements.empty()) {
    return MakeError(ErrorKind::kInvalidSql,
                     "the text holds no SQL statement; send one, for example SELECT 1");
  }
  return statements;
}

bool ConcernsTheConnection(const engine::StatementTraits& traits) {
  using engine::StatementKind;
  return traits.kind == StatementKind::kSetting ||
         traits.kind == StatementKind::kTransaction || traits.verb == "PREPARE" ||
         traits.verb == "EXECUTE" || traits.verb == "DEALLOCATE";
}

bool CanStream(const engine::StatementTraits& traits) {
  return !traits.has_effect() && traits.returns_rows;
}

bool SchemaIsCertain(const engine::PreparedStatement& statement,
                     const arrow::RecordBatch* parameters) {
  if (parameters == nullptr) return true;
  const auto& expected = statement.parameters();
  for (size_t i = 0; i < expected.size(); ++i) {
    auto field = parameters->schema()->GetFieldByName(expected[i].name);
    if (!field && static_cast<int>(i) < parameters->num_columns()) {
      field = parameters->schema()->field(static_cast<int>(i));
    }
    if (!field || !field->type()->Equals(expected[i].type)) return false;
  }
  return true;
}

arrow::Status CheckParameters(const std::vector<engine::StatementParameter>& expected,
                              const arrow::RecordBatch* given) {
  const int64_t columns = given == nullptr ? 0 : given->num_columns();
  if (columns == static_cast<int64_t>(expected.size())) return arrow::Status::OK();
  return MakeError(ErrorKind::kInvalidArgument, "the statement has ", expected.size(),
                   expected.size() == 1 ? " parameter" : " parameters", " but ", columns,
                   columns == 1 ? " value was given" : " values were given",
                   "; bind one value for each parameter");
}

}  // namespace pintail::query
