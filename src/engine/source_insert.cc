// INSERT INTO and CREATE TABLE AS, into a source.

#include <utility>

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "engine/arrow_collector.h"
#include "engine/batch_builder.h"
#include "engine/error_translation.h"
#include "engine/result_types.h"
#include "engine/source_catalog.h"
#include "engine/source_plan.h"
#include "engine/source_sink.h"
#include "engine/source_write.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;

constexpr int64_t kBatchBytes = 1 << 20;

struct Target {
  SourceTableName table;
  duckdb::vector<std::string> names;  // of the columns that rows have
  duckdb::vector<duckdb::LogicalType> types;
};

class Insert final : public SourceWrite::Work {
 public:
  // `late`: the rows come from the same source, whose session reads them first.
  Insert(duckdb::ClientContext& context, SourceTransaction& transaction, Target target,
         bool late)
      : transaction_(transaction),
        target_(std::move(target)),
        schema_(OrThrow(
            ResultSchema(target_.names, target_.types, SessionTimeZone(context)))),
        builder_(schema_, target_.types, kBatchBytes, arrow::default_memory_pool()) {
    if (!late) return;
    waiting_ = duckdb::make_uniq<duckdb::ColumnDataCollection>(
        duckdb::BufferManager::GetBufferManager(context), target_.types);
  }

  void Take(duckdb::ClientContext& context, duckdb::DataChunk& chunk) override {
    if (waiting_) {
      waiting_->Append(chunk);
      return;
    }
    Send(context, chunk);
  }

  int64_t Finish(duckdb::ClientContext& context) override {
    if (waiting_) {
      for (auto& chunk : waiting_->Chunks()) Send(context, chunk);
    }
    // Also without rows, so that a table that does not fit is an error all the same.
    if (builder_.rows() > 0) Flush(context);
    return OrThrow(Sink().Finish(context));
  }

 private:
  SourceSink& Sink() {
    if (!sink_) {
      sink_ = std::make_unique<SourceSink>(transaction_, target_.table, schema_);
    }
    return *sink_;
  }

  void Send(duckdb::ClientContext& context, duckdb::DataChunk& chunk) {
    const auto rows = static_cast<int64_t>(chunk.size());
    for (int64_t done = 0; done < rows;) {
      done += builder_.Append(chunk, done);
      if (done < rows || builder_.full()) Flush(context);
    }
  }

  void Flush(duckdb::ClientContext& context) {
    OrThrow(Sink().Push(context, builder_.Finish()));
  }

  SourceTransaction& transaction_;
  const Target target_;
  const std::shared_ptr<arrow::Schema> schema_;
  BatchBuilder builder_;
  duckdb::unique_ptr<duckdb::ColumnDataCollection> waiting_;
  std::unique_ptr<SourceSink> sink_;
};

void CheckInserts(const Source& source) {
  if (source.capabilities().insert) return;
  ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented, "the source \"",
                                     source.name(), "\" (", source.type(),
                                     ") takes no rows: it is read only"));
}

duckdb::InsertionOrderPreservingMap<std::string> Text(const std::string& source,
                                                      const SourceTableName& table) {
  duckdb::InsertionOrderPreservingMap<std::string> text;
  text["Source"] = source;
  text["Table"] = table.schema + "." + table.table;
  return text;
}

}  // namespace

duckdb::PhysicalOperator& SourceCatalog::PlanInsert(
    duckdb::ClientContext&, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> plan) {
  CheckInserts(*source_);
  if (op.return_chunk) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented,
                                       "INSERT … RETURNING does not reach into the "
                                       "source \"",
                                       GetName(), "\"; leave RETURNING out"));
  }
  if (op.on_conflict_info.action_type != duckdb::OnConflictAction::THROW) {
    ThrowThroughDuckDb(base::MakeError(
        ErrorKind::kUnimplemented, "ON CONFLICT does not reach into the source \"",
        GetName(), "\"; use pintail.remote with a statement in the source's own SQL"));
  }
  auto entry = op.table.Cast<SourceTableEntry>().shared_from_this();
  Target target{.table = entry->table().name, .names = {}, .types = {}};
  const auto& columns = entry->GetColumns();
  const size_t count = columns.PhysicalColumnCount();
  if (op.column_index_map.empty()) {
    for (const auto& column : columns.Physical()) {
      target.names.push_back(column.Name());
      target.types.push_back(column.Type());
    }
  } else {
    // The rows have the columns that the statement names, in its order.
    std::map<duckdb::idx_t, const duckdb::ColumnDefinition*> named;
    for (size_t i = 0; i < count; ++i) {
      const auto place = op.column_index_map[duckdb::PhysicalIndex(i)];
      if (place == duckdb::DConstants::INVALID_INDEX) continue;
      named[place] = &columns.GetColumn(duckdb::PhysicalIndex(i));
    }
    for (const auto& [place, column] : named) {
      target.names.push_back(column->Name());
      target.types.push_back(column->Type());
    }
  }
  const bool late = ReadsFrom(*plan, *this);
  auto make_work = [this, entry, target, late](duckdb::ClientContext& context) {
    return std::make_unique<Insert>(context, SourceTransaction::Of(context, *this),
                                    target, late);
  };
  auto& insert = planner.Make<SourceWrite>(op.types, "SOURCE_INSERT",
                                           Text(GetName(), target.table), make_work);
  insert.children.push_back(*plan);
  return insert;
}

duckdb::PhysicalOperator& SourceCatalog::PlanCreateTableAs(
    duckdb::ClientContext&, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalCreateTable& op, duckdb::PhysicalOperator& plan) {
  CheckInserts(*source_);
  Target target{
      .table = {op.schema.name, op.info->Base().table}, .names = {}, .types = {}};
  for (const auto& column : op.info->Base().columns.Physical()) {
    target.names.push_back(column.Name());
    target.types.push_back(column.Type());
  }
  const bool late = ReadsFrom(plan, *this);
  std::shared_ptr<duckdb::BoundCreateTableInfo> info(op.info.release());
  auto make_work = [this, info, target, late,
                    &schema = op.schema](duckdb::ClientContext& context) {
    schema.CreateTable(schema.GetCatalogTransaction(context), *info);
    return std::make_unique<Insert>(context, SourceTransaction::Of(context, *this),
                                    target, late);
  };
  auto& create = planner.Make<SourceWrite>(op.types, "SOURCE_CREATE_TABLE_AS",
                                           Text(GetName(), target.table), make_work);
  create.children.push_back(plan);
  return create;
}

}  // namespace pintail::engine
