#include "engine/align_comparisons.h"

#include <utility>

#include "duckdb/parser/expression/between_expression.hpp"
#include "duckdb/parser/expression/comparison_expression.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parsed_data/create_view_info.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"
#include "duckdb/parser/statement/create_statement.hpp"
#include "duckdb/parser/statement/delete_statement.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "duckdb/parser/statement/insert_statement.hpp"
#include "duckdb/parser/statement/merge_into_statement.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/statement/update_statement.hpp"

namespace pintail::engine {
namespace {

using duckdb::ExpressionClass;
using duckdb::ParsedExpression;
using duckdb::StatementType;
using ExpressionPtr = duckdb::unique_ptr<ParsedExpression>;

class Aligner {
 public:
  explicit Aligner(const AlignOptions& options) : options_(options) {}

  bool changed() const { return changed_ > 0; }

  void Statement(duckdb::SQLStatement& statement) {
    switch (statement.type) {
      case StatementType::SELECT_STATEMENT:
        return Select(statement.Cast<duckdb::SelectStatement>());
      case StatementType::EXPLAIN_STATEMENT:
        return Statement(*statement.Cast<duckdb::ExplainStatement>().stmt);
      case StatementType::INSERT_STATEMENT:
        return Insert(statement.Cast<duckdb::InsertStatement>());
      case StatementType::UPDATE_STATEMENT:
        return Update(statement.Cast<duckdb::UpdateStatement>());
      case StatementType::DELETE_STATEMENT:
        return Delete(statement.Cast<duckdb::DeleteStatement>());
      case StatementType::MERGE_INTO_STATEMENT:
        return Merge(statement.Cast<duckdb::MergeIntoStatement>());
      case StatementType::COPY_STATEMENT: {
        auto& info = *statement.Cast<duckdb::CopyStatement>().info;
        if (info.select_statement) Node(*info.select_statement);
        return;
      }
      case StatementType::CREATE_STATEMENT:
        return Create(*statement.Cast<duckdb::CreateStatement>().info);
      default:
        return;
    }
  }

 private:
  void Select(duckdb::SelectStatement& statement) { Node(*statement.node); }

  void Insert(duckdb::InsertStatement& statement) {
    if (statement.select_statement) Select(*statement.select_statement);
    Tables(statement.cte_map);
    All(statement.returning_list);
  }

  void Update(duckdb::UpdateStatement& statement) {
    if (statement.from_table) Table(*statement.from_table);
    if (statement.set_info) Set(*statement.set_info);
    Tables(statement.cte_map);
    All(statement.returning_list);
  }

  void Delete(duckdb::DeleteStatement& statement) {
    Maybe(statement.condition);
    for (auto& table : statement.using_clauses) Table(*table);
    Tables(statement.cte_map);
    All(statement.returning_list);
  }

  void Merge(duckdb::MergeIntoStatement& statement) {
    Table(*statement.source);
    Maybe(statement.join_condition);
    for (auto& [condition, actions] : statement.actions) {
      for (auto& action : actions) {
        Maybe(action->condition);
        if (action->update_info) Set(*action->update_info);
        All(action->expressions);
      }
    }
    Tables(statement.cte_map);
    All(statement.returning_list);
  }

  void Create(duckdb::CreateInfo& info) {
    if (info.type == duckdb::CatalogType::VIEW_ENTRY) {
      Select(*info.Cast<duckdb::CreateViewInfo>().query);
    } else if (info.type == duckdb::CatalogType::TABLE_ENTRY) {
      auto& table = info.Cast<duckdb::CreateTableInfo>();
      if (table.query) Select(*table.query);
    }
  }

  void Set(duckdb::UpdateSetInfo& info) {
    Maybe(info.condition);
    All(info.expressions);
  }

  void Tables(duckdb::CommonTableExpressionMap& ctes) {
    for (auto& entry : ctes.map) Select(*entry.second->query);
  }

  void Table(duckdb::TableRef& table) {
    duckdb::ParsedExpressionIterator::EnumerateTableRefChildren(
        table, [this](ExpressionPtr& child) { Expression(child); });
  }

  void Node(duckdb::QueryNode& node) {
    duckdb::ParsedExpressionIterator::EnumerateQueryNodeChildren(
        node, [this](ExpressionPtr& child) { Expression(child); });
  }

  void All(duckdb::vector<ExpressionPtr>& expressions) {
    for (auto& expression : expressions) Expression(expression);
  }

  void Maybe(ExpressionPtr& expression) {
    if (expression) Expression(expression);
  }

  void Expression(ExpressionPtr& expression) {
    const int before = changed_;
    if (expression->GetExpressionClass() == ExpressionClass::SUBQUERY) {
      Select(*expression->Cast<duckdb::SubqueryExpression>().subquery);
    }
    duckdb::ParsedExpressionIterator::EnumerateChildren(
        *expression, [this](ExpressionPtr& child) { Expression(child); });
    // Both sides are copied, so a comparison inside of one that was changed is copied
    // too; without a limit each level would double what there is.
    if (changed_ > before) return;
    if (expression->GetExpressionClass() == ExpressionClass::COMPARISON) {
      auto& comparison = expression->Cast<duckdb::ComparisonExpression>();
      if (Untouchable(*comparison.left) || Untouchable(*comparison.right)) return;
      Align(comparison.left, comparison.right);
    } else if (expression->GetExpressionClass() == ExpressionClass::BETWEEN) {
      auto& between = expression->Cast<duckdb::BetweenExpression>();
      if (Untouchable(*between.input) || Untouchable(*between.lower) ||
          Untouchable(*between.upper)) {
        return;
      }
      between.upper = Aligned(std::move(between.upper), *between.input);
      Align(between.input, between.lower);
    }
  }

  // Literals and, before execution, parameters take their type from the other side.
  bool Untouchable(const ParsedExpression& expression) const {
    if (expression.GetExpressionClass() == ExpressionClass::PARAMETER) {
      return !options_.parameters;
    }
    if (expression.GetExpressionClass() != ExpressionClass::CONSTANT) return false;
    const auto& type = expression.Cast<duckdb::ConstantExpression>().value.type();
    return type.id() != duckdb::LogicalTypeId::BIGINT;
  }

  void Align(ExpressionPtr& left, ExpressionPtr& right) {
    auto aligned = Aligned(left->Copy(), *right);
    right = Aligned(std::move(right), *left);
    left = std::move(aligned);
    ++changed_;
  }

  static ExpressionPtr Aligned(ExpressionPtr value, const ParsedExpression& other) {
    auto location = value->GetQueryLocation();
    duckdb::vector<ExpressionPtr> arguments;
    arguments.push_back(std::move(value));
    arguments.push_back(other.Copy());
    auto call = duckdb::make_uniq<duckdb::FunctionExpression>(kAlignFunction,
                                                              std::move(arguments));
    call->SetQueryLocation(location);
    return call;
  }

  const AlignOptions options_;
  int changed_ = 0;
};

}  // namespace

bool AlignComparisons(duckdb::SQLStatement& statement, const AlignOptions& options) {
  Aligner aligner(options);
  aligner.Statement(statement);
  return aligner.changed();
}

}  // namespace pintail::engine
