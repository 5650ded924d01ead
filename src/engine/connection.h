// One DuckDB connection: a session's settings, temporary objects and transaction.
//
// Used by one thread at a time, except Interrupt. A result that is still being read keeps
// the connection busy: use Fork for a second statement of the same session meanwhile.
// Every DuckDB exception ends here as a Status with its ErrorKind.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "engine/names.h"
#include "engine/statement.h"

namespace pintail::engine {

// The values of one execution's parameters: row `row` of a batch. Fields are taken by
// name when the statement's parameters have names and all match, else by position.
struct ParameterRow {
  std::shared_ptr<arrow::RecordBatch> batch;  // null: no parameters
  int64_t row = 0;
};

struct ExecuteOptions {
  // Batches of a result are cut near this size.
  int64_t batch_bytes = 768 * 1024;
  // Run to the end at once, keeping the result in DuckDB's buffer manager (it may spill),
  // so that the connection is free for the next statement while the result is read.
  bool materialize = false;
  // Asks the execution, also later while its rows are read, to stop with Cancelled.
  // Unlike Interrupt it cannot come too early: a stop asked for before Execute ends it as
  // well.
  std::stop_token stop = {};
};

// A running statement's rows, pulled batch by batch in bounded memory. Dropping it early
// ends the query. Keeps what it needs of the connection alive. One thread at a time.
class ResultStream : public arrow::RecordBatchReader {
 public:
  // Rows inserted, updated or deleted; empty for statements that change none.
  virtual std::optional<int64_t> rows_changed() const = 0;
};

// One statement's syntax tree, cut from a text by Connection::Parse.
class ParsedStatement {
 public:
  virtual ~ParsedStatement() = default;
  virtual const std::string& text() const = 0;  // this statement's part of the text
};

// A statement that is bound and planned. Belongs to the connection that made it and must
// not be used after it. DuckDB plans it anew by itself when the catalog has changed.
class PreparedStatement {
 public:
  virtual ~PreparedStatement() = default;
  virtual const StatementTraits& traits() const = 0;
  // The result's schema; for a statement that returns no rows, no fields. Types that
  // depend on parameters are as DuckDB guesses them until execution.
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  virtual const std::vector<StatementParameter>& parameters() const = 0;
  // InvalidArgument when the parameters' count or names do not fit, with both.
  virtual arrow::Result<std::unique_ptr<ResultStream>> Execute(
      const ParameterRow& parameters, const ExecuteOptions& options) = 0;
};

// A session's settings, told apart from others'.
struct SessionSettings {
  // Search path, settings and variables that the session has made itself; empty when it
  // has made none. Equal texts, equal settings.
  std::string text;
  std::string everybodys;  // likewise those of all sessions
  // pintail.cache_ttl; unset: it was not set.
  std::optional<std::chrono::milliseconds> cache_ttl;
};

class Connection {
 public:
  virtual ~Connection() = default;

  // Splits a text into statements, in order. InvalidSql with line and caret on a syntax
  // error; an empty text gives an empty list. A statement that DuckDB expands into
  // several (PIVOT without IN, some PRAGMAs) stays one here; Prepare runs its helper
  // statements.
  virtual arrow::Result<std::vector<std::unique_ptr<ParsedStatement>>> Parse(
      std::string_view sql) = 0;
  // Binds and plans.
  virtual arrow::Result<std::unique_ptr<PreparedStatement>> Prepare(
      std::unique_ptr<ParsedStatement> statement) = 0;
  // Parses, and runs each statement to its end; the last one's result is returned.
  virtual arrow::Result<std::unique_ptr<ResultStream>> Run(
      std::string_view sql, const ParameterRow& parameters = {},
      const ExecuteOptions& options = {}) = 0;

  // Makes running work on this connection stop with Cancelled. From any thread; harmless
  // when nothing runs.
  virtual void Interrupt() = 0;

  // `for_changes`: rows that wait for their tables are stored first, if they are few. A
  // transaction that changes a table whose rows still waited when it began keeps others
  // from changing it, until it ends.
  virtual arrow::Status Begin(bool for_changes = false) = 0;
  virtual arrow::Status Commit() = 0;
  virtual arrow::Status Rollback() = 0;
  virtual bool InTransaction() const = 0;

  virtual arrow::Result<SessionSettings> Settings() = 0;
  // Another connection with this one's settings (search path, time zone, variables) and
  // the same temporary tables and views; not its transaction.
  virtual arrow::Result<std::unique_ptr<Connection>> Fork() = 0;

  // Inserts all batches of the reader into the table, matching columns by name, in the
  // current transaction (or one of its own). `on_conflict` as SQL's default: an error.
  // Returns rows inserted. The batches must have been validated. The names are taken as
  // they are, never parsed.
  virtual arrow::Result<int64_t> Insert(
      const TableName& table, std::shared_ptr<arrow::RecordBatchReader> batches) = 0;
  // Creates a table with the columns and nullability of the schema; InvalidArgument names
  // a column whose type DuckDB does not have.
  virtual arrow::Status CreateTable(const TableName& table, const arrow::Schema& schema,
                                    bool temporary, bool or_replace,
                                    bool if_not_exists) = 0;
  // The table's columns as Arrow fields, or NotFound.
  virtual arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const TableName& table) = 0;
};

}  // namespace pintail::engine
