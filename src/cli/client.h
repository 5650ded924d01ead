// A connection to a running server, for the commands.
//
// Owned by the command that made it and used by one thread, except Cancel, which any
// thread may call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::cli {

// What a statement gave. `rows` must be read or dropped before the next statement.
struct Answer {
  std::shared_ptr<arrow::RecordBatchReader> rows;
  std::optional<int64_t> rows_changed;  // of a statement that changes some
};

enum class IngestMode : uint8_t { kCreateOrAppend, kAppend, kCreate, kReplace };

struct IngestTarget {
  std::string catalog;  // empty: the session's
  std::string schema;
  std::string table;
  IngestMode mode = IngestMode::kCreateOrAppend;
  std::string schema_policy;  // empty: the server's for this table
};

// Whether Client::Connect takes the text.
bool IsAddress(const std::string& url);

class Client {
 public:
  // "grpc://host:port", "grpc+tls://host:port" or "host:port". The server is not asked
  // anything yet. InvalidArgument for another text.
  static arrow::Result<std::unique_ptr<Client>> Connect(const std::string& url);
  // Closes the session.
  virtual ~Client() = default;

  // Runs every statement of the text; the last one's answer. `parameters` may be null.
  // Unavailable, with how to start a server, when none answers at the address.
  virtual arrow::Result<Answer> Run(const std::string& sql,
                                    std::shared_ptr<arrow::RecordBatch> parameters) = 0;

  // The columns of the table that the ingest would add to, DuckDB's name of each type in
  // the field's metadata (columnar::kTypeNameKey). Null when the ingest makes the table.
  virtual arrow::Result<std::shared_ptr<arrow::Schema>> Columns(
      const IngestTarget& target) = 0;

  // Sends all batches; returns how many rows the server took.
  virtual arrow::Result<int64_t> Ingest(
      const IngestTarget& target, std::shared_ptr<arrow::RecordBatchReader> batches) = 0;

  // Makes what runs, also the reading of its rows, end with Cancelled.
  virtual void Cancel() = 0;
};

}  // namespace pintail::cli
