#include "cache/copies_view.h"

#include <algorithm>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/builder_time.h"
#include "arrow/table_builder.h"
#include "cache/copies_entry.h"

namespace pintail::cache {
namespace {

std::string_view StatusName(CopyStatus status) {
  switch (status) {
    case CopyStatus::kRefreshing:
      return "refreshing";
    case CopyStatus::kStale:
      return "stale";
    case CopyStatus::kFresh:
      return "fresh";
    default:
      return "empty";
  }
}

std::string SourceName(const engine::TableName& table) {
  return table.catalog + "." + table.schema + "." + table.table;
}

class Row {
 public:
  explicit Row(arrow::RecordBatchBuilder& builder) : builder_(builder) {}

  void Text(std::string_view text) {
    Append<arrow::StringBuilder>([&](auto& each) { return each.Append(text); });
  }
  void TextOrNull(const std::string& text) {
    Append<arrow::StringBuilder>(
        [&](auto& each) { return text.empty() ? each.AppendNull() : each.Append(text); });
  }
  void Number(std::optional<int64_t> number) {
    Append<arrow::Int64Builder>(
        [&](auto& each) { return number ? each.Append(*number) : each.AppendNull(); });
  }
  void Duration(std::optional<std::chrono::milliseconds> duration) {
    Number(duration ? std::optional(duration->count()) : std::nullopt);
  }
  void Time(std::optional<base::Clock::Wall> time) {
    Append<arrow::TimestampBuilder>([&](auto& each) {
      if (!time) return each.AppendNull();
      return each.Append(
          std::chrono::duration_cast<std::chrono::microseconds>(time->time_since_epoch())
              .count());
    });
  }
  const arrow::Status& status() const { return status_; }

 private:
  template <typename Builder, typename Body>
  void Append(const Body& body) {
    status_ &= body(*builder_.GetFieldAs<Builder>(column_++));
  }

  arrow::RecordBatchBuilder& builder_;
  int column_ = 0;
  arrow::Status status_;
};

}  // namespace

std::shared_ptr<arrow::Schema> CopyColumns() {
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::schema(
      {arrow::field("name", arrow::utf8()), arrow::field("source_table", arrow::utf8()),
       arrow::field("refresh", arrow::utf8()), arrow::field("state", arrow::utf8()),
       arrow::field("rows", arrow::int64()), arrow::field("bytes", arrow::int64()),
       arrow::field("last_refresh", instant), arrow::field("age_ms", arrow::int64()),
       arrow::field("next_refresh", instant), arrow::field("duration_ms", arrow::int64()),
       arrow::field("uses", arrow::int64()), arrow::field("last_error", arrow::utf8())});
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> CopyRows(
    const std::vector<CopyReport>& reports) {
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(
                                          CopyColumns(), arrow::default_memory_pool()));
  for (const CopyReport& report : reports) {
    Row row(*builder);
    row.Text(report.table.name);
    row.Text(SourceName(report.table.source));
    row.Text(CopyRefreshName(report.table.refresh));
    row.Text(StatusName(report.status));
    row.Number(report.rows);
    row.Number(report.bytes);
    row.Time(report.last_refresh);
    row.Duration(report.age);
    row.Time(report.next_refresh);
    row.Duration(report.duration);
    row.Number(report.uses);
    row.TextOrNull(report.last_error);
    ARROW_RETURN_NOT_OK(row.status());
  }
  return builder->Flush();
}

CopyReport Copies::ReportOf(const Entry& entry) const {
  const auto states = states_.Now();
  const engine::CopyState& state = *states->Named(entry.table.name);
  const auto now = rooms_.clock.WallNow();
  CopyReport report{
      .table = entry.table, .uses = entry.use->count, .last_error = entry.last_error};
  if (!entry.busy) report.next_refresh = NextOf(entry);
  if (report.next_refresh) report.next_refresh = std::max(*report.next_refresh, now);
  if (entry.stored) {
    report.rows = entry.stored->rows;
    report.bytes = entry.stored->bytes;
    report.last_refresh = entry.stored->as_of;
    report.duration = entry.stored->duration;
    report.age = std::max(
        std::chrono::duration_cast<std::chrono::milliseconds>(now - entry.stored->as_of),
        std::chrono::milliseconds(0));
    const bool old =
        entry.table.max_staleness && *report.age > *entry.table.max_staleness;
    const bool fresh = state.is_true() && entry.failures == 0 && !old;
    report.status = fresh ? CopyStatus::kFresh : CopyStatus::kStale;
  }
  if (entry.running) report.status = CopyStatus::kRefreshing;
  return report;
}

std::vector<CopyReport> Copies::List() const {
  std::vector<CopyReport> reports;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : entries_) reports.push_back(ReportOf(*entry));
  return reports;
}

arrow::Status Copies::AddView() {
  return rooms_.database.AddSystemView(
      "copies", CopyColumns(),
      [view = view_]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        const std::lock_guard lock(view->mutex);
        return CopyRows(view->copies ? view->copies->List() : std::vector<CopyReport>());
      });
}

arrow::Status Copies::AddFunction() {
  const auto columns = arrow::schema({arrow::field("name", arrow::utf8()),
                                      arrow::field("rows", arrow::int64()),
                                      arrow::field("duration_ms", arrow::int64())});
  // Unlike the view it is called by statements only, which have ended before this goes.
  const auto call = [this, columns](const engine::SystemFunctionCall& given)
      -> arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> {
    const auto& name = *given.arguments[0];
    ARROW_ASSIGN_OR_RAISE(
        const RefreshResult done,
        Refresh(name.is_valid ? name.ToString() : std::string(), given.stop));
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(
                                            columns, arrow::default_memory_pool()));
    Row row(*builder);
    row.Text(name.ToString());
    row.Number(done.rows);
    row.Duration(done.duration);
    ARROW_RETURN_NOT_OK(row.status());
    ARROW_ASSIGN_OR_RAISE(auto batch, builder->Flush());
    return arrow::RecordBatchReader::Make({std::move(batch)}, columns);
  };
  return rooms_.database.AddSystemFunction(
      "refresh", {.arguments = {arrow::field("name", arrow::utf8())},
                  .schema = columns,
                  .changes = true,
                  .call = call});
}

void Copies::AddMetrics() {
  for (const auto& entry : entries_) {
    const base::Labels labels = {{"copy", entry->table.name}};
    entry->refreshes = &rooms_.metrics.GetCounter(
        "copy_refreshes", "Refreshes of the table copy that succeeded", labels);
    entry->failed = &rooms_.metrics.GetCounter(
        "copy_refresh_failures", "Refreshes of the table copy that failed", labels);
    entry->seconds = &rooms_.metrics.GetHistogram(
        "copy_refresh_seconds", "How long refreshes of the table copy took", labels);
  }
  rooms_.metrics.OnRender([view = view_, &metrics = rooms_.metrics] {
    const std::lock_guard lock(view->mutex);
    if (!view->copies) return;
    for (const CopyReport& report : view->copies->List()) {
      const base::Labels labels = {{"copy", report.table.name}};
      metrics.GetGauge("copy_rows", "Rows of the table copy", labels)
          .Set(static_cast<double>(report.rows.value_or(0)));
      metrics.GetGauge("copy_bytes", "Bytes of the table copy's values, about", labels)
          .Set(static_cast<double>(report.bytes.value_or(0)));
      if (!report.age) continue;
      metrics.GetGauge("copy_age_seconds", "Since when its rows are as they are", labels)
          .Set(std::chrono::duration<double>(*report.age).count());
    }
  });
}

}  // namespace pintail::cache
