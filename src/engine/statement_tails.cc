#include "engine/statement_tails.h"

#include <utility>

#include "base/error.h"
#include "duckdb/parser/parsed_data/alter_info.hpp"
#include "duckdb/parser/parsed_data/create_index_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/parser/statement/alter_statement.hpp"
#include "duckdb/parser/statement/create_statement.hpp"
#include "duckdb/parser/statement/drop_statement.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "engine/plan_use.h"

namespace pintail::engine {
namespace {

using duckdb::StatementType;

std::optional<std::string> DefinedByDrop(const duckdb::DropInfo& info) {
  if (info.cascade) return "";  // with it go the tables that depend on it
  if (info.type == duckdb::CatalogType::TABLE_ENTRY) return info.name;
  if (info.type == duckdb::CatalogType::SCHEMA_ENTRY) return "";
  return std::nullopt;
}

std::optional<std::string> DefinedByCreate(const duckdb::CreateInfo& info) {
  if (info.type == duckdb::CatalogType::INDEX_ENTRY) {
    return info.Cast<duckdb::CreateIndexInfo>().table;
  }
  const bool replaces = info.on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT;
  if (info.type == duckdb::CatalogType::TABLE_ENTRY && replaces) {
    return info.Cast<duckdb::CreateTableInfo>().table;
  }
  return std::nullopt;
}

std::optional<std::string> DefinedBy(const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::ALTER_STATEMENT:
      return statement.Cast<duckdb::AlterStatement>().info->name;
    case StatementType::DROP_STATEMENT:
      return DefinedByDrop(*statement.Cast<duckdb::DropStatement>().info);
    case StatementType::CREATE_STATEMENT:
      return DefinedByCreate(*statement.Cast<duckdb::CreateStatement>().info);
    case StatementType::EXPLAIN_STATEMENT:  // with ANALYZE it is executed
      return DefinedBy(*statement.Cast<duckdb::ExplainStatement>().stmt);
    case StatementType::COPY_DATABASE_STATEMENT:
      return "";
    default:
      return std::nullopt;
  }
}

}  // namespace

void StatementTails::BeforePlan(const duckdb::SQLStatement& statement) {
  // The server's own tables have no tails, and other tables may be called like them.
  defined_ = snapshot_->is_ours() ? std::nullopt : DefinedBy(statement);
  snapshot_->SetPlanned({});
  stamp_ = snapshot_->Stamp();
}

void StatementTails::AfterPlan() {
  needs_ = snapshot_->planned();
  needs_.data = stamp_;
}

// Adding a column whose default is to be calculated is two changes of the table's
// definition with an update of its rows between, and settings around them. Of other
// sequences nothing is known.
void StatementTails::ExpectSequence(const std::vector<StatementPtr>& statements) {
  std::optional<std::string> table;
  for (const auto& each : statements) {
    switch (each->type) {
      case StatementType::SET_STATEMENT:
      case StatementType::TRANSACTION_STATEMENT:
      case StatementType::UPDATE_STATEMENT:
        continue;
      default:
        break;
    }
    const auto next = DefinedBy(*each);
    const bool is_other = table && next != table;
    table = each->type == StatementType::ALTER_STATEMENT && !is_other ? *next : "";
  }
  defined_ = table.value_or("");
}

arrow::Status StatementTails::CheckCanAbsorb(duckdb::ClientContext& context,
                                             const std::set<TailKey>& keys) const {
  if (!context.ActiveTransaction().IsReadOnly()) return arrow::Status::OK();
  for (const TailKey& key : keys) {
    if (snapshot_->ViewOf(key).parts == 0) continue;
    return base::MakeError(
        base::ErrorKind::kConflict, "rows of the table \"", key.table,
        "\" have arrived and are not stored yet, so they have no row numbers (rowid), "
        "and this transaction, which is READ ONLY, cannot store them; end it and run the "
        "statement outside of a transaction");
  }
  return arrow::Status::OK();
}

arrow::Status StatementTails::MakeWhole(duckdb::ClientContext& context,
                                        std::set<TailKey> keys) {
  auto& store = snapshot_->store();
  if (defined_) keys.merge(snapshot_->SeenNamed(*defined_));
  if (context.transaction.IsAutoCommit()) {
    keys.insert(needs_.before.begin(), needs_.before.end());
    return store.Flush(keys);
  }
  ARROW_RETURN_NOT_OK(CheckCanAbsorb(context, keys));
  ARROW_RETURN_NOT_OK(snapshot_->Absorb(context, keys));
  return defined_ ? snapshot_->CheckAllAbsorbed(keys) : arrow::Status::OK();
}

StatementTails::Rows StatementTails::Run(duckdb::ClientContext& context, bool changes,
                                         const Actions& actions) {
  std::shared_ptr<void> hold;
  if (defined_) {
    hold = snapshot_->store().Block(*defined_);
    if (!context.transaction.IsAutoCommit()) snapshot_->KeepToEnd(hold);
  }
  const auto run = [&](std::set<TailKey> whole, bool last) -> Rows {
    ARROW_RETURN_NOT_OK(MakeWhole(context, std::move(whole)));
    if (snapshot_->IsStale(needs_)) ARROW_RETURN_NOT_OK(actions.plan_again());
    const auto executing = snapshot_->Execute(needs_, last);
    std::optional<TailSnapshot::Change> change;
    std::optional<PlanUse::Executing> executing_change;
    // What the server does in a transaction of its own is counted when it commits.
    const bool counts = !snapshot_->is_ours() || context.transaction.IsAutoCommit();
    if (changes && counts) change.emplace(context);
    if (changes) {
      executing_change.emplace(context);
      ARROW_RETURN_NOT_OK(snapshot_->BeginWrites(needs_.copies.changes));
    }
    for (const auto& use : needs_.copies.uses) {
      use->last = snapshot_->store().copies().clock().Now();
      ++use->count;
    }
    return actions.execute();
  };
  Rows rows = run(needs_.whole, /*last=*/false);
  // Some plans are made only now, when the values of the parameters are known.
  auto wanted = snapshot_->TakeWanted();
  if (rows.ok() || wanted.empty()) return rows;
  // What arrives from here on may count as later than this statement.
  return run(std::move(wanted), /*last=*/true);
}

}  // namespace pintail::engine
