#include "ingest/intake.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "engine/names.h"
#include "engine/tails.h"
#include "ingest/tier_table.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using base::MakeError;

// Puts records of the journal into tails again.
class Replay {
 public:
  Replay(engine::Tails& tails, engine::Connection& connection,
         const std::vector<engine::TailPosition>& positions, Repeats* repeats)
      : tails_(tails), connection_(connection), repeats_(repeats) {
    for (const auto& each : positions) {
      stored_[NameInJournal(each.table)] = each.position;
      highest_ = std::max(highest_, each.position);
    }
  }

  uint64_t highest() const { return highest_; }
  int64_t rows() const { return rows_; }

  arrow::Status Take(journal::Position position, const journal::Record& record) {
    highest_ = std::max(highest_, position);
    const auto stored = stored_.find(record.table);
    if (stored != stored_.end() && position <= stored->second) return arrow::Status::OK();
    const arrow::Status status = Put(position, record);
    if (status.ok()) return status;
    return MakeError(
        ErrorKind::kUnavailable, "the journal holds rows for the table ", record.table,
        " (position ", position, "), which cannot take them: ", status.message(),
        "; journal and database are to be moved and restored together; bring "
        "the table back as it was, or, to go on without those rows, move "
        "the journal's folder away");
  }

 private:
  arrow::Status Put(journal::Position position, const journal::Record& record) {
    ARROW_ASSIGN_OR_RAISE(const engine::TableName table, ParseName(record.table));
    ARROW_ASSIGN_OR_RAISE(const auto target,
                          tails_.TargetFor(connection_, table, *record.schema));
    if (!target) {
      return arrow::Status::Invalid(
          "it has other columns, a key, a check or an index now");
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, tails_.Conform(*target, record.batches));
    ARROW_ASSIGN_OR_RAISE(const auto pass,
                          tails_.Enter(*target, std::chrono::milliseconds(0)));
    ARROW_ASSIGN_OR_RAISE(auto put, RememberPut(record));
    tails_.Add(*target, rows, position, std::move(put));
    for (const auto& batch : rows) rows_ += batch->num_rows();
    return arrow::Status::OK();
  }

  // The put that the record is, if it named itself.
  arrow::Result<std::shared_ptr<const engine::AppliedPut>> RememberPut(
      const journal::Record& record) {
    if (repeats_ == nullptr || record.producer_key.empty()) return nullptr;
    ARROW_ASSIGN_OR_RAISE(engine::AppliedPut put, ParseKeyInJournal(record.producer_key));
    for (const auto& batch : record.batches) put.rows += batch->num_rows();
    put.time = record.time;
    repeats_->Remember(put);
    return std::make_shared<const engine::AppliedPut>(std::move(put));
  }

  engine::Tails& tails_;
  engine::Connection& connection_;
  Repeats* const repeats_;
  std::map<std::string, uint64_t> stored_;
  uint64_t highest_ = 0;
  int64_t rows_ = 0;
};

}  // namespace

arrow::Result<std::unique_ptr<Intake>> Intake::Open(const Ground& ground,
                                                    Options options) {
  std::unique_ptr<Intake> intake(new Intake);
  engine::Tails& tails = ground.database.tails();
  intake->mover_ = std::make_unique<Mover>(tails, ground.timers, ground.clock, ground.log,
                                           options.mover);
  const bool sends = !options.outbox.tables.empty();
  if (sends && !options.journal) {
    return MakeError(ErrorKind::kInvalidArgument,
                     "write_through needs a journal, from which rows are sent on, and "
                     "this database is in memory; give the server a database file");
  }
  if (!sends) {
    ARROW_RETURN_NOT_OK(TieredTables(ground.database, {}).status());
  }
  if (options.journal) {
    if (sends) {
      // Before the table that it makes: where the journal's own ones are.
      ARROW_RETURN_NOT_OK(tails.OpenPositions());
      ARROW_ASSIGN_OR_RAISE(intake->outbox_, Outbox::Open({.database = ground.database,
                                                           .clock = ground.clock,
                                                           .timers = ground.timers,
                                                           .log = ground.log,
                                                           .metrics = ground.metrics},
                                                          options.outbox));
    }
    ARROW_RETURN_NOT_OK(intake->OpenJournal(ground, *options.journal));
  }
  intake->arrivals_ = std::make_unique<Arrivals>(
      tails, intake->journal_.get(), *intake->mover_, ground.clock, ground.timers,
      options.arrivals, intake->outbox_.get());
  if (intake->outbox_) {
    ARROW_RETURN_NOT_OK(intake->outbox_->Start(
        *intake->journal_, options.journal->folder,
        [mover = intake->mover_.get()] { return mover->published(); }));
  }
  intake->mover_->Start([journal = intake->journal_.get(), outbox = intake->outbox_.get(),
                         arrivals = intake->arrivals_.get(),
                         repeats = ground.repeats](uint64_t position) {
    if (outbox != nullptr) position = std::min(position, outbox->sent());
    if (journal != nullptr) journal->Release(position);
    arrivals->Moved();
    if (repeats != nullptr) repeats->Tidy();
  });
  intake->warnings_ = std::make_unique<Warnings>(
      Warnings::Ground{.tails = tails,
                       .mover = *intake->mover_,
                       .journal = intake->journal_.get(),
                       .outbox = intake->outbox_.get(),
                       .clock = ground.clock,
                       .timers = ground.timers,
                       .log = ground.log,
                       .metrics = ground.metrics},
      Warnings::Options{.max_age = options.mover.max_age,
                        .max_bytes = options.journal ? options.journal->max_bytes : 0});
  return intake;
}

arrow::Status Intake::OpenJournal(const Ground& ground,
                                  const journal::Journal::Options& given) {
  engine::Tails& tails = ground.database.tails();
  files_ = journal::MakeSystemFiles();
  ARROW_ASSIGN_OR_RAISE(const auto positions, tails.OpenPositions());
  ARROW_ASSIGN_OR_RAISE(const auto connection, ground.database.Connect());
  Replay replay(tails, *connection, positions, ground.repeats);
  journal::Journal::Options options = given;
  options.at_least = replay.highest();
  ARROW_ASSIGN_OR_RAISE(
      journal_, journal::Journal::Open(
                    options,
                    {.files = *files_,
                     .timers = ground.timers,
                     .clock = ground.clock,
                     .log = ground.log},
                    [&](journal::Position position, const journal::Record& record) {
                      if (outbox_) outbox_->Replayed(position, record);
                      return replay.Take(position, record);
                    }));
  mover_->Published(replay.highest());
  ReportJournal(ground.metrics);
  if (replay.rows() > 0) {
    ground.log.Info("rows of the journal wait for their tables again",
                    {{"rows", replay.rows()}});
  }
  return arrow::Status::OK();
}

void Intake::ReportJournal(base::Metrics& metrics) {
  base::Gauge& bytes =
      metrics.GetGauge("journal_bytes", "Size of the journal's records.");
  base::Gauge& position =
      metrics.GetGauge("journal_position", "Position of the newest record.");
  base::Gauge& lag = metrics.GetGauge(
      "journal_lag", "Records that are not known to be in their tables.");
  base::Gauge& groups = metrics.GetGauge(
      "journal_groups", "Writes to the journal since the start; records come in groups.");
  base::Gauge& records =
      metrics.GetGauge("journal_records", "Records written since the start.");
  base::Gauge& syncs = metrics.GetGauge("journal_syncs", "Syncs since the start.");
  base::Gauge& sync_time =
      metrics.GetGauge("journal_sync_seconds", "What these took, together.");
  base::Gauge& failures =
      metrics.GetGauge("journal_failures", "Writes and syncs that failed.");
  metrics.OnRender([&, journal = journal_.get()] {
    const journal::Figures figures = journal->figures();
    bytes.Set(static_cast<double>(figures.bytes));
    position.Set(static_cast<double>(figures.newest));
    lag.Set(static_cast<double>(figures.newest - figures.released));
    groups.Set(static_cast<double>(figures.groups));
    records.Set(static_cast<double>(figures.records));
    syncs.Set(static_cast<double>(figures.syncs.count));
    sync_time.Set(std::chrono::duration<double>(figures.syncs.sum).count());
    failures.Set(static_cast<double>(figures.failed_writes));
  });
}

Intake::~Intake() { (void)Stop(); }

arrow::Status Intake::Stop() {
  if (outbox_) outbox_->Stop();
  const arrow::Status status = mover_ ? mover_->Stop() : arrow::Status::OK();
  if (journal_) journal_->Stop();
  return status;
}

}  // namespace pintail::ingest
