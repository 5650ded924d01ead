#include "engine/plan_use.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "duckdb/planner/expression/bound_aggregate_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "duckdb/planner/expression/bound_window_expression.hpp"
#include "duckdb/planner/expression_iterator.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_simple.hpp"
#include "duckdb/planner/planner_extension.hpp"
#include "engine/journal_schema_check.h"
#include "engine/source_catalog.h"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalOperatorType;
constexpr const char* kStateName = "pintail_use";

// Table functions without a table whose rows come from their arguments alone.
constexpr std::array<std::string_view, 4> kPureFunctions = {"range", "generate_series",
                                                            "unnest", "repeat_row"};

// DuckDB does not say of these that they give another value at another time.
constexpr std::array<std::string_view, 2> kOfTheTime = {"current_localtime",
                                                        "current_localtimestamp"};
// Nor of these that each connection, or each statement, has its own.
constexpr std::array<std::string_view, 5> kOfTheMoment = {
    "current_connection_id", "current_query_id", "current_transaction_id", "currval",
    "txid_current"};

bool IsOneOf(const auto& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// Whether a statement in a source's own SQL, in lower case, changes nothing for sure: it
// begins like one that reads, has no word of one that writes, and calls nothing but what
// is known; a function of a person's own may do anything.
bool OnlyReads(std::string_view sql) {
  constexpr auto kReads =
      std::to_array<std::string_view>({"select", "with", "values", "show"});
  constexpr auto kWrites =
      std::to_array<std::string_view>({"insert", "update", "delete", "merge", "replace",
                                       "call", "into", "drop", "alter", "truncate"});
  // Also words that stand before a bracket and call nothing.
  constexpr auto kCalls = std::to_array<std::string_view>(
      {"select",    "from",      "where",      "and",    "or",       "not",    "in",
       "as",        "on",        "using",      "values", "exists",   "any",    "all",
       "some",      "over",      "by",         "join",   "lateral",  "union",  "except",
       "intersect", "case",      "when",       "then",   "else",     "with",   "filter",
       "interval",  "count",     "sum",        "min",    "max",      "avg",    "lower",
       "upper",     "length",    "round",      "abs",    "coalesce", "nullif", "cast",
       "extract",   "substring", "date_trunc", "now",    "numeric",  "varchar"});
  std::string word;
  bool is_first = true;
  for (size_t i = 0; i <= sql.size(); ++i) {
    const char letter = i < sql.size() ? sql[i] : ' ';
    const bool is_word = (letter >= 'a' && letter <= 'z') || letter == '_' ||
                         (letter >= '0' && letter <= '9') || letter == '"' ||
                         letter == '.' || letter == '`' || (letter & 0x80) != 0;
    if (is_word) {
      word += letter;
      continue;
    }
    const bool is_space = letter == ' ' || letter == '\n' || letter == '\t';
    if (!word.empty()) {
      if (std::exchange(is_first, false) && !IsOneOf(kReads, word)) return false;
      if (IsOneOf(kWrites, word)) return false;
      size_t next = i;
      while (next < sql.size() && (sql[next] == ' ' || sql[next] == '\n')) ++next;
      if (next < sql.size() && sql[next] == '(' && !IsOneOf(kCalls, word)) return false;
    } else if (!is_space && is_first && letter != '(') {
      return false;
    }
    word.clear();
  }
  return !is_first;
}

// postgres_execute and the like, which change who knows what; and pintail.remote,
// postgres_query and the like when their statement is not one that only reads, as in
// DELETE … RETURNING.
bool RunsAnotherStatement(const duckdb::LogicalGet& scan) {
  const std::string& name = scan.function.name;
  if (name.ends_with("_execute")) return true;
  if (name != "remote" && !name.ends_with("_query")) return false;
  if (scan.parameters.empty() || name == "source_query") return false;
  return !OnlyReads(duckdb::StringUtil::Lower(scan.parameters.back().ToString()));
}

TableName NameOf(duckdb::TableCatalogEntry& table) {
  return {.catalog = table.ParentCatalog().GetName(),
          .schema = table.ParentSchema().name,
          .table = table.name};
}

// Whether a change of one table shows in no other: elsewhere there are views, triggers,
// partitions and keys that cascade, of which nobody here knows.
bool ChangesNamedTablesOnly(duckdb::Catalog& catalog) {
  if (catalog.IsDuckCatalog()) return true;
  const auto* source = dynamic_cast<SourceCatalog*>(&catalog);
  return source != nullptr &&
         source->source()->capabilities().dialect == SqlDialect::kNone;
}

// Whether what a transaction has changed there is undone when it is rolled back.
bool UndoesChanges(duckdb::Catalog& catalog) {
  const auto* source = dynamic_cast<SourceCatalog*>(&catalog);
  if (source != nullptr) return source->source()->capabilities().transaction;
  const std::string type = catalog.GetCatalogType();
  // MySQL keeps tables without transactions, and ends a transaction at each definition.
  return type == "duckdb" || type == "postgres" || type == "sqlite";
}

class Reader {
 public:
  void Read(duckdb::LogicalOperator& op) {
    for (const auto& child : op.children) Read(*child);
    ReadOperator(op);
    duckdb::LogicalOperatorVisitor::EnumerateExpressions(
        op, [this](duckdb::unique_ptr<duckdb::Expression>* expression) {
          ReadExpression(**expression);
        });
  }

  StatementUse Take() { return std::move(use_); }

 private:
  void ReadOperator(duckdb::LogicalOperator& op) {
    if (auto table = ChangedBy(op)) ReadChange(*table);
    switch (op.type) {
      case LogicalOperatorType::LOGICAL_GET:
        return ReadScan(op.Cast<duckdb::LogicalGet>());
      case LogicalOperatorType::LOGICAL_SAMPLE:
        use_.is_volatile = true;
        return;
      case LogicalOperatorType::LOGICAL_EXTENSION_OPERATOR:
        use_.reads_unknown = true;
        return;
      case LogicalOperatorType::LOGICAL_ATTACH:
      case LogicalOperatorType::LOGICAL_DETACH:
      case LogicalOperatorType::LOGICAL_LOAD:
      case LogicalOperatorType::LOGICAL_COPY_DATABASE:
        use_.changes.everything = true;
        return;
      // UseOf finds it as well, unless it is part of an upload.
      case LogicalOperatorType::LOGICAL_CREATE_TABLE: {
        auto& catalog = op.Cast<duckdb::LogicalCreateTable>().schema.ParentCatalog();
        if (!catalog.IsTemporaryCatalog()) {
          use_.changes.databases.push_back(catalog.GetName());
        }
        return;
      }
      // In a temporary or a stored schema: UseOf finds out.
      case LogicalOperatorType::LOGICAL_CREATE_VIEW:
      case LogicalOperatorType::LOGICAL_CREATE_MACRO:
      case LogicalOperatorType::LOGICAL_CREATE_TYPE:
      case LogicalOperatorType::LOGICAL_CREATE_SCHEMA:
        defines_ = true;
        break;
      case LogicalOperatorType::LOGICAL_DROP: {
        const auto& info =
            op.Cast<duckdb::LogicalSimple>().info->Cast<duckdb::DropInfo>();
        defines_ = info.type != duckdb::CatalogType::TABLE_ENTRY &&
                   info.type != duckdb::CatalogType::INDEX_ENTRY;
        break;
      }
      default:
        return;
    }
    // Told apart from a change of tables by DuckDB's own list of what is modified.
    if (defines_) use_.changes.databases.emplace_back();
  }

  void ReadChange(duckdb::TableCatalogEntry& table) {
    auto& catalog = table.ParentCatalog();
    if (catalog.IsTemporaryCatalog()) return;
    if (ChangesNamedTablesOnly(catalog)) {
      use_.changes.tables.push_back(NameOf(table));
    } else {
      use_.changes.databases.push_back(catalog.GetName());
    }
  }

  void ReadScan(duckdb::LogicalGet& scan) {
    const std::string& name = scan.function.name;
    if (auto table = scan.GetTable()) {
      auto& catalog = table->ParentCatalog();
      if (catalog.IsTemporaryCatalog() || catalog.IsSystemCatalog()) {
        use_.reads_unknown = true;
        return;
      }
      TableName read = NameOf(*table);
      if (std::ranges::find(use_.reads, read) == use_.reads.end()) {
        use_.reads.push_back(std::move(read));
      }
      if (!catalog.GetAttached().IsInitialDatabase()) use_.reads_source = true;
      return;
    }
    if (std::ranges::find(kPureFunctions, name) != kPureFunctions.end()) return;
    use_.reads_unknown = true;
    if (RunsAnotherStatement(scan)) use_.changes.everything = true;
  }

  void ReadStability(duckdb::FunctionStability stability) {
    if (stability == duckdb::FunctionStability::VOLATILE) use_.is_volatile = true;
    if (stability == duckdb::FunctionStability::CONSISTENT_WITHIN_QUERY) {
      use_.depends_on_time = true;
    }
  }

  void ReadExpression(duckdb::Expression& expression) {
    switch (expression.GetExpressionClass()) {
      case duckdb::ExpressionClass::BOUND_FUNCTION: {
        const auto& bound = expression.Cast<duckdb::BoundFunctionExpression>();
        const std::string& name = bound.function.name;
        // It is in the plan of every subquery that has to give one row.
        if (name == "error") break;
        ReadStability(bound.function.GetStability());
        const bool of_today = name == "age" && bound.children.size() == 1;
        if (of_today || std::ranges::find(kOfTheTime, name) != kOfTheTime.end()) {
          use_.depends_on_time = true;
        }
        if (std::ranges::find(kOfTheMoment, name) != kOfTheMoment.end()) {
          use_.is_volatile = true;
        }
        break;
      }
      case duckdb::ExpressionClass::BOUND_AGGREGATE:
        ReadStability(
            expression.Cast<duckdb::BoundAggregateExpression>().function.GetStability());
        break;
      case duckdb::ExpressionClass::BOUND_WINDOW: {
        const auto& window = expression.Cast<duckdb::BoundWindowExpression>();
        if (window.aggregate) ReadStability(window.aggregate->GetStability());
        break;
      }
      default:
        break;
    }
    duckdb::ExpressionIterator::EnumerateChildren(
        expression, [this](duckdb::Expression& child) { ReadExpression(child); });
  }

  StatementUse use_;
  bool defines_ = false;
};

void ReadPlan(duckdb::PlannerExtensionInput& input, duckdb::BoundStatement& bound) {
  const auto state = PlanUse::Of(input.context);
  const auto tails = TailSnapshot::Of(input.context);
  if (!state || (tails && tails->is_housekeeping()) || !bound.plan) return;
  Reader reader;
  reader.Read(*bound.plan);
  state->SetPlanned(reader.Take());
}

}  // namespace

void PlanUse::Prepare(duckdb::DBConfig& config) {
  // Not the optimizer's hook: it is not called before the values of parameters are known.
  duckdb::PlannerExtension extension;
  extension.post_bind_function = ReadPlan;
  duckdb::PlannerExtension::Register(config, std::move(extension));
}

void PlanUse::Register(duckdb::ClientContext& context,
                       std::shared_ptr<ChangeListener> listener) {
  context.registered_state->GetOrCreate<PlanUse>(kStateName, std::move(listener));
}

duckdb::shared_ptr<PlanUse> PlanUse::Of(duckdb::ClientContext& context) {
  return context.registered_state->Get<PlanUse>(kStateName);
}

std::optional<StatementUse> PlanUse::TakePlanned() {
  return std::exchange(planned_, std::nullopt);
}

void PlanUse::SetPlanned(StatementUse use) {
  if (executing_) {
    DataChange change = use.changes;
    // Of which database is not known here.
    if (std::erase(change.databases, "") > 0) change.everything = true;
    changing_.Add(change);
  }
  planned_ = std::move(use);
}

void PlanUse::Tell() {
  const DataChange change = std::exchange(changing_, {});
  listener_->Tell(change);
}

void PlanUse::TransactionCommit(duckdb::MetaTransaction&, duckdb::ClientContext&) {
  Tell();
}

void PlanUse::TransactionRollback(duckdb::MetaTransaction&,
                                  duckdb::ClientContext& context,
                                  duckdb::optional_ptr<duckdb::ErrorData> error) {
  // With an error it may be a commit that failed: whether the other side has it, nobody
  // knows.
  if (error) return Tell();
  DataChange& change = changing_;
  const auto is_undone = [&](const std::string& name) {
    const auto databases = duckdb::DatabaseManager::Get(context).GetDatabases();
    const auto found = std::ranges::find_if(databases, [&](const auto& each) {
      return duckdb::StringUtil::CIEquals(each->GetName(), name);
    });
    return found == databases.end() || UndoesChanges((*found)->GetCatalog());
  };
  std::erase_if(change.databases, is_undone);
  std::erase_if(change.tables,
                [&](const TableName& table) { return is_undone(table.catalog); });
  change.everything = false;
  if (!change.empty()) Tell();
  changing_ = {};
}

StatementUse UseOf(std::optional<StatementUse> planned,
                   const duckdb::SQLStatement& parsed,
                   const duckdb::PreparedStatementData& data) {
  StatementUse use = planned.value_or(StatementUse{.reads_unknown = true});
  DataChange& changes = use.changes;
  const bool defines = std::erase(changes.databases, "") > 0;
  // Said by our own system functions only (SystemFunction::changes), which tell of what
  // they change themselves.
  const bool is_system_call = data.properties.modified_databases.contains(SYSTEM_CATALOG);
  for (const auto& [database, modified] : data.properties.modified_databases) {
    if (database == TEMP_CATALOG || database == SYSTEM_CATALOG) continue;
    if (defines) changes.everything = true;
    const bool known = std::ranges::any_of(changes.tables, [&](const TableName& table) {
      return table.catalog == database;
    });
    if (!known) changes.databases.push_back(database);
  }
  if (parsed.type == duckdb::StatementType::CALL_STATEMENT && !is_system_call) {
    changes.everything = true;
  }
  const bool explains = parsed.type == duckdb::StatementType::EXPLAIN_STATEMENT &&
                        parsed.Cast<duckdb::ExplainStatement>().explain_type !=
                            duckdb::ExplainType::EXPLAIN_ANALYZE;
  if (explains || parsed.type == duckdb::StatementType::PREPARE_STATEMENT) changes = {};
  if (use.reads_source && parsed.type == duckdb::StatementType::SELECT_STATEMENT) {
    use.canonical = parsed.ToString();
  }
  return use;
}

}  // namespace pintail::engine
