// The operators of plans that change a source. Private to the engine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "duckdb/execution/physical_operator.hpp"
#include "duckdb/planner/parsed_data/bound_create_table_info.hpp"
#include "engine/source_catalog.h"

namespace pintail::engine {

// Takes rows and gives one: how many were changed. What is done with the rows is up to
// its `Work`, one for each execution.
class SourceWrite final : public duckdb::PhysicalOperator {
 public:
  // Called by one thread at a time, in this order: Take…, Finish.
  class Work {
   public:
    virtual ~Work() = default;
    virtual void Take(duckdb::ClientContext& context, duckdb::DataChunk& chunk) = 0;
    virtual int64_t Finish(duckdb::ClientContext& context) = 0;
  };
  using MakeWork = std::function<std::unique_ptr<Work>(duckdb::ClientContext& context)>;

  // Without a child it makes its work and finishes it at once.
  SourceWrite(duckdb::PhysicalPlan& plan, duckdb::vector<duckdb::LogicalType> types,
              std::string name, duckdb::InsertionOrderPreservingMap<std::string> text,
              MakeWork make_work);

  std::string GetName() const override { return name_; }
  duckdb::InsertionOrderPreservingMap<std::string> ParamsToString() const override {
    return text_;
  }

  bool IsSink() const override { return !children.empty(); }
  bool ParallelSink() const override { return false; }
  bool SinkOrderDependent() const override { return true; }
  duckdb::unique_ptr<duckdb::GlobalSinkState> GetGlobalSinkState(
      duckdb::ClientContext& context) const override;
  duckdb::SinkResultType Sink(duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
                              duckdb::OperatorSinkInput& input) const override;
  duckdb::SinkFinalizeType Finalize(
      duckdb::Pipeline& pipeline, duckdb::Event& event, duckdb::ClientContext& context,
      duckdb::OperatorSinkFinalizeInput& input) const override;

  bool IsSource() const override { return true; }
  duckdb::SourceResultType GetDataInternal(
      duckdb::ExecutionContext& context, duckdb::DataChunk& chunk,
      duckdb::OperatorSourceInput& input) const override;

 private:
  const std::string name_;
  const duckdb::InsertionOrderPreservingMap<std::string> text_;
  const MakeWork make_work_;
};

}  // namespace pintail::engine
