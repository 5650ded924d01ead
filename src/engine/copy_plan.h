// Puts copies of sources' tables into statements in place of the tables. Private to the
// engine; called by the thread that plans.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "duckdb/main/config.hpp"
#include "duckdb/optimizer/optimizer.hpp"
#include "duckdb/parser/sql_statement.hpp"
#include "duckdb/planner/logical_operator.hpp"
#include "engine/copies.h"

namespace pintail::engine {

// How one plan stands to copies.
struct CopyNeeds {
  bool concerned = false;  // it reads a copy, or what there is a copy of
  bool reads_copy = false;
  uint64_t version = 0;  // of the copies when it was planned, if it is concerned
  // From then on the plan reads rows that are too old.
  std::optional<base::Clock::Steady> until;
  std::vector<std::shared_ptr<CopyUse>> uses;
  TableNames changes;  // tables of sources
};

class TailSnapshot;

// Registers the setting pintail_use_copies.
void PrepareCopyPlans(duckdb::DBConfig& config);

// Lets a statement that only reads name copies where it names, in full, tables of sources
// that have one with all rows and columns; so their sources need not even be reached.
// Whether it was changed.
bool NameCopies(duckdb::ClientContext& context, TailSnapshot& snapshot,
                duckdb::SQLStatement& statement);

// What the setting pintail_use_copies says.
bool MayUseCopies(duckdb::ClientContext& context);

// Replaces the scans of sources' tables, by whatever names, by those of copies that may
// stand in for them. Notes what the plan changes in sources.
CopyNeeds PlanCopies(duckdb::Binder& binder, TailSnapshot& snapshot,
                     duckdb::unique_ptr<duckdb::LogicalOperator>& plan);

}  // namespace pintail::engine
