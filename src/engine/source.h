// An outside database as the engine sees it: what is in it, and rows in and out.
//
// `backend/` implements these for each type of source that DuckDB has no extension for;
// the engine attaches one as a database of its name, plans scans of its tables, and hands
// filters, whole subtrees and changes down to it. Nothing here knows DuckDB's types.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/scalar.h"

namespace pintail::engine {

// Whose SQL a source speaks: how names are quoted, which functions mean the same.
enum class SqlDialect : uint8_t {
  kNone,  // no SQL at all: rows are found by key or by reading everything
  kGeneric,
  kPostgres,
  kMysql,
  kSqlite,
  kDuckdb,
  kSnowflake,
  kBigquery,
};

// What a source can do. What it cannot is done by DuckDB over the rows, or refused.
struct SourceCapabilities {
  SqlDialect dialect = SqlDialect::kGeneric;
  bool filter = true;     // conditions on the columns of one table
  bool order = true;      // ORDER BY … LIMIT
  bool aggregate = true;  // GROUP BY
  bool join = true;       // of its own tables
  bool insert = true;
  bool bulk = true;         // many rows in one call, in Arrow
  bool change = true;       // UPDATE and DELETE
  bool create = true;       // CREATE TABLE and DROP TABLE
  bool transaction = true;  // several changes, all or none
  bool cancel = true;       // a running query stops when it is asked to
};

// How the values of a column, as Source::TableSchema and Scan give them, are had in the
// source's SQL.
enum class ColumnForm : uint8_t {
  kSame,   // by its name: the types mean the same
  kText,   // it has a type of the source's own there (an enum), whose text they are
  kOther,  // not at all: conditions say nothing of it but whether it is NULL
};
// In the metadata of a field: "text" or "other"; kSame where there is none.
inline constexpr const char* kColumnForm = "pintail.form";

struct SourceTableName {
  std::string schema;
  std::string table;

  bool operator==(const SourceTableName&) const = default;
};

// Rows of one table.
struct SourceScan {
  SourceTableName table;
  std::vector<std::string> columns;  // in this order; never empty
  std::string where;                 // in the source's SQL; empty: all rows
  // Sources without SQL: only rows whose key column has one of these values.
  std::shared_ptr<arrow::Array> keys;
  std::optional<int64_t> limit;
};

// One connection of a source, taken from its pool and given back when this is dropped.
// One thread at a time, except Cancel. A reader keeps what it reads from alive: it may
// outlive the session object. A second call ends a reader that is still open.
class SourceSession {
 public:
  virtual ~SourceSession() = default;

  // `sql` is one statement in the source's own SQL that returns rows.
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Query(
      const std::string& sql) = 0;
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(
      const SourceScan& scan) = 0;
  // A statement that returns no rows. Rows changed; -1 when the source does not say.
  virtual arrow::Result<int64_t> Execute(const std::string& sql) = 0;

  // Appends the rows, whose columns are some of the table's, by name.
  virtual arrow::Result<int64_t> Insert(
      const SourceTableName& table, std::shared_ptr<arrow::RecordBatchReader> rows) = 0;
  // Sources without SQL: the rows whose key column (the first one of the batches) has
  // these values are given the values of the other columns / are removed.
  virtual arrow::Result<int64_t> UpdateByKey(
      const SourceTableName& table, std::shared_ptr<arrow::RecordBatchReader> rows) = 0;
  virtual arrow::Result<int64_t> DeleteByKey(const SourceTableName& table,
                                             std::shared_ptr<arrow::Array> keys) = 0;
  virtual arrow::Status CreateTable(const SourceTableName& table,
                                    const arrow::Schema& schema, bool if_not_exists) = 0;
  virtual arrow::Status DropTable(const SourceTableName& table, bool if_exists) = 0;

  // Reads after Begin see one snapshot where the source has them.
  virtual arrow::Status Begin() = 0;
  virtual arrow::Status Commit() = 0;
  virtual arrow::Status Rollback() = 0;

  // Makes a running call or reader stop with Cancelled. From any thread.
  virtual void Cancel() = 0;
};

// Thread-safe. Errors name the source.
class Source {
 public:
  virtual ~Source() = default;

  virtual const std::string& name() const = 0;
  virtual const std::string& type() const = 0;  // "adbc", "redis", …
  virtual SourceCapabilities capabilities() const = 0;
  // Where unqualified names are looked for: "public", "main", …
  virtual std::string default_schema() const = 0;

  virtual arrow::Result<std::vector<std::string>> Schemas(std::stop_token stop) = 0;
  virtual arrow::Result<std::vector<std::string>> Tables(const std::string& schema,
                                                         std::stop_token stop) = 0;
  // The columns as Scan gives them; NotFound when there is no such table.
  virtual arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const SourceTableName& table, std::stop_token stop) = 0;

  // Waits for a free connection, as long as the source's options allow, then
  // ResourceExhausted. Unavailable when the source cannot be reached.
  virtual arrow::Result<std::unique_ptr<SourceSession>> Lease(std::stop_token stop) = 0;
};

}  // namespace pintail::engine
