// Refuses plans of clients that change the schema in which the server keeps what of the
// journal is in the tables. Private to the engine; called by the thread that plans.
#pragma once

#include "duckdb/main/client_context.hpp"
#include "duckdb/planner/logical_operator.hpp"

namespace pintail::engine {

// Throws duckdb::PermissionException when the operator changes rows of, defines or drops
// something in the schema pintail_journal of this database, or the schema itself. By what
// names mean in the plan, so however they are written. May hold a name that means nothing
// yet to what it would mean now.
void CheckLeavesJournalSchema(duckdb::ClientContext& context,
                              const std::string& main_database,
                              duckdb::LogicalOperator& op);

// The table whose rows the operator changes; null when there is none.
duckdb::optional_ptr<duckdb::TableCatalogEntry> ChangedBy(duckdb::LogicalOperator& op);

}  // namespace pintail::engine
