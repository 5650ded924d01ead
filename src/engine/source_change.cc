// UPDATE and DELETE in a source: one statement in its own SQL when all of it can be said
// there and means the same; by keys where there is no SQL.

#include <utility>

#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "engine/arrow_collector.h"
#include "engine/batch_builder.h"
#include "engine/error_translation.h"
#include "engine/interruptible.h"
#include "engine/result_types.h"
#include "engine/source_catalog.h"
#include "engine/source_scan.h"
#include "engine/source_write.h"
#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using duckdb::LogicalOperatorType;

constexpr int64_t kBatchBytes = 1 << 20;

void CheckChanges(const Source& source, bool returns) {
  if (!source.capabilities().change) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented, "the source \"",
                                       source.name(), "\" (", source.type(),
                                       ") changes no rows"));
  }
  if (returns) {
    ThrowThroughDuckDb(base::MakeError(ErrorKind::kUnimplemented,
                                       "RETURNING does not reach into the source \"",
                                       source.name(), "\"; leave it out"));
  }
}

[[noreturn]] void CannotSay(const Source& source, const char* what) {
  ThrowThroughDuckDb(base::MakeError(
      ErrorKind::kUnimplemented, "the ", what,
      " of this statement cannot be said in the SQL of the source \"", source.name(),
      "\" so that it surely means the same there; use constants and plain comparisons of "
      "columns with them, or run the change at the source itself"));
}

// The WHERE of a change, whole and exact; nothing when that cannot be had.
class Condition {
 public:
  Condition(duckdb::LogicalOperator& below, const SourceTableEntry& table)
      : table_(table), dialect_(table.source_catalog().source()->capabilities().dialect) {
    Collect(below);
  }

  const std::optional<std::string>& sql() const { return sql_; }
  const duckdb::LogicalGet* get() const { return get_; }

  // The column that a column of the scan's rows is.
  const SourceColumn* ColumnAt(duckdb::idx_t index) const {
    if (!get_->projection_ids.empty()) index = get_->projection_ids[index];
    const auto& column = get_->GetColumnIds()[index];
    if (column.IsVirtualColumn() || column.HasChildren()) return nullptr;
    return &table_.source_column(column.GetPrimaryIndex());
  }

 private:
  void Collect(duckdb::LogicalOperator& below) {
    auto* op = &below;
    std::vector<duckdb::Expression*> filters;
    while (op->type == LogicalOperatorType::LOGICAL_FILTER) {
      for (auto& filter : op->expressions) filters.push_back(filter.get());
      op = op->children[0].get();
    }
    if (op->type != LogicalOperatorType::LOGICAL_GET) return;
    auto& get = op->Cast<duckdb::LogicalGet>();
    const auto* scan = SourceScanOf(get.function, get.bind_data);
    if (!scan || scan->table.get() != &table_ || get.dynamic_filters) return;
    get_ = &get;
    parts_ = scan->exact;
    bool all = true;
    const ColumnOf in_filter = [this](const duckdb::Expression& expression) {
      return expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF
                 ? ColumnAt(expression.Cast<duckdb::BoundReferenceExpression>().index)
                 : nullptr;
    };
    for (const auto* filter : filters) all = Add(*filter, in_filter) && all;
    for (const auto& [index, filter] : get.table_filters.filters) {
      if (index >= table_.GetColumns().PhysicalColumnCount()) return;
      const SourceColumn& column = table_.source_column(index);
      const ColumnOf in_scan = [&column](const duckdb::Expression& expression) {
        return expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF
                   ? &column
                   : nullptr;
      };
      const duckdb::BoundReferenceExpression reference(column.type, index);
      auto expression = ExpressionOfFilter(*filter, reference, /*with_optional=*/false);
      if (expression) all = Add(*expression, in_scan) && all;
    }
    if (!all) return;
    sql_ = "";
    for (const auto& part : parts_) {
      *sql_ += (sql_->empty() ? " WHERE (" : " AND (") + part + ")";
    }
  }

  bool Add(const duckdb::Expression& expression, const ColumnOf& column_of) {
    auto condition = WriteExactCondition(expression, column_of, dialect_);
    if (condition) parts_.push_back(std::move(*condition));
    return condition.has_value();
  }

  const SourceTableEntry& table_;
  const SqlDialect dialect_;
  const duckdb::LogicalGet* get_ = nullptr;
  std::vector<std::string> parts_;
  std::optional<std::string> sql_;
};

// One statement of the source's.
class Native final : public SourceWrite::Work {
 public:
  Native(SourceTransaction& transaction, std::string sql)
      : transaction_(transaction), sql_(std::move(sql)) {}

  void Take(duckdb::ClientContext&, duckdb::DataChunk&) override {}

  int64_t Finish(duckdb::ClientContext& context) override {
    int64_t rows = 0;
    OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
      return transaction_.WithSession(stop, [&](SourceSession& session) {
        return session.Execute(sql_).Value(&rows);
      });
    }));
    return std::max<int64_t>(rows, 0);
  }

 private:
  SourceTransaction& transaction_;
  const std::string sql_;
};

// Rows that the statement has found: their keys, and the new values of their columns.
class ByKey final : public SourceWrite::Work {
 public:
  // `places` of the rows' columns that the batches have, the key first.
  struct Rows {
    SourceTableName table;
    duckdb::vector<std::string> names;
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<duckdb::idx_t> places;
  };

  ByKey(duckdb::ClientContext& context, SourceTransaction& transaction, Rows rows)
      : transaction_(transaction),
        rows_(std::move(rows)),
        found_(duckdb::BufferManager::GetBufferManager(context), rows_.types) {}

  void Take(duckdb::ClientContext&, duckdb::DataChunk& chunk) override {
    duckdb::DataChunk chosen;
    chosen.InitializeEmpty(rows_.types);
    chosen.ReferenceColumns(chunk, rows_.places);
    found_.Append(chosen);
  }

  // Only now: the session reads the rows first.
  int64_t Finish(duckdb::ClientContext& context) override {
    const auto schema =
        OrThrow(ResultSchema(rows_.names, rows_.types, SessionTimeZone(context)));
    BatchBuilder builder(schema, rows_.types, kBatchBytes, arrow::default_memory_pool());
    int64_t changed = 0;
    for (auto& chunk : found_.Chunks()) {
      const auto rows = static_cast<int64_t>(chunk.size());
      for (int64_t done = 0; done < rows;) {
        done += builder.Append(chunk, done);
        if (builder.full()) changed += Change(context, builder.Finish());
      }
    }
    if (builder.rows() > 0) changed += Change(context, builder.Finish());
    return changed;
  }

 private:
  int64_t Change(duckdb::ClientContext& context,
                 std::shared_ptr<arrow::RecordBatch> batch) {
    int64_t said = 0;
    OrThrow(RunInterruptibly(context, [&](std::stop_token stop) {
      return transaction_.WithSession(stop, [&](SourceSession& session) -> arrow::Status {
        if (batch->num_columns() == 1) {
          return session.DeleteByKey(rows_.table, batch->column(0)).Value(&said);
        }
        ARROW_ASSIGN_OR_RAISE(auto reader,
                              arrow::RecordBatchReader::Make({batch}, batch->schema()));
        return session.UpdateByKey(rows_.table, std::move(reader)).Value(&said);
      });
    }));
    return said < 0 ? batch->num_rows() : said;
  }

  SourceTransaction& transaction_;
  const Rows rows_;
  duckdb::ColumnDataCollection found_;
};

duckdb::InsertionOrderPreservingMap<std::string> Text(const std::string& source,
                                                      const std::string& key,
                                                      const std::string& value) {
  duckdb::InsertionOrderPreservingMap<std::string> text;
  text["Source"] = source;
  text[key] = value;
  return text;
}

std::string NameIn(const SourceTableEntry& table, SqlDialect dialect) {
  const auto name = SqlTable(dialect, table.table().name);
  if (!name) CannotSay(*table.source_catalog().source(), "table's name");
  return *name;
}

std::string NameOf(const SourceTableName& table) {
  return table.schema + "." + table.table;
}

duckdb::PhysicalOperator& PlanNative(SourceCatalog& catalog,
                                     duckdb::PhysicalPlanGenerator& planner,
                                     const duckdb::vector<duckdb::LogicalType>& types,
                                     const char* name, const std::string& sql) {
  auto make_work = [&catalog, sql](duckdb::ClientContext& context) {
    return std::make_unique<Native>(SourceTransaction::Of(context, catalog), sql);
  };
  return planner.Make<SourceWrite>(types, name, Text(catalog.GetName(), "Sent", sql),
                                   make_work);
}

duckdb::PhysicalOperator& PlanByKey(SourceCatalog& catalog,
                                    duckdb::PhysicalPlanGenerator& planner,
                                    const duckdb::vector<duckdb::LogicalType>& types,
                                    const char* name, const ByKey::Rows& rows,
                                    duckdb::PhysicalOperator& plan) {
  auto make_work = [&catalog, rows](duckdb::ClientContext& context) {
    return std::make_unique<ByKey>(context, SourceTransaction::Of(context, catalog),
                                   rows);
  };
  auto& change = planner.Make<SourceWrite>(
      types, name, Text(catalog.GetName(), "Table", NameOf(rows.table)), make_work);
  change.children.push_back(plan);
  return change;
}

duckdb::idx_t PlaceOf(const duckdb::Expression& expression) {
  return expression.Cast<duckdb::BoundReferenceExpression>().index;
}

}  // namespace

duckdb::PhysicalOperator& SourceCatalog::PlanDelete(
    duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalDelete& op) {
  CheckChanges(*source_, op.return_chunk);
  const auto dialect = source_->capabilities().dialect;
  const auto& entry = op.table.Cast<SourceTableEntry>();
  if (dialect == SqlDialect::kNone ||
      op.children[0]->type == LogicalOperatorType::LOGICAL_EMPTY_RESULT) {
    return PlanDelete(context, planner, op, planner.CreatePlan(*op.children[0]));
  }
  const Condition condition(*op.children[0], entry);
  if (!condition.sql()) CannotSay(*source_, "WHERE");
  return PlanNative(*this, planner, op.types, "SOURCE_DELETE",
                    "DELETE FROM " + NameIn(entry, dialect) + *condition.sql());
}

duckdb::PhysicalOperator& SourceCatalog::PlanDelete(
    duckdb::ClientContext&, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalDelete& op, duckdb::PhysicalOperator& plan) {
  const auto& entry = op.table.Cast<SourceTableEntry>();
  const SourceColumn& key = entry.source_column(0);
  return PlanByKey(*this, planner, op.types, "SOURCE_DELETE",
                   {.table = entry.table().name,
                    .names = {key.name},
                    .types = {key.type},
                    .places = {PlaceOf(*op.expressions[0])}},
                   plan);
}

duckdb::PhysicalOperator& SourceCatalog::PlanUpdate(
    duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalUpdate& op) {
  CheckChanges(*source_, op.return_chunk);
  const auto dialect = source_->capabilities().dialect;
  const auto& entry = op.table.Cast<SourceTableEntry>();
  auto& below = *op.children[0];
  const bool empty = below.type == LogicalOperatorType::LOGICAL_EMPTY_RESULT;
  if (dialect == SqlDialect::kNone || empty) {
    return PlanUpdate(context, planner, op, planner.CreatePlan(below));
  }
  if (below.type != LogicalOperatorType::LOGICAL_PROJECTION) CannotSay(*source_, "SET");
  const Condition condition(*below.children[0], entry);
  if (!condition.sql()) CannotSay(*source_, "WHERE");
  const ColumnOf column_of = [&](const duckdb::Expression& expression) {
    return expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF
               ? condition.ColumnAt(PlaceOf(expression))
               : nullptr;
  };
  std::string set;
  for (size_t i = 0; i < op.columns.size(); ++i) {
    const auto& target = *op.expressions[i];
    if (target.GetExpressionClass() != duckdb::ExpressionClass::BOUND_REF) {
      CannotSay(*source_, "SET");
    }
    const auto value =
        WriteAssigned(*below.expressions[PlaceOf(target)], column_of, dialect);
    const auto name = SqlName(dialect, entry.source_column(op.columns[i].index).name);
    if (!value || !name) CannotSay(*source_, "SET");
    set += (set.empty() ? " SET " : ", ") + *name + " = " + *value;
  }
  return PlanNative(*this, planner, op.types, "SOURCE_UPDATE",
                    "UPDATE " + NameIn(entry, dialect) + set + *condition.sql());
}

duckdb::PhysicalOperator& SourceCatalog::PlanUpdate(
    duckdb::ClientContext&, duckdb::PhysicalPlanGenerator& planner,
    duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& plan) {
  const auto& entry = op.table.Cast<SourceTableEntry>();
  const SourceColumn& key = entry.source_column(0);
  // The rows end with the key of the one to change.
  ByKey::Rows rows{.table = entry.table().name,
                   .names = {key.name},
                   .types = {key.type},
                   .places = {plan.types.size() - 1}};
  for (size_t i = 0; i < op.columns.size(); ++i) {
    const SourceColumn& column = entry.source_column(op.columns[i].index);
    const auto& value = *op.expressions[i];
    if (column.key) {
      ThrowThroughDuckDb(base::MakeError(
          ErrorKind::kUnimplemented, "the key \"", column.name, "\" of the source \"",
          GetName(), "\" cannot be changed; insert the row anew and delete the old one"));
    }
    if (value.GetExpressionClass() != duckdb::ExpressionClass::BOUND_REF) {
      CannotSay(*source_, "SET");
    }
    rows.names.push_back(column.name);
    rows.types.push_back(column.type);
    rows.places.push_back(PlaceOf(value));
  }
  return PlanByKey(*this, planner, op.types, "SOURCE_UPDATE", rows, plan);
}

}  // namespace pintail::engine
