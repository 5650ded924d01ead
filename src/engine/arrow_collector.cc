#include "engine/arrow_collector.h"

#include <utility>

#include "duckdb/common/exception.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/main/client_context.hpp"
#include "duckdb/main/materialized_query_result.hpp"
#include "duckdb/main/prepared_statement_data.hpp"
#include "engine/batch_builder.h"
#include "engine/result_types.h"

namespace pintail::engine {
namespace {

using duckdb::SinkResultType;

// What is buffered for a reader that pauses. A part is a row group of the table; room for
// one and a half of 150-byte rows keeps a second thread busy.
constexpr int64_t kReadyBytes = 6 << 20;
constexpr int64_t kAheadBytes = 20 << 20;

class GlobalState : public duckdb::GlobalSinkState {};

class LocalState : public duckdb::LocalSinkState {
 public:
  LocalState(const LiveResult& result, const duckdb::vector<duckdb::LogicalType>& types)
      : builder(result.schema, types, result.batch_bytes, arrow::default_memory_pool()) {}

  BatchBuilder builder;
  uint64_t part = 0;  // of the rows in the builder
};

// How the rows are to be ordered, which decides how many threads may make them.
enum class Order : uint8_t {
  kAny,       // any thread, as they come
  kByParts,   // any thread, put in order by the index of their part
  kOneByOne,  // one thread
};

class ArrowCollector : public duckdb::PhysicalResultCollector {
 public:
  ArrowCollector(duckdb::PhysicalPlan& plan, duckdb::PreparedStatementData& statement,
                 Order order, std::shared_ptr<LiveResult> result)
      : PhysicalResultCollector(plan, statement),
        order_(order),
        result_(std::move(result)) {}

  SinkResultType Sink(duckdb::ExecutionContext&, duckdb::DataChunk& chunk,
                      duckdb::OperatorSinkInput& input) const override {
    auto& local = input.local_state.Cast<LocalState>();
    local.part = Part(local);
    if (order_ == Order::kByParts) {
      result_->queue.SetFirstPart(local.partition_info.min_batch_index.GetIndex());
    }
    if (!result_->queue.MayWork(local.part, input.interrupt_state)) {
      return SinkResultType::BLOCKED;
    }
    auto rows = static_cast<int64_t>(chunk.size());
    for (int64_t done = 0; done < rows;) {
      done += local.builder.Append(chunk, done);
      if (done < rows || local.builder.full()) Flush(local);
    }
    return SinkResultType::NEED_MORE_INPUT;
  }

  // Called with the index of the next part, before the first part is known to have moved.
  duckdb::SinkNextBatchType NextBatch(
      duckdb::ExecutionContext&,
      duckdb::OperatorSinkNextBatchInput& input) const override {
    auto& local = input.local_state.Cast<LocalState>();
    Flush(local);
    local.part = Part(local);
    return duckdb::SinkNextBatchType::READY;
  }

  duckdb::SinkCombineResultType Combine(
      duckdb::ExecutionContext&, duckdb::OperatorSinkCombineInput& input) const override {
    auto& local = input.local_state.Cast<LocalState>();
    Flush(local);
    if (order_ == Order::kByParts) {
      result_->queue.SetFirstPart(local.partition_info.min_batch_index.GetIndex());
    }
    return duckdb::SinkCombineResultType::FINISHED;
  }

  duckdb::SinkFinalizeType Finalize(duckdb::Pipeline&, duckdb::Event&,
                                    duckdb::ClientContext&,
                                    duckdb::OperatorSinkFinalizeInput&) const override {
    result_->queue.Finish();
    return duckdb::SinkFinalizeType::READY;
  }

  duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(
      duckdb::ClientContext&) const override {
    return duckdb::make_uniq<GlobalState>();
  }
  duckdb::unique_ptr<duckdb::LocalSinkState> GetLocalSinkState(
      duckdb::ExecutionContext&) const override {
    return duckdb::make_uniq<LocalState>(*result_, types);
  }
  duckdb::OperatorPartitionInfo RequiredPartitionInfo() const override {
    return order_ == Order::kByParts ? duckdb::OperatorPartitionInfo::BatchIndex()
                                     : duckdb::OperatorPartitionInfo::NoPartitionInfo();
  }
  bool ParallelSink() const override { return order_ != Order::kOneByOne; }
  bool SinkOrderDependent() const override { return true; }

  // The rows have gone through the queue; DuckDB's own result is empty.
  duckdb::unique_ptr<duckdb::QueryResult> GetResult(
      duckdb::GlobalSinkState&) const override {
    auto nothing = duckdb::make_uniq<duckdb::ColumnDataCollection>(
        duckdb::Allocator::DefaultAllocator(), types);
    return duckdb::make_uniq<duckdb::MaterializedQueryResult>(statement_type, properties,
                                                              names, std::move(nothing),
                                                              duckdb::ClientProperties());
  }

 private:
  uint64_t Part(const LocalState& local) const {
    return order_ == Order::kByParts ? local.partition_info.batch_index.GetIndex() : 0;
  }

  void Flush(LocalState& local) const {
    if (local.builder.rows() == 0) return;
    int64_t bytes = local.builder.bytes();
    result_->queue.Push(local.part, local.builder.Finish(), bytes);
  }

  const Order order_;
  const std::shared_ptr<LiveResult> result_;
};

Order OrderOf(duckdb::ClientContext& context, duckdb::PhysicalOperator& root) {
  using duckdb::PhysicalPlanGenerator;
  if (!PhysicalPlanGenerator::PreserveInsertionOrder(context, root)) return Order::kAny;
  if (PhysicalPlanGenerator::UseBatchIndex(context, root)) return Order::kByParts;
  return Order::kOneByOne;
}

}  // namespace

LiveResult::LiveResult(int64_t wanted_batch_bytes)
    : batch_bytes(wanted_batch_bytes),
      queue({.ready_bytes = kReadyBytes, .ahead_bytes = kAheadBytes}) {}

duckdb::unique_ptr<duckdb::PhysicalOperator> MakeArrowCollector(
    duckdb::ClientContext& context, duckdb::PreparedStatementData& statement,
    std::shared_ptr<LiveResult> result) {
  auto schema = ResultSchema(statement.names, statement.types, SessionTimeZone(context));
  if (!schema.ok()) {
    throw duckdb::NotImplementedException(schema.status().message());
  }
  result->schema = *std::move(schema);
  auto& plan = *statement.physical_plan;
  return duckdb::make_uniq<ArrowCollector>(plan, statement, OrderOf(context, plan.Root()),
                                           std::move(result));
}

std::string SessionTimeZone(duckdb::ClientContext& context) {
  duckdb::Value zone;
  return context.TryGetCurrentSetting("TimeZone", zone) ? zone.ToString() : "UTC";
}

}  // namespace pintail::engine
