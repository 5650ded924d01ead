#include "query/statement_text.h"

#include <utility>

#include "arrow/type.h"
#include "base/error.h"
#include "engine/parameter_columns.h"

namespace pintail::query {
namespace {

using base::ErrorKind;
using base::MakeError;

arrow::Result<std::vector<int>> Match(
    const std::vector<engine::StatementParameter>& expected,
    const arrow::RecordBatch* given) {
  std::vector<std::string> names;
  for (const auto& parameter : expected) names.push_back(parameter.name);
  return engine::MatchParameters(names,
                                 given == nullptr ? nullptr : given->schema().get());
}

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
  const auto columns = Match(expected, parameters);
  if (!columns.ok()) return false;
  for (size_t i = 0; i < expected.size(); ++i) {
    const auto& given = parameters->schema()->field((*columns)[i])->type();
    // A type that the binder could not tell is told by the value, be it a NULL.
    if (given->id() == arrow::Type::NA || !given->Equals(expected[i].type)) return false;
  }
  return true;
}

arrow::Status CheckParameters(const std::vector<engine::StatementParameter>& expected,
                              const arrow::RecordBatch* given) {
  return Match(expected, given).status();
}

}  // namespace pintail::query
