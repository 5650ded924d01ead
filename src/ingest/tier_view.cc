#include "ingest/tier_view.h"

#include <map>
#include <string>
#include <utility>

#include "arrow/record_batch.h"
#include "ingest/view_columns.h"

namespace pintail::ingest {
namespace {

std::shared_ptr<arrow::Schema> Columns() {
  return arrow::schema(
      {arrow::field("table_name", arrow::utf8()), arrow::field("target", arrow::utf8()),
       arrow::field("column_name", arrow::utf8()),
       arrow::field("boundary", arrow::utf8()), arrow::field("moving_to", arrow::utf8()),
       arrow::field("rows_here", arrow::int64()), arrow::field("moves", arrow::int64()),
       arrow::field("moved_rows", arrow::int64()),
       arrow::field("last_move_at", InstantType()),
       arrow::field("last_error", arrow::utf8())});
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(
    const std::vector<TierFigures>& all) {
  using F = TierFigures;
  arrow::ArrayVector columns(10);
  ARROW_ASSIGN_OR_RAISE(columns[0],
                        Texts(all, [](const F& f) { return Dotted(f.what.table); }));
  ARROW_ASSIGN_OR_RAISE(columns[1],
                        Texts(all, [](const F& f) { return Dotted(f.what.target); }));
  ARROW_ASSIGN_OR_RAISE(columns[2],
                        Texts(all, [](const F& f) { return f.what.retention->column; }));
  ARROW_ASSIGN_OR_RAISE(columns[3], Texts(all, [](const F& f) { return f.boundary; }));
  ARROW_ASSIGN_OR_RAISE(columns[4], Texts(all, [](const F& f) { return f.moving_to; }));
  ARROW_ASSIGN_OR_RAISE(columns[5], Numbers(all, [](const F& f) { return f.rows; }));
  ARROW_ASSIGN_OR_RAISE(columns[6], Numbers(all, [](const F& f) { return f.moves; }));
  ARROW_ASSIGN_OR_RAISE(columns[7],
                        Numbers(all, [](const F& f) { return f.moved_rows; }));
  ARROW_ASSIGN_OR_RAISE(columns[8],
                        Instants(all, [](const F& f) { return f.last_move; }));
  ARROW_ASSIGN_OR_RAISE(columns[9], Texts(all, [](const F& f) { return f.last_error; }));
  return arrow::RecordBatch::Make(Columns(), static_cast<int64_t>(all.size()),
                                  std::move(columns));
}

struct Gauges {
  base::Gauge& rows;
  base::Gauge& boundary;
  base::Gauge& moves;
  base::Gauge& moved_rows;
};

}  // namespace

arrow::Status ShowTiers(engine::Database& database, base::Metrics& metrics,
                        const std::vector<WriteThrough>& tables,
                        const std::function<std::vector<TierFigures>()>& figures) {
  std::map<std::string, Gauges> gauges;
  for (const WriteThrough& each : tables) {
    const std::string name = Dotted(each.table);
    const base::Labels labels = {{"table", name}};
    gauges.emplace(
        name,
        Gauges{metrics.GetGauge("tier_rows", "Rows of a tiered table that are here.",
                                labels),
               metrics.GetGauge("tier_boundary_seconds",
                                "Rows before this time, in seconds since 1970, are in "
                                "the source only; 0: none.",
                                labels),
               metrics.GetGauge("tier_moves", "How often rows have left since the start.",
                                labels),
               metrics.GetGauge("tier_moved_rows", "Rows that left since the start.",
                                labels)});
  }
  metrics.OnRender([gauges = std::move(gauges), figures] {
    for (const TierFigures& now : figures()) {
      const auto found = gauges.find(Dotted(now.what.table));
      if (found == gauges.end()) continue;
      const Gauges& gauge = found->second;
      gauge.rows.Set(static_cast<double>(now.rows));
      gauge.boundary.Set(static_cast<double>(now.boundary_second.value_or(0)));
      gauge.moves.Set(static_cast<double>(now.moves));
      gauge.moved_rows.Set(static_cast<double>(now.moved_rows));
    }
  });
  return database.AddSystemView("tiers", Columns(),
                                [figures] { return RowsOf(figures()); });
}

}  // namespace pintail::ingest
