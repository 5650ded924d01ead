#include "engine/visit_functions.h"

#include "duckdb/function/scalar_macro_function.hpp"
#include "duckdb/function/table_macro_function.hpp"
#include "duckdb/parser/expression/subquery_expression.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/parser/parsed_data/create_macro_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parsed_data/create_view_info.hpp"
#include "duckdb/parser/parsed_expression_iterator.hpp"
#include "duckdb/parser/query_node.hpp"
#include "duckdb/parser/statement/list.hpp"
#include "duckdb/parser/statement/multi_statement.hpp"
#include "duckdb/parser/tableref/showref.hpp"

namespace pintail::engine {
namespace {

using duckdb::ParsedExpressionIterator;
using duckdb::StatementType;
using Expression = duckdb::unique_ptr<duckdb::ParsedExpression>;

class Visitor {
 public:
  explicit Visitor(const std::function<void(duckdb::FunctionExpression&)>& each)
      : each_(each) {}

  void Visit(duckdb::SQLStatement& statement) {
    switch (statement.type) {
      case StatementType::SELECT_STATEMENT:
        return Visit(statement.Cast<duckdb::SelectStatement>().node);
      case StatementType::INSERT_STATEMENT:
        return VisitInsert(statement.Cast<duckdb::InsertStatement>());
      case StatementType::UPDATE_STATEMENT:
        return VisitUpdate(statement.Cast<duckdb::UpdateStatement>());
      case StatementType::DELETE_STATEMENT:
        return VisitDelete(statement.Cast<duckdb::DeleteStatement>());
      case StatementType::MERGE_INTO_STATEMENT:
        return VisitMerge(statement.Cast<duckdb::MergeIntoStatement>());
      case StatementType::CREATE_STATEMENT:
        return VisitCreate(*statement.Cast<duckdb::CreateStatement>().info);
      case StatementType::COPY_STATEMENT:
        return Visit(statement.Cast<duckdb::CopyStatement>().info->select_statement);
      case StatementType::CALL_STATEMENT:
        return Visit(statement.Cast<duckdb::CallStatement>().function);
      case StatementType::EXPLAIN_STATEMENT:
        return Visit(*statement.Cast<duckdb::ExplainStatement>().stmt);
      case StatementType::PREPARE_STATEMENT:
        return Visit(*statement.Cast<duckdb::PrepareStatement>().statement);
      case StatementType::MULTI_STATEMENT:
        for (auto& each : statement.Cast<duckdb::MultiStatement>().statements) {
          Visit(*each);
        }
        return;
      default:
        return;
    }
  }

 private:
  void Visit(Expression& expression) {
    if (!expression) return;
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::FUNCTION) {
      each_(expression->Cast<duckdb::FunctionExpression>());
    }
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
      Visit(expression->Cast<duckdb::SubqueryExpression>().subquery->node);
    }
    ParsedExpressionIterator::EnumerateChildren(
        *expression, [this](Expression& child) { Visit(child); });
  }

  void Visit(duckdb::unique_ptr<duckdb::QueryNode>& node) {
    if (!node) return;
    ParsedExpressionIterator::EnumerateQueryNodeChildren(
        *node, [this](Expression& child) { Visit(child); },
        [this](duckdb::TableRef& table) { VisitShow(table); });
  }

  void Visit(duckdb::unique_ptr<duckdb::TableRef>& table) {
    if (!table) return;
    ParsedExpressionIterator::EnumerateTableRefChildren(
        *table, [this](Expression& child) { Visit(child); },
        [this](duckdb::TableRef& child) { VisitShow(child); });
  }

  // DESCRIBE and SUMMARIZE of a query.
  void VisitShow(duckdb::TableRef& table) {
    if (table.type != duckdb::TableReferenceType::SHOW_REF) return;
    Visit(table.Cast<duckdb::ShowRef>().query);
  }

  void Visit(duckdb::CommonTableExpressionMap& tables) {
    for (auto& [name, table] : tables.map) Visit(table->query->node);
  }

  void Visit(duckdb::vector<Expression>& expressions) {
    for (auto& expression : expressions) Visit(expression);
  }

  void Visit(duckdb::unique_ptr<duckdb::UpdateSetInfo>& set) {
    if (!set) return;
    Visit(set->condition);
    Visit(set->expressions);
  }

  void VisitInsert(duckdb::InsertStatement& insert) {
    Visit(insert.cte_map);
    if (insert.select_statement) Visit(insert.select_statement->node);
    Visit(insert.returning_list);
    if (!insert.on_conflict_info) return;
    Visit(insert.on_conflict_info->set_info);
    Visit(insert.on_conflict_info->condition);
  }

  void VisitUpdate(duckdb::UpdateStatement& update) {
    Visit(update.cte_map);
    Visit(update.from_table);
    Visit(update.set_info);
    Visit(update.returning_list);
  }

  void VisitDelete(duckdb::DeleteStatement& erase) {
    Visit(erase.cte_map);
    for (auto& table : erase.using_clauses) Visit(table);
    Visit(erase.condition);
    Visit(erase.returning_list);
  }

  void VisitMerge(duckdb::MergeIntoStatement& merge) {
    Visit(merge.cte_map);
    Visit(merge.source);
    Visit(merge.join_condition);
    for (auto& [condition, actions] : merge.actions) {
      for (auto& action : actions) {
        Visit(action->condition);
        Visit(action->update_info);
        Visit(action->expressions);
      }
    }
    Visit(merge.returning_list);
  }

  void VisitCreate(duckdb::CreateInfo& info) {
    switch (info.type) {
      case duckdb::CatalogType::TABLE_ENTRY:
        if (auto& query = info.Cast<duckdb::CreateTableInfo>().query) Visit(query->node);
        return;
      case duckdb::CatalogType::VIEW_ENTRY:
        if (auto& query = info.Cast<duckdb::CreateViewInfo>().query) Visit(query->node);
        return;
      case duckdb::CatalogType::MACRO_ENTRY:
      case duckdb::CatalogType::TABLE_MACRO_ENTRY:
        for (auto& macro : info.Cast<duckdb::CreateMacroInfo>().macros) {
          if (macro->type == duckdb::MacroType::TABLE_MACRO) {
            Visit(macro->Cast<duckdb::TableMacroFunction>().query_node);
          } else {
            Visit(macro->Cast<duckdb::ScalarMacroFunction>().expression);
          }
        }
        return;
      default:
        return;
    }
  }

  const std::function<void(duckdb::FunctionExpression&)>& each_;
};

}  // namespace

void VisitFunctions(duckdb::SQLStatement& statement,
                    const std::function<void(duckdb::FunctionExpression&)>& each) {
  Visitor(each).Visit(statement);
}

}  // namespace pintail::engine
