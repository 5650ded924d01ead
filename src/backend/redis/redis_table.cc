#include "backend/redis/redis_table.h"

#include <utility>

#include "arrow/array/builder_base.h"
#include "arrow/array/util.h"
#include "arrow/buffer.h"
#include "arrow/builder.h"
#include "arrow/extension_type.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/writer.h"
#include "arrow/util/key_value_metadata.h"
#include "backend/redis/value_text.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/format.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using base::MakeError;

constexpr const char* kKeyName = "pintail.key";

std::shared_ptr<arrow::DataType> StorageOf(const std::shared_ptr<arrow::DataType>& type) {
  return type->id() == arrow::Type::EXTENSION
             ? static_cast<const arrow::ExtensionType&>(*type).storage_type()
             : type;
}

}  // namespace

arrow::Result<RedisTable> RedisTable::Make(std::string_view prefix, std::string_view name,
                                           std::shared_ptr<arrow::Schema> schema,
                                           const std::string& key) {
  const int index = key.empty() ? 0 : schema->GetFieldIndex(key);
  if (index < 0 || index >= schema->num_fields()) {
    return MakeError(ErrorKind::kInvalidArgument, "table '", name, "' has no column '",
                     key, "' to be its key");
  }
  for (const auto& field : schema->fields()) {
    const arrow::Status status = CheckHasValueText(*field->type());
    if (!status.ok()) return base::WithContext(status, "column '" + field->name() + "'");
  }
  return RedisTable(TableKeys(prefix, name), schema->RemoveMetadata(), index);
}

arrow::Result<RedisTable> RedisTable::FromBytes(std::string_view prefix,
                                                std::string_view name,
                                                std::string_view bytes) {
  auto reader =
      columnar::OpenBatchReader(columnar::Format::kArrowStream,
                                std::make_shared<arrow::io::BufferReader>(
                                    arrow::Buffer::FromString(std::string(bytes))),
                                {});
  if (!reader.ok()) {
    return base::WithContext(reader.status(),
                             "the schema of table '" + std::string(name) + "'");
  }
  const auto schema = (*reader)->schema();
  const std::string key =
      schema->HasMetadata() ? schema->metadata()->Get(kKeyName).ValueOr("") : "";
  return Make(prefix, name, schema, key);
}

arrow::Result<std::string> RedisTable::ToBytes() const {
  ARROW_ASSIGN_OR_RAISE(const auto out, arrow::io::BufferOutputStream::Create());
  const auto marked =
      schema_->WithMetadata(arrow::key_value_metadata({kKeyName}, {key().name()}));
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(out, marked));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, out->Finish());
  return buffer->ToString();
}

arrow::Result<std::shared_ptr<arrow::Field>> RedisTable::Column(
    const std::string& name) const {
  auto field = schema_->GetFieldByName(name);
  if (field) return field;
  return MakeError(ErrorKind::kInvalidArgument, "the table has no column '", name, "'");
}

arrow::Result<std::vector<std::string>> RedisTable::RowNames(
    const arrow::Array& keys) const {
  std::vector<std::string> names;
  names.reserve(keys.length());
  for (int64_t row = 0; row < keys.length(); ++row) {
    if (keys.IsNull(row)) {
      return MakeError(ErrorKind::kInvalidArgument, "the key column '", key().name(),
                       "' cannot be NULL");
    }
    ARROW_ASSIGN_OR_RAISE(const std::string text, ValueText(keys, row));
    names.push_back(keys_.row(text));
  }
  return names;
}

arrow::Result<RedisTable::Change> RedisTable::ChangeOf(const std::string& row_name,
                                                       const arrow::RecordBatch& batch,
                                                       int64_t row) const {
  Change change;
  for (int i = 0; i < batch.num_columns(); ++i) {
    const std::string& name = batch.column_name(i);
    if (name == key().name()) continue;
    if (batch.column(i)->IsNull(row)) {
      if (change.remove.empty()) change.remove = {"HDEL", row_name};
      change.remove.push_back(name);
      continue;
    }
    if (change.set.empty()) change.set = {"HSET", row_name};
    ARROW_ASSIGN_OR_RAISE(std::string text, ValueText(*batch.column(i), row));
    change.set.push_back(name);
    change.set.push_back(std::move(text));
  }
  return change;
}

Command RedisTable::Read(
    const std::string& row_name,
    const std::vector<std::shared_ptr<arrow::Field>>& columns) const {
  Command command = {"HMGET", row_name, key().name()};
  for (const auto& column : columns) command.push_back(column->name());
  return command;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RedisTable::BatchOf(
    const std::vector<Reply>& replies,
    const std::vector<std::shared_ptr<arrow::Field>>& columns) const {
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
  for (const auto& column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(StorageOf(column->type())));
    builders.push_back(std::move(builder));
  }
  int64_t rows = 0;
  for (const Reply& reply : replies) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != columns.size() + 1) {
      return MakeError(ErrorKind::kInternal, "Redis answered HMGET with something else");
    }
    if (reply->element[0]->type == REDIS_REPLY_NIL) continue;
    ++rows;
    for (size_t i = 0; i < columns.size(); ++i) {
      const redisReply& value = *reply->element[i + 1];
      if (value.type == REDIS_REPLY_NIL) {
        ARROW_RETURN_NOT_OK(builders[i]->AppendNull());
        continue;
      }
      const arrow::Status status =
          AppendValueText({value.str, value.len}, builders[i].get());
      if (!status.ok()) {
        return base::WithContext(status, "column '" + columns[i]->name() + "'");
      }
    }
  }
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto array, builders[i]->Finish());
    if (columns[i]->type()->id() == arrow::Type::EXTENSION) {
      array = arrow::ExtensionType::WrapArray(columns[i]->type(), array);
    }
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(columns), rows, std::move(arrays));
}

}  // namespace pintail::backend
