// Conditions on the columns of one table, in the SQL of its source: what SqlWriter says
// of them, and what the source can find rows by. Private to the engine. Pure functions.
//
// What is written is true for each row for which the expression is true. For rows for
// which it is not, only a condition that is called exact is not true: equality of text
// may ignore case in the source, say. DuckDB looks at the rows again unless it is exact.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "duckdb/common/types/value.hpp"
#include "duckdb/planner/expression.hpp"
#include "duckdb/planner/table_filter.hpp"
#include "engine/source.h"

namespace pintail::engine {

struct SourceColumn {
  std::string name;
  duckdb::LogicalType type;
  ColumnForm form = ColumnForm::kSame;
  bool key = false;  // the first column
};

// The column that an expression refers to; null when it is none of the table's.
using ColumnOf = std::function<const SourceColumn*(const duckdb::Expression&)>;

struct SourceCondition {
  std::string sql;
  bool exact = true;
};

// The column, called `name` there, in the form of SqlColumn.
std::optional<std::string> SqlSourceColumn(SqlDialect dialect, const SourceColumn& column,
                                           const std::string& name);

// Nothing when it cannot be said in the dialect, or might mean something else there.
std::optional<SourceCondition> WriteCondition(const duckdb::Expression& expression,
                                              const ColumnOf& column_of,
                                              SqlDialect dialect);
// For changes, which hit the rows for which the condition is true.
std::optional<std::string> WriteExactCondition(const duckdb::Expression& expression,
                                               const ColumnOf& column_of,
                                               SqlDialect dialect);
// What a column is set to: a constant, a column, or sums of them.
std::optional<std::string> WriteAssigned(const duckdb::Expression& expression,
                                         const ColumnOf& column_of, SqlDialect dialect);

// For sources that find rows by key only: the values of the key column of which each row
// has one for which the expression is true.
std::optional<std::vector<duckdb::Value>> KeysOf(const duckdb::Expression& expression,
                                                 const ColumnOf& column_of);

// A filter of a scan as an expression on `column`. Null for those that DuckDB does not
// need to be applied, unless `with_optional`.
duckdb::unique_ptr<duckdb::Expression> ExpressionOfFilter(
    const duckdb::TableFilter& filter, const duckdb::Expression& column,
    bool with_optional);

}  // namespace pintail::engine
