// A write path on an embedded database in memory, and readers that tests steer.
#pragma once

#include <functional>
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
  WritePath path_{
      streams_, nullptr, clock_, timers_, {.lock_timeout = std::chrono::seconds(10)}};
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
};

}  // namespace pintail::ingest::testing
