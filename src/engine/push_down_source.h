// Which tables of a plan belong to a source that takes SQL, and scans of a statement that
// the source runs. Private to the engine; called by the thread that plans.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "engine/source.h"

namespace pintail::engine {

// A statement in the SQL of a source, whose rows have these types when they come to
// DuckDB.
struct SourceQuery {
  std::string sql;
  std::vector<duckdb::LogicalType> types;
};

// What a catalog of our own inherits beside duckdb::Catalog so that whole subtrees of
// plans become statements that its source runs.
class QueryableCatalog {
 public:
  virtual ~QueryableCatalog() = default;

  virtual SourceCapabilities capabilities() const = 0;
  // What a scan of one of its tables keeps to itself of the plan, beside DuckDB's table
  // filters: a condition over the table's columns in the source's SQL, empty for none.
  // Nothing when there is more than a condition (a limit, keys): then it is not pushed.
  virtual std::optional<std::string> ConditionOf(const duckdb::LogicalGet& scan) = 0;
  // A column of a scan's table, called `name` there, in the form of SqlColumn; nothing
  // when a statement can say nothing of its values.
  virtual std::optional<std::string> SqlColumnOf(const duckdb::LogicalGet& scan,
                                                 duckdb::idx_t column,
                                                 const std::string& name) = 0;
  // A scan of the statement's rows, with all of its columns, which are of exactly the
  // statement's types. It is run in the source's transaction when there is one.
  virtual duckdb::unique_ptr<duckdb::LogicalGet> MakeSourceQuery(
      duckdb::ClientContext& context, duckdb::idx_t table_index, SourceQuery query) = 0;
};

// A source as push-down sees it: an attached database that takes SQL.
struct PushDownSource {
  duckdb::Catalog* catalog = nullptr;
  QueryableCatalog* own = nullptr;  // set when it is one of our own
  SourceCapabilities capabilities;

  bool operator==(const PushDownSource& other) const { return catalog == other.catalog; }
};

// The source whose table is read; nothing for all other scans.
std::optional<PushDownSource> SourceOf(const duckdb::LogicalGet& scan);

// QueryableCatalog::ConditionOf, of any source's scan.
std::optional<std::string> ConditionOf(const PushDownSource& source,
                                       const duckdb::LogicalGet& scan);

// QueryableCatalog::SqlColumnOf, of any source's scan.
std::optional<std::string> SqlColumnOf(const PushDownSource& source,
                                       const duckdb::LogicalGet& scan,
                                       duckdb::idx_t column, const std::string& name);

// A scan of the statement. Its columns may have other types than the query says: those
// of the driver, which hold the same values.
duckdb::unique_ptr<duckdb::LogicalGet> MakeSourceScan(duckdb::ClientContext& context,
                                                      duckdb::idx_t table_index,
                                                      const PushDownSource& source,
                                                      SourceQuery query);

}  // namespace pintail::engine
