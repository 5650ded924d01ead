// A write path on an embedded database in memory, and readers that tests steer.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/call_context.h"
#include "base/clock.h"
#include "base/timers.h"
#include "catalog/streams.h"
#include "catalog/testing/rows.h"
#include "engine/database.h"
#include "gtest/gtest.h"
#include "ingest/write_path.h"

namespace pintail::ingest::testing {

using catalog::testing::Batch;
using catalog::testing::Reader;
using catalog::testing::Text;

// A reader whose batches, and whatever else happens, come from a function.
class ScriptedReader final : public arrow::RecordBatchReader {
 public:
  using Script = std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>(int)>;
  ScriptedReader(std::shared_ptr<arrow::Schema> schema, Script script)
      : schema_(std::move(schema)), script_(std::move(script)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return script_(turn_++).Value(batch);
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const Script script_;
  int turn_ = 0;
};

inline const auto kAB =
    arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});

// A producer that has sent more than a chunk, so that its upload has the table open, and
// sends no more until it is told to.
class StallingProducer {
 public:
  // `row` makes the row of a number.
  using Row = std::function<std::shared_ptr<arrow::RecordBatch>(int)>;
  std::shared_ptr<arrow::RecordBatchReader> Reader(Row row,
                                                   const arrow::Status& end = {}) {
    const auto schema = row(0)->schema();
    return std::make_shared<ScriptedReader>(
        schema,
        [this, row = std::move(row),
         end](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
          // Of chunks of one row two wait and two are inserted at a time: when the sixth
          // is asked for, the first is in the table.
          if (turn < kRows) return row(turn);
          stalled_.set_value();
          released_.get_future().wait();
          ARROW_RETURN_NOT_OK(end);
          return nullptr;
        });
  }
  void AwaitStall() { stalled_.get_future().wait(); }
  void Release() { released_.set_value(); }

  static constexpr int kRows = 5;

 private:
  std::promise<void> stalled_;
  std::promise<void> released_;
};

// A row that no upload gathers for a commit together with others. Its columns are numbers
// but for the second, which is text.
inline std::shared_ptr<arrow::RecordBatch> LargeRow(
    const std::shared_ptr<arrow::Schema>& schema, int number) {
  std::string row =
      "[[" + std::to_string(number) + ", \"" + std::string(1'100'000, 'x') + "\"";
  for (int i = 2; i < schema->num_fields(); ++i) row += ", 1";
  return Batch(schema, row + "]]");
}

class WritePathTest : public ::testing::Test {
 protected:
  std::unique_ptr<engine::Connection> Connect() {
    return database_->Connect().ValueOrDie();
  }

  std::string Seen(const std::string& sql) {
    const auto rows = Connect()->Run(sql);
    return rows.ok() ? Text(**rows) : Text(rows.status());
  }

  Order OrderFor(const std::string& table, Mode mode = Mode::kCreateOrAppend) {
    Order order = path_.OrderFor(table, {}).ValueOrDie();
    order.mode = mode;
    return order;
  }

  arrow::Result<Outcome> Ingest(const Order& order,
                                std::shared_ptr<arrow::RecordBatchReader> batches,
                                const OnCommit& on_commit = {}) {
    const auto connection = Connect();
    return path_.Ingest(call_, *connection, order, std::move(batches), on_commit);
  }

  std::string IngestText(const Order& order,
                         std::shared_ptr<arrow::RecordBatchReader> batches) {
    const auto outcome = Ingest(order, std::move(batches));
    return outcome.ok() ? std::to_string(outcome->rows) : Text(outcome.status());
  }

  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  catalog::Streams streams_{clock_, {}, {}};
  std::unique_ptr<engine::Database> database_ = engine::Database::Open({}).ValueOrDie();
  base::Metrics metrics_{"pintail"};
  std::unique_ptr<Repeats> repeats_ = Repeats::Open({.tails = database_->tails(),
                                                     .clock = clock_,
                                                     .timers = timers_,
                                                     .metrics = metrics_},
                                                    {.in_database = true})
                                          .ValueOrDie();
  WritePath path_{streams_,
                  nullptr,
                  clock_,
                  timers_,
                  {.lock_timeout = std::chrono::seconds(10), .metrics = &metrics_},
                  repeats_.get()};
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
};

}  // namespace pintail::ingest::testing
