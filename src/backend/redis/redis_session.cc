#include "backend/redis/redis_session.h"

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

#include "backend/adbc/plain_columns.h"
#include "backend/redis/rows_reader.h"
#include "backend/redis/value_text.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using base::MakeError;
using engine::SourceTableName;

constexpr int64_t kRowsOfAPipeline = 1'000;

// The batch with its columns as the table has them.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> AsTable(
    const RedisTable& table, const arrow::RecordBatch& batch) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto field, table.Column(batch.column_name(i)));
    ARROW_ASSIGN_OR_RAISE(auto column,
                          ExactCast(batch.column(i), field->type(), field->name()));
    fields.push_back(field);
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(),
                                  std::move(columns));
}

arrow::Result<int64_t> ForEachPipeline(
    const RedisTable& table, arrow::RecordBatchReader* rows,
    const std::function<arrow::Result<int64_t>(const arrow::RecordBatch&)>& write) {
  int64_t count = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    ARROW_RETURN_NOT_OK(rows->ReadNext(&batch));
    if (!batch) return count;
    ARROW_ASSIGN_OR_RAISE(batch, AsTable(table, *batch));
    for (int64_t from = 0; from < batch->num_rows(); from += kRowsOfAPipeline) {
      ARROW_ASSIGN_OR_RAISE(const int64_t written,
                            write(*batch->Slice(from, kRowsOfAPipeline)));
      count += written;
    }
  }
}

arrow::Result<std::vector<std::string>> NamesOfRows(const RedisTable& table,
                                                    const arrow::RecordBatch& batch) {
  const auto keys = batch.GetColumnByName(table.key().name());
  if (!keys) {
    return MakeError(ErrorKind::kInvalidArgument, "the rows have no column '",
                     table.key().name(), "', which is the table's key");
  }
  return table.RowNames(*keys);
}

}  // namespace

RedisSession::RedisSession(std::shared_ptr<RedisGround> ground, Lease lease)
    : ground_(std::move(ground)),
      channel_(
          std::make_shared<RedisChannel>(ground_, std::move(lease), stop_.get_token())) {}

arrow::Status RedisSession::Blamed(const arrow::Status& status) const {
  if (status.ok() || status.message().starts_with("source '")) return status;
  return base::WithContext(status, "source '" + ground_->source + "'");
}

arrow::Status RedisSession::NoSql(const char* what) const {
  return MakeError(ErrorKind::kUnimplemented, "source '", ground_->source,
                   "' is Redis, which has no ", what);
}

arrow::Result<std::string> RedisSession::TableBytes(const SourceTableName& table) {
  const TableKeys keys(ground_->prefix, table.table);
  for (int tried = 1;; ++tried) {
    const auto reply = channel_->Run(Command{"GET", keys.schema()});
    if (!reply.ok()) {
      ARROW_RETURN_NOT_OK(channel_->Renew(reply.status(), tried));
      continue;
    }
    const bool is_here = table.schema.empty() || table.schema == kRedisSchema;
    if (is_here && (*reply)->type == REDIS_REPLY_STRING) {
      return std::string((*reply)->str, (*reply)->len);
    }
    return MakeError(ErrorKind::kNotFound, "source '", ground_->source,
                     "' has no table '", table.table, "'; CREATE TABLE makes one");
  }
}

arrow::Result<RedisTable> RedisSession::Table(const SourceTableName& table) {
  ARROW_ASSIGN_OR_RAISE(const std::string bytes, TableBytes(table));
  auto made = RedisTable::FromBytes(ground_->prefix, table.table, bytes);
  if (!made.ok()) return Blamed(made.status());
  return made;
}

arrow::Result<std::vector<std::string>> RedisSession::Tables() {
  for (int tried = 1;; ++tried) {
    const auto reply = channel_->Run(Command{"SMEMBERS", ground_->prefix});
    if (!reply.ok()) {
      ARROW_RETURN_NOT_OK(channel_->Renew(reply.status(), tried));
      continue;
    }
    std::vector<std::string> names;
    for (size_t i = 0; i < (*reply)->elements; ++i) {
      const redisReply& name = *(*reply)->element[i];
      if (name.type == REDIS_REPLY_STRING) names.emplace_back(name.str, name.len);
    }
    std::ranges::sort(names);
    return names;
  }
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> RedisSession::Scan(
    const engine::SourceScan& scan) {
  if (!scan.where.empty()) return NoSql("conditions; rows are found by their keys");
  ARROW_ASSIGN_OR_RAISE(const RedisTable table, Table(scan.table));
  RowsToRead rows{.limit = scan.limit};
  for (const std::string& name : scan.columns) {
    const auto column = table.Column(name);
    if (!column.ok()) return Blamed(column.status());
    rows.columns.push_back(*column);
  }
  if (scan.keys) {
    const auto keys = ExactCast(scan.keys, table.key().type(), table.key().name());
    if (!keys.ok()) return Blamed(keys.status());
    const auto names = table.RowNames(**keys);
    if (!names.ok()) return Blamed(names.status());
    std::unordered_set<std::string> seen;
    rows.row_names.emplace();
    for (const std::string& name : *names) {
      if (seen.insert(name).second) rows.row_names->push_back(name);
    }
  }
  for (int tried = 1;; ++tried) {
    auto reader = OpenRows(channel_, table, rows);
    if (reader.ok()) return reader;
    ARROW_RETURN_NOT_OK(channel_->Renew(reader.status(), tried));
  }
}

arrow::Result<int64_t> RedisSession::Write(const RedisTable& table,
                                           const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto names, NamesOfRows(table, batch));
  std::vector<Command> commands;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    ARROW_ASSIGN_OR_RAISE(auto change, table.ChangeOf(names[row], batch, row));
    if (change.set.empty()) change.set = {"HSET", names[row]};
    const auto key = batch.GetColumnByName(table.key().name());
    ARROW_ASSIGN_OR_RAISE(std::string text, ValueText(*key, row));
    change.set.push_back(table.key().name());
    change.set.push_back(std::move(text));
    // Columns that are not given are NULL, whatever an older row had there.
    for (const auto& field : table.schema()->fields()) {
      if (batch.schema()->GetFieldIndex(field->name()) >= 0) continue;
      if (change.remove.empty()) change.remove = {"HDEL", names[row]};
      change.remove.push_back(field->name());
    }
    commands.push_back(std::move(change.set));
    if (!change.remove.empty()) commands.push_back(std::move(change.remove));
    if (ground_->ttl) {
      commands.push_back({"PEXPIRE", names[row], std::to_string(ground_->ttl->count())});
    }
  }
  ARROW_RETURN_NOT_OK(channel_->Run(commands));
  return batch.num_rows();
}

arrow::Result<int64_t> RedisSession::Insert(
    const SourceTableName& table_name, std::shared_ptr<arrow::RecordBatchReader> rows) {
  ARROW_ASSIGN_OR_RAISE(const RedisTable table, Table(table_name));
  auto done = ForEachPipeline(table, rows.get(), [&](const arrow::RecordBatch& batch) {
    return Write(table, batch);
  });
  if (!done.ok()) return Blamed(done.status());
  return done;
}

arrow::Result<int64_t> RedisSession::Update(const RedisTable& table,
                                            const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto names, table.RowNames(*batch.column(0)));
  std::vector<Command> asks;
  for (const std::string& name : names) asks.push_back({"EXISTS", name});
  ARROW_ASSIGN_OR_RAISE(const auto there, channel_->Run(asks));
  std::vector<Command> commands;
  int64_t count = 0;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    if (there[row]->integer == 0) continue;
    ++count;
    ARROW_ASSIGN_OR_RAISE(auto change, table.ChangeOf(names[row], batch, row));
    if (!change.set.empty()) commands.push_back(std::move(change.set));
    if (!change.remove.empty()) commands.push_back(std::move(change.remove));
  }
  if (!commands.empty()) ARROW_RETURN_NOT_OK(channel_->Run(commands));
  return count;
}

arrow::Result<int64_t> RedisSession::UpdateByKey(
    const SourceTableName& table_name, std::shared_ptr<arrow::RecordBatchReader> rows) {
  ARROW_ASSIGN_OR_RAISE(const RedisTable table, Table(table_name));
  if (rows->schema()->num_fields() == 0 ||
      rows->schema()->field(0)->name() != table.key().name()) {
    return Blamed(MakeError(ErrorKind::kInvalidArgument, "the key column '",
                            table.key().name(), "' of table '", table_name.table,
                            "' must be the first of an update, and cannot be changed"));
  }
  auto done = ForEachPipeline(table, rows.get(), [&](const arrow::RecordBatch& batch) {
    return Update(table, batch);
  });
  if (!done.ok()) return Blamed(done.status());
  return done;
}

arrow::Result<int64_t> RedisSession::DeleteByKey(const SourceTableName& table_name,
                                                 std::shared_ptr<arrow::Array> keys) {
  ARROW_ASSIGN_OR_RAISE(const RedisTable table, Table(table_name));
  const auto cast = ExactCast(std::move(keys), table.key().type(), table.key().name());
  if (!cast.ok()) return Blamed(cast.status());
  int64_t count = 0;
  for (int64_t from = 0; from < (*cast)->length(); from += kRowsOfAPipeline) {
    const auto names = table.RowNames(*(*cast)->Slice(from, kRowsOfAPipeline));
    if (!names.ok()) return Blamed(names.status());
    Command command = {"UNLINK"};
    command.insert(command.end(), names->begin(), names->end());
    ARROW_ASSIGN_OR_RAISE(const Reply reply, channel_->Run(command));
    count += reply->integer;
  }
  return count;
}

arrow::Status RedisSession::CreateTable(const SourceTableName& name,
                                        const arrow::Schema& schema, bool if_not_exists) {
  if (!name.schema.empty() && name.schema != kRedisSchema) {
    return MakeError(ErrorKind::kNotFound, "source '", ground_->source,
                     "' has only the schema ", kRedisSchema);
  }
  const auto table = RedisTable::Make(ground_->prefix, name.table,
                                      arrow::schema(schema.fields()), ground_->key);
  if (!table.ok()) return Blamed(table.status());
  ARROW_ASSIGN_OR_RAISE(std::string bytes, table->ToBytes());
  ARROW_ASSIGN_OR_RAISE(
      const auto replies,
      channel_->Run({Command{"SETNX", table->keys().schema(), std::move(bytes)},
                     Command{"SADD", ground_->prefix, name.table}}));
  if (replies[0]->integer == 1 || if_not_exists) return arrow::Status::OK();
  return MakeError(ErrorKind::kAlreadyExists, "source '", ground_->source,
                   "' has a table '", name.table, "' already");
}

arrow::Status RedisSession::DropTable(const SourceTableName& name, bool if_exists) {
  const auto bytes = TableBytes(name);
  if (!bytes.ok()) {
    const bool is_gone = base::KindOf(bytes.status()) == ErrorKind::kNotFound;
    return is_gone && if_exists ? arrow::Status::OK() : bytes.status();
  }
  // Of a table whose schema cannot be read only the name of its rows matters.
  ARROW_ASSIGN_OR_RAISE(
      const RedisTable table,
      RedisTable::Make(ground_->prefix, name.table,
                       arrow::schema({arrow::field("key", arrow::utf8())}), ""));
  // First nobody can find the table, then its rows go.
  ARROW_RETURN_NOT_OK(channel_->Run({Command{"UNLINK", table.keys().schema()},
                                     Command{"SREM", ground_->prefix, name.table}}));
  std::string cursor = "0";
  do {
    ARROW_ASSIGN_OR_RAISE(const auto names, ScanRowNames(channel_.get(), table, &cursor));
    if (names.empty()) continue;
    Command command = {"UNLINK"};
    command.insert(command.end(), names.begin(), names.end());
    ARROW_RETURN_NOT_OK(channel_->Run(command));
  } while (cursor != "0");
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> RedisSession::Query(
    const std::string&) {
  return NoSql("SQL of its own");
}
arrow::Result<int64_t> RedisSession::Execute(const std::string&) {
  return NoSql("SQL of its own");
}
arrow::Status RedisSession::Begin() { return NoSql("transactions that could be undone"); }
arrow::Status RedisSession::Commit() {
  return NoSql("transactions that could be undone");
}
arrow::Status RedisSession::Rollback() {
  return NoSql("transactions that could be undone");
}

}  // namespace pintail::backend
