// Shorthand for tests of SQL against a real database. Not thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/scalar.h"
#include "arrow/table.h"
#include "base/error.h"
#include "engine/connection.h"
#include "engine/database.h"

namespace pintail::engine::testing {

// The value, or a failed test with the message.
template <typename T>
T Value(arrow::Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

std::unique_ptr<Database> OpenInMemory(DatabaseOptions options = {});

// All rows of the last statement.
std::shared_ptr<arrow::Table> Rows(Connection& connection, const std::string& sql,
                                   const ParameterRow& parameters = {},
                                   const ExecuteOptions& options = {});
// The one value of the one row, as text; "null" for NULL.
std::string Cell(Connection& connection, const std::string& sql,
                 const ParameterRow& parameters = {});
// Runs it to its end and drops the rows.
arrow::Status Execute(Connection& connection, const std::string& sql,
                      const ParameterRow& parameters = {},
                      const ExecuteOptions& options = {});
// The kind of the failure, and a failed test when there is none.
base::ErrorKind KindOfFailure(const arrow::Status& status);

std::unique_ptr<PreparedStatement> Prepare(Connection& connection,
                                           const std::string& sql);

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                          const std::string& json);
// Columns i, a BIGINT, and s, a VARCHAR.
std::shared_ptr<arrow::Schema> NumbersSchema();
// `rows` numbers from `first` on, and their text; null for those that `null_every`
// divides (0: for none).
std::shared_ptr<arrow::RecordBatch> Numbers(int64_t first, int64_t rows,
                                            int64_t null_every = 0);
// One row of one column for each value, named as given: {{"a", int64, "1"}}.
struct Parameter {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string json;
};
ParameterRow Parameters(const std::vector<Parameter>& values);

std::shared_ptr<arrow::RecordBatchReader> Reader(arrow::RecordBatchVector batches);

// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string File(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace pintail::engine::testing
