// Tables of sources that a statement names in full, replaced by their copies before it is
// bound.
#include "duckdb/common/string_util.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"
#include "engine/copy_plan.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
namespace {

constexpr const char* kSetting = "pintail_use_copies";

using ExpressionPtr = duckdb::unique_ptr<duckdb::ParsedExpression>;

class CopyNamer {
 public:
  explicit CopyNamer(TailSnapshot& snapshot)
      : snapshot_(snapshot), copies_(snapshot.Copies()) {}

  void Statement(duckdb::SQLStatement& statement) {
    if (statement.type == duckdb::StatementType::SELECT_STATEMENT) {
      Node(*statement.Cast<duckdb::SelectStatement>().node);
    } else if (statement.type == duckdb::StatementType::EXPLAIN_STATEMENT) {
      Statement(*statement.Cast<duckdb::ExplainStatement>().stmt);
    }
  }

  bool changed() const { return changed_ && !asks_for_row_numbers_; }

 private:
  void Node(duckdb::QueryNode& node) {
    duckdb::ParsedExpressionIterator::EnumerateQueryNodeChildren(
        node, [this](ExpressionPtr& child) { Expression(child); },
        [this](duckdb::TableRef& table) { Table(table); });
  }

  void Expression(ExpressionPtr& expression) {
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
      Node(*expression->Cast<duckdb::SubqueryExpression>().subquery->node);
    }
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::COLUMN_REF) {
      // They are the source's own.
      const auto& column = expression->Cast<duckdb::ColumnRefExpression>();
      asks_for_row_numbers_ |=
          duckdb::StringUtil::CIEquals(column.GetColumnName(), "rowid");
    }
    duckdb::ParsedExpressionIterator::EnumerateChildren(
        *expression, [this](ExpressionPtr& child) { Expression(child); });
  }

  void Table(duckdb::TableRef& ref) {
    if (ref.type != duckdb::TableReferenceType::BASE_TABLE) return;
    auto& table = ref.Cast<duckdb::BaseTableRef>();
    if (table.catalog_name.empty() || table.schema_name.empty() || table.at_clause) {
      return;
    }
    const TableName name{.catalog = table.catalog_name,
                         .schema = table.schema_name,
                         .table = table.table_name};
    for (const CopyState* copy : copies_->Of(name)) {
      if (!copy->declaration.all_columns || !snapshot_.MayUse(*copy)) continue;
      if (table.alias.empty()) table.alias = table.table_name;
      table.catalog_name = snapshot_.store().main_name();
      table.schema_name = kCopiesSchema;
      table.table_name = copy->declaration.name;
      changed_ = true;
      return;
    }
  }

  TailSnapshot& snapshot_;
  const std::shared_ptr<const CopyMap> copies_;
  bool changed_ = false;
  bool asks_for_row_numbers_ = false;
};

}  // namespace

void PrepareCopyPlans(duckdb::DBConfig& config) {
  config.AddExtensionOption(
      kSetting, "Whether copies of sources' tables are read in place of the tables",
      duckdb::LogicalType::BOOLEAN, duckdb::Value::BOOLEAN(true));
}

bool MayUseCopies(duckdb::ClientContext& context) {
  duckdb::Value value;
  return !context.TryGetCurrentSetting(kSetting, value) || value.IsNull() ||
         value.GetValue<bool>();
}

bool NameCopies(duckdb::ClientContext& context, TailSnapshot& snapshot,
                duckdb::SQLStatement& statement) {
  if (snapshot.is_ours() || snapshot.Copies()->copies.empty()) return false;
  if (!MayUseCopies(context)) return false;
  CopyNamer namer(snapshot);
  namer.Statement(statement);
  return namer.changed();
}

}  // namespace pintail::engine
