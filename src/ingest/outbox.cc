#include "ingest/outbox.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "arrow/record_batch.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "columnar/batch_bytes.h"
#include "engine/names.h"
#include "engine/tails.h"
#include "ingest/arrivals.h"
#include "ingest/tier_table.h"
#include "ingest/tier_view.h"
#include "ingest/view_columns.h"

namespace pintail::ingest {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<arrow::Schema> Columns() {
  return arrow::schema(
      {arrow::field("table_name", arrow::utf8()), arrow::field("target", arrow::utf8()),
       arrow::field("mode", arrow::utf8()), arrow::field("guarantee", arrow::utf8()),
       arrow::field("state", arrow::utf8()), arrow::field("position", arrow::int64()),
       arrow::field("lag_rows", arrow::int64()),
       arrow::field("lag_bytes", arrow::int64()), arrow::field("lag_ms", arrow::int64()),
       arrow::field("sent_rows", arrow::int64()),
       arrow::field("shipments", arrow::int64()), arrow::field("retries", arrow::int64()),
       arrow::field("dead_letters", arrow::int64()),
       arrow::field("last_sent_at", InstantType()),
       arrow::field("last_error", arrow::utf8())});
}

int64_t LagOf(const WriteThroughFigures& each, const base::Clock& clock) {
  if (!each.oldest) return 0;
  return std::chrono::floor<milliseconds>(clock.Now() - *each.oldest).count();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(
    const std::vector<WriteThroughFigures>& all, const base::Clock& clock) {
  using F = WriteThroughFigures;
  arrow::ArrayVector columns(15);
  ARROW_ASSIGN_OR_RAISE(columns[0],
                        Texts(all, [](const F& f) { return Dotted(f.what.table); }));
  ARROW_ASSIGN_OR_RAISE(columns[1],
                        Texts(all, [](const F& f) { return Dotted(f.what.target); }));
  ARROW_ASSIGN_OR_RAISE(columns[2], Texts(all, [](const F& each) {
                          return std::string(each.what.sync ? "sync" : "async");
                        }));
  ARROW_ASSIGN_OR_RAISE(columns[3], Texts(all, [](const F& f) { return f.guarantee; }));
  ARROW_ASSIGN_OR_RAISE(columns[4], Texts(all, [](const F& f) { return f.state; }));
  ARROW_ASSIGN_OR_RAISE(columns[5], Numbers(all, [](const F& f) {
                          return static_cast<int64_t>(f.place.position);
                        }));
  ARROW_ASSIGN_OR_RAISE(columns[6], Numbers(all, [](const F& f) { return f.lag_rows; }));
  ARROW_ASSIGN_OR_RAISE(columns[7], Numbers(all, [](const F& f) { return f.lag_bytes; }));
  ARROW_ASSIGN_OR_RAISE(columns[8],
                        Numbers(all, [&](const F& f) { return LagOf(f, clock); }));
  ARROW_ASSIGN_OR_RAISE(columns[9], Numbers(all, [](const F& f) { return f.sent_rows; }));
  ARROW_ASSIGN_OR_RAISE(columns[10],
                        Numbers(all, [](const F& f) { return f.shipments; }));
  ARROW_ASSIGN_OR_RAISE(columns[11], Numbers(all, [](const F& f) { return f.retries; }));
  ARROW_ASSIGN_OR_RAISE(columns[12],
                        Numbers(all, [](const F& f) { return f.dead_letters; }));
  ARROW_ASSIGN_OR_RAISE(columns[13],
                        Instants(all, [](const F& f) { return f.last_sent; }));
  ARROW_ASSIGN_OR_RAISE(columns[14], Texts(all, [](const F& f) { return f.last_error; }));
  return arrow::RecordBatch::Make(Columns(), static_cast<int64_t>(all.size()),
                                  std::move(columns));
}

}  // namespace

arrow::Result<std::unique_ptr<Outbox>> Outbox::Open(const Ground& ground,
                                                    Options options) {
  std::unique_ptr<Outbox> outbox(new Outbox(ground));
  std::vector<engine::SentOnTable> sent_on;
  for (const WriteThrough& each : options.tables) {
    const std::string name = base::LowerCase(NameInJournal(each.table));
    if (!outbox->tables_.emplace(name, Table{.what = each}).second) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, "the table ",
                             Dotted(each.table),
                             " has write_through in two streams; leave it in one");
    }
    sent_on.push_back({.table = each.table, .target = Dotted(each.target)});
  }
  outbox->options_ = std::move(options);
  engine::Database& database = ground.database;
  database.tails().SetSentOn(std::move(sent_on));
  ARROW_ASSIGN_OR_RAISE(outbox->letters_, DeadLetters::Open(database, ground.clock));
  outbox->self_ = std::make_shared<Outbox*>(outbox.get());
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "write_through", Columns(),
      [alive = std::weak_ptr(outbox->self_),
       &clock = ground.clock]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        const auto held = alive.lock();
        return held ? RowsOf((*held)->figures(), clock)
                    : arrow::RecordBatch::MakeEmpty(Columns());
      }));
  outbox->ReportFigures();
  return outbox;
}

void Outbox::ReportFigures() {
  base::Metrics& metrics = ground_.metrics;
  struct Gauges {
    base::Gauge& lag_rows;
    base::Gauge& lag_bytes;
    base::Gauge& lag_seconds;
    base::Gauge& sent;
    base::Gauge& retries;
    base::Gauge& letters;
  };
  for (const auto& [name, table] : tables_) {
    const base::Labels labels = {{"table", Dotted(table.what.table)}};
    const Gauges gauges = {
        metrics.GetGauge("write_through_lag_rows",
                         "Rows not known to be in their source.", labels),
        metrics.GetGauge("write_through_lag_bytes", "What these have in the journal.",
                         labels),
        metrics.GetGauge("write_through_lag_seconds", "How long the oldest has waited.",
                         labels),
        metrics.GetGauge("write_through_sent_rows", "Rows sent since the start.", labels),
        metrics.GetGauge("write_through_retries", "Attempts that failed since the start.",
                         labels),
        metrics.GetGauge("write_through_dead_letters", "Rows that the source refused.",
                         labels)};
    metrics.OnRender(
        [gauges, name, alive = std::weak_ptr(self_), &clock = ground_.clock] {
          const auto held = alive.lock();
          const Shipper* shipper = held ? (*held)->Find(name) : nullptr;
          if (shipper == nullptr) return;
          const WriteThroughFigures now = shipper->figures();
          gauges.lag_rows.Set(static_cast<double>(now.lag_rows));
          gauges.lag_bytes.Set(static_cast<double>(now.lag_bytes));
          gauges.lag_seconds.Set(static_cast<double>(LagOf(now, clock)) / 1000);
          gauges.sent.Set(static_cast<double>(now.sent_rows));
          gauges.retries.Set(static_cast<double>(now.retries));
          gauges.letters.Set(static_cast<double>(now.dead_letters));
        });
  }
}

void Outbox::Replayed(uint64_t position, const journal::Record& record) {
  const auto found = tables_.find(base::LowerCase(record.table));
  if (found == tables_.end()) return;
  Table& table = found->second;
  table.replayed = position;
  for (const auto& batch : record.batches) {
    table.rows += batch->num_rows();
    table.bytes += columnar::BytesOf(*batch);
  }
}

arrow::Status Outbox::Start(const journal::Journal& journal,
                            const std::filesystem::path& folder,
                            const std::function<uint64_t()>& published) {
  for (const auto& [name, table] : tables_) {
    auto shipper = std::make_unique<Shipper>(
        table.what, name,
        Shipper::Ground{.journal = journal,
                        .folder = folder,
                        .link = {.database = ground_.database,
                                 .extension_directory = options_.extension_directory,
                                 .sources = options_.sources},
                        .letters = *letters_,
                        .clock = ground_.clock,
                        .timers = ground_.timers,
                        .log = ground_.log},
        options_.shipper);
    if (table.replayed > 0) shipper->Published(table.replayed, table.rows, table.bytes);
    shippers_.emplace(name, std::move(shipper));
  }
  ARROW_RETURN_NOT_OK(OpenTiers(published));
  for (const auto& [name, shipper] : shippers_) shipper->Start();
  for (const auto& [shipper, tier] : tiers_) tier->Start();
  return arrow::Status::OK();
}

arrow::Status Outbox::OpenTiers(const std::function<uint64_t()>& published) {
  ARROW_ASSIGN_OR_RAISE(auto tables, TieredTables(ground_.database, options_.tables));
  for (WriteThrough& what : tables) {
    Shipper& shipper = *Find(NameInJournal(what.table));
    ARROW_ASSIGN_OR_RAISE(
        tiers_[&shipper],
        Tier::Open({.database = ground_.database,
                    .shipper = shipper,
                    .link = {.database = ground_.database,
                             .extension_directory = options_.extension_directory,
                             .sources = options_.sources},
                    .published = published,
                    .clock = ground_.clock,
                    .timers = ground_.timers,
                    .log = ground_.log},
                   what));
  }
  const auto figures = [alive = std::weak_ptr(self_)] {
    std::vector<TierFigures> all;
    if (const auto held = alive.lock()) {
      for (const auto& [shipper, tier] : (*held)->tiers_) all.push_back(tier->figures());
    }
    return all;
  };
  return ShowTiers(ground_.database, ground_.metrics, tables, figures);
}

bool Outbox::IsLate(const Shipper& shipper, const arrow::RecordBatchVector& rows) const {
  const auto tier = tiers_.find(&shipper);
  return tier != tiers_.end() && tier->second->IsLate(rows);
}

void Outbox::Stop() {
  self_.reset();
  for (const auto& [shipper, tier] : tiers_) tier->Stop();
  for (const auto& [name, shipper] : shippers_) shipper->Stop();
}

Shipper* Outbox::Find(const std::string& name) const {
  const auto found = shippers_.find(base::LowerCase(name));
  return found == shippers_.end() ? nullptr : found->second.get();
}

bool Outbox::MaySend(const std::string& table) const {
  const std::string name = base::LowerCase(table);
  return std::ranges::any_of(tables_, [&](const auto& each) {
    return base::LowerCase(each.second.what.table.table) == name;
  });
}

uint64_t Outbox::sent() const {
  uint64_t sent = std::numeric_limits<uint64_t>::max();
  for (const auto& [name, shipper] : shippers_) sent = std::min(sent, shipper->sent());
  return sent;
}

std::vector<WriteThroughFigures> Outbox::figures() const {
  std::vector<WriteThroughFigures> all;
  for (const auto& [name, shipper] : shippers_) all.push_back(shipper->figures());
  return all;
}

}  // namespace pintail::ingest
