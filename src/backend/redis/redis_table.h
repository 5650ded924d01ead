// A table in Redis: its columns, kept in Redis itself, and its rows as hashes.
//
// A row has a field for each column that is not NULL; the key column is never NULL, so a
// row always has a field. Immutable; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "backend/redis/redis_connection.h"
#include "backend/redis/table_keys.h"

namespace pintail::backend {

class RedisTable {
 public:
  // InvalidArgument when there is no such key column; Unimplemented for columns of a type
  // that a hash cannot hold. `key` empty: the first column.
  static arrow::Result<RedisTable> Make(std::string_view prefix, std::string_view name,
                                        std::shared_ptr<arrow::Schema> schema,
                                        const std::string& key);
  // From what ToBytes made. InvalidArgument when it is something else.
  static arrow::Result<RedisTable> FromBytes(std::string_view prefix,
                                             std::string_view name,
                                             std::string_view bytes);
  // An Arrow IPC stream without batches; the key column's name is in its metadata.
  arrow::Result<std::string> ToBytes() const;

  const TableKeys& keys() const { return keys_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const arrow::Field& key() const { return *schema_->field(key_); }
  // The column of this name; InvalidArgument when there is none.
  arrow::Result<std::shared_ptr<arrow::Field>> Column(const std::string& name) const;

  // The names of the rows in Redis, for values of the key column. InvalidArgument for a
  // NULL.
  arrow::Result<std::vector<std::string>> RowNames(const arrow::Array& keys) const;
  // The values of the batch's columns but the key's: what to set, and what to remove
  // because it is NULL.
  struct Change {
    Command set;     // HSET row field value …; empty when there is nothing to set
    Command remove;  // HDEL row field …; empty when there is nothing to remove
  };
  arrow::Result<Change> ChangeOf(const std::string& row_name,
                                 const arrow::RecordBatch& batch, int64_t row) const;
  // HMGET of the key column and these.
  Command Read(const std::string& row_name,
               const std::vector<std::shared_ptr<arrow::Field>>& columns) const;
  // The replies to Read as a batch; rows that are not there are left out.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> BatchOf(
      const std::vector<Reply>& replies,
      const std::vector<std::shared_ptr<arrow::Field>>& columns) const;

 private:
  RedisTable(TableKeys keys, std::shared_ptr<arrow::Schema> schema, int key)
      : keys_(std::move(keys)), schema_(std::move(schema)), key_(key) {}

  TableKeys keys_;
  std::shared_ptr<arrow::Schema> schema_;
  int key_;
};

}  // namespace pintail::backend
