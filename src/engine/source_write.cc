#include "engine/source_write.h"

#include <utility>

namespace pintail::engine {
namespace {

struct State : duckdb::GlobalSinkState {
  std::unique_ptr<SourceWrite::Work> work;
  int64_t rows = 0;
};

}  // namespace

SourceWrite::SourceWrite(duckdb::PhysicalPlan& plan,
                         duckdb::vector<duckdb::LogicalType> result_types,
                         std::string name,
                         duckdb::InsertionOrderPreservingMap<std::string> text,
                         MakeWork make_work)
    : PhysicalOperator(plan, duckdb::PhysicalOperatorType::EXTENSION,
                       std::move(result_types), 1),
      name_(std::move(name)),
      text_(std::move(text)),
      make_work_(std::move(make_work)) {}

duckdb::unique_ptr<duckdb::GlobalSinkState> SourceWrite::GetGlobalSinkState(
    duckdb::ClientContext& context) const {
  auto state = duckdb::make_uniq<State>();
  state->work = make_work_(context);
  return state;
}

duckdb::SinkResultType SourceWrite::Sink(duckdb::ExecutionContext& context,
                                         duckdb::DataChunk& chunk,
                                         duckdb::OperatorSinkInput& input) const {
  input.global_state.Cast<State>().work->Take(context.client, chunk);
  return duckdb::SinkResultType::NEED_MORE_INPUT;
}

duckdb::SinkFinalizeType SourceWrite::Finalize(
    duckdb::Pipeline&, duckdb::Event&, duckdb::ClientContext& context,
    duckdb::OperatorSinkFinalizeInput& input) const {
  auto& state = input.global_state.Cast<State>();
  state.rows = state.work->Finish(context);
  state.work.reset();
  return duckdb::SinkFinalizeType::READY;
}

duckdb::SourceResultType SourceWrite::GetDataInternal(
    duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
    duckdb::OperatorSourceInput&) const {
  const int64_t rows = children.empty()
                           ? make_work_(context.client)->Finish(context.client)
                           : sink_state->Cast<State>().rows;
  chunk.SetCardinality(1);
  chunk.SetValue(0, 0, duckdb::Value::BIGINT(rows));
  return duckdb::SourceResultType::FINISHED;
}

}  // namespace pintail::engine
