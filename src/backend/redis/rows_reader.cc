#include "backend/redis/rows_reader.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/error.h"

namespace pintail::backend {
namespace {

constexpr size_t kRowsOfARoundTrip = 1'000;

class RowsReader final : public arrow::RecordBatchReader {
 public:
  RowsReader(std::shared_ptr<RedisChannel> channel, RedisTable table, RowsToRead rows)
      : channel_(std::move(channel)),
        table_(std::move(table)),
        rows_(std::move(rows)),
        schema_(arrow::schema(rows_.columns)),
        left_(rows_.limit) {}

  arrow::Status Open() { return Read(&first_); }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (first_) {
      *batch = std::move(first_);
      first_.reset();
      return arrow::Status::OK();
    }
    return Read(batch);
  }

 private:
  arrow::Status Read(std::shared_ptr<arrow::RecordBatch>* batch) {
    batch->reset();
    while (!at_end_ && (!left_ || *left_ > 0)) {
      ARROW_ASSIGN_OR_RAISE(const auto names, NextNames());
      if (names.empty()) continue;
      std::vector<Command> commands;
      for (const std::string& name : names) {
        commands.push_back(table_.Read(name, rows_.columns));
      }
      ARROW_ASSIGN_OR_RAISE(const auto replies, channel_->Run(commands));
      auto read = table_.BatchOf(replies, rows_.columns);
      if (!read.ok()) {
        return base::WithContext(read.status(),
                                 "source '" + channel_->ground().source + "'");
      }
      if ((*read)->num_rows() == 0) continue;
      if (left_) {
        read = (*read)->Slice(0, std::min(*left_, (*read)->num_rows()));
        *left_ -= (*read)->num_rows();
      }
      *batch = *std::move(read);
      return arrow::Status::OK();
    }
    channel_.reset();
    return arrow::Status::OK();
  }

  arrow::Result<std::vector<std::string>> NextNames() {
    std::vector<std::string> names;
    if (rows_.row_names) {
      const auto& all = *rows_.row_names;
      const size_t end = std::min(all.size(), next_ + kRowsOfARoundTrip);
      names.assign(all.begin() + next_, all.begin() + end);
      next_ = end;
      at_end_ = next_ == all.size();
      return names;
    }
    ARROW_ASSIGN_OR_RAISE(auto found, ScanRowNames(channel_.get(), table_, &cursor_));
    at_end_ = cursor_ == "0";
    for (std::string& name : found) {
      if (seen_.insert(name).second) names.push_back(std::move(name));
    }
    return names;
  }

  std::shared_ptr<RedisChannel> channel_;
  const RedisTable table_;
  const RowsToRead rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  std::optional<int64_t> left_;
  std::shared_ptr<arrow::RecordBatch> first_;
  size_t next_ = 0;
  std::string cursor_ = "0";
  std::unordered_set<std::string> seen_;
  bool at_end_ = false;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> OpenRows(
    std::shared_ptr<RedisChannel> channel, RedisTable table, RowsToRead rows) {
  auto reader =
      std::make_shared<RowsReader>(std::move(channel), std::move(table), std::move(rows));
  ARROW_RETURN_NOT_OK(reader->Open());
  return reader;
}

arrow::Result<std::vector<std::string>> ScanRowNames(RedisChannel* channel,
                                                     const RedisTable& table,
                                                     std::string* cursor) {
  ARROW_ASSIGN_OR_RAISE(
      const Reply reply,
      channel->Run(Command{"SCAN", *cursor, "MATCH", table.keys().all_rows(), "COUNT",
                           std::to_string(kRowsOfARoundTrip), "TYPE", "hash"}));
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
      reply->element[0]->type != REDIS_REPLY_STRING ||
      reply->element[1]->type != REDIS_REPLY_ARRAY) {
    return base::MakeError(base::ErrorKind::kInternal, "source '",
                           channel->ground().source,
                           "': Redis answered SCAN with something else");
  }
  cursor->assign(reply->element[0]->str, reply->element[0]->len);
  std::vector<std::string> names;
  for (size_t i = 0; i < reply->element[1]->elements; ++i) {
    const redisReply& name = *reply->element[1]->element[i];
    if (name.type == REDIS_REPLY_STRING) names.emplace_back(name.str, name.len);
  }
  return names;
}

}  // namespace pintail::backend
