// What sources find rows by, and what is exact of it.
#include "engine/source_filter.h"

#include <gtest/gtest.h>

#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"

namespace pintail::engine {
namespace {

using duckdb::ExpressionType;
using duckdb::LogicalType;
using duckdb::make_uniq;
using duckdb::Value;
using ExpressionPtr = duckdb::unique_ptr<duckdb::Expression>;

ExpressionPtr Compare(const LogicalType& type, ExpressionType comparison, Value value) {
  return make_uniq<duckdb::BoundComparisonExpression>(
      comparison, make_uniq<duckdb::BoundReferenceExpression>(type, 0),
      make_uniq<duckdb::BoundConstantExpression>(std::move(value)));
}

struct Written {
  std::string sql;  // empty: nothing
  bool exact = false;
};

Written Write(SqlDialect dialect, const SourceColumn& column,
              const duckdb::Expression& expression) {
  const ColumnOf column_of = [&](const duckdb::Expression& reference) {
    return reference.GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF ? &column
                                                                                : nullptr;
  };
  const auto condition = WriteCondition(expression, column_of, dialect);
  return condition ? Written{condition->sql, condition->exact} : Written{};
}

TEST(SourceConditions, CompareTextsByBytesAndFindThemByTheColumnsOwnIndex) {
  const SourceColumn column{.name = "s", .type = LogicalType::VARCHAR};
  const auto equal = Compare(column.type, ExpressionType::COMPARE_EQUAL, Value("x"));
  const auto less = Compare(column.type, ExpressionType::COMPARE_LESSTHAN, Value("x"));
  const struct {
    SqlDialect dialect;
    const char* equal;
    bool exact;
    const char* less;
  } kRows[] = {
      {SqlDialect::kPostgres,
       R"((("s" = 'x') AND (CAST("s" AS text) COLLATE "C" = ('x' COLLATE "C"))))", true,
       R"((CAST("s" AS text) COLLATE "C" < ('x' COLLATE "C")))"},
      {SqlDialect::kMysql,
       "((`s` = 'x') AND (CAST(CONVERT(`s` USING utf8mb4) AS BINARY) = _binary'x'))",
       true, "(CAST(CONVERT(`s` USING utf8mb4) AS BINARY) < _binary'x')"},
      {SqlDialect::kSqlite, R"((("s" = 'x') AND ("s" COLLATE BINARY = 'x')))", true,
       R"(("s" COLLATE BINARY < 'x'))"},
      {SqlDialect::kDuckdb, R"((CAST("s" AS VARCHAR) COLLATE C = 'x'))", true,
       R"((CAST("s" AS VARCHAR) COLLATE C < 'x'))"},
      {SqlDialect::kGeneric, R"(("s" = 'x'))", false, ""},
      {SqlDialect::kNone, "", false, ""},
  };
  for (const auto& row : kRows) {
    const Written written = Write(row.dialect, column, *equal);
    EXPECT_EQ(written.sql, row.equal);
    EXPECT_EQ(written.exact, row.exact) << row.equal;
    EXPECT_EQ(Write(row.dialect, column, *less).sql, row.less);
  }
}

TEST(SourceConditions, LookAtTheFormOfAColumn) {
  SourceColumn column{.name = "e", .type = LogicalType::VARCHAR};
  const auto equal = Compare(column.type, ExpressionType::COMPARE_EQUAL, Value("x"));
  column.form = ColumnForm::kText;  // 'x' need not be a value of its type
  EXPECT_EQ(Write(SqlDialect::kSqlite, column, *equal).sql,
            R"((CAST("e" AS TEXT) COLLATE BINARY = 'x'))");
  column.form = ColumnForm::kOther;
  EXPECT_EQ(Write(SqlDialect::kSqlite, column, *equal).sql, "");
}

TEST(SourceConditions, LeaveOutWhatCannotBeSaidOfSeveral) {
  const SourceColumn column{.name = "s", .type = LogicalType::VARCHAR};
  const auto both = [&](ExpressionType type) {
    return make_uniq<duckdb::BoundConjunctionExpression>(
        type, Compare(column.type, ExpressionType::COMPARE_EQUAL, Value("x")),
        Compare(column.type, ExpressionType::COMPARE_EQUAL,
                Value(std::string("nul\0", 4))));
  };
  const Written all =
      Write(SqlDialect::kDuckdb, column, *both(ExpressionType::CONJUNCTION_AND));
  EXPECT_EQ(all.sql, R"(((CAST("s" AS VARCHAR) COLLATE C = 'x')))");
  EXPECT_FALSE(all.exact);
  EXPECT_EQ(Write(SqlDialect::kDuckdb, column, *both(ExpressionType::CONJUNCTION_OR)).sql,
            "");
}

TEST(SourceConditions, SetColumnsToWhatTheySay) {
  const ColumnOf none = [](const duckdb::Expression&) { return nullptr; };
  const auto assigned = [&](SqlDialect dialect, Value value) {
    const duckdb::BoundConstantExpression constant(std::move(value));
    return WriteAssigned(constant, none, dialect).value_or("");
  };
  EXPECT_EQ(assigned(SqlDialect::kPostgres, Value("it's")), "'it''s'");
  EXPECT_EQ(assigned(SqlDialect::kMysql, Value("x")),
            "CONVERT(_binary'x' USING utf8mb4)");
  EXPECT_EQ(assigned(SqlDialect::kSqlite, Value::FLOAT(0.5F)),
            "(5.00000000000000000e-01)");
  EXPECT_EQ(assigned(SqlDialect::kPostgres, Value()), "NULL");
  EXPECT_EQ(assigned(SqlDialect::kPostgres, Value::BLOB("x")), "");
}

}  // namespace
}  // namespace pintail::engine
