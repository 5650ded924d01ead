#include "ingest/ingestion.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "engine/insert_place.h"
#include "engine/names.h"
#include "ingest/fitted_rows.h"
#include "ingest/outbox.h"
#include "ingest/resolved_name.h"

namespace pintail::ingest {
namespace {

// Past this much a chunk has as many rows as it will get.
constexpr int64_t kChunkBytes = int64_t{8} << 20;

// A commit of more is worth a transaction of its own.
constexpr int64_t kMostJoinedBytes = int64_t{1} << 20;

BatchQueue::Options QueueOptions(const catalog::StreamPolicy& policy) {
  BatchQueue::Options options{.chunk_rows = std::max<int64_t>(policy.chunk_rows, 1),
                              .chunk_bytes = kChunkBytes,
                              .lockstep = policy.commit_interval.has_value()};
  if (policy.commit_rows) {
    options.chunk_rows = std::clamp<int64_t>(*policy.commit_rows, 1, options.chunk_rows);
    // What is committed ends where a batch ends, so that its producer knows what is safe.
    options.whole_rows = *policy.commit_rows;
  }
  return options;
}

// SQL cannot name a column without a name, so nobody could fill or read it.
arrow::Status CheckNames(const arrow::Schema& arriving) {
  for (int i = 0; i < arriving.num_fields(); ++i) {
    if (arriving.field(i)->name().empty()) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, "column ", i + 1, " of ",
                             arriving.num_fields(),
                             " has no name; give every column one");
    }
  }
  return arrow::Status::OK();
}

}  // namespace

Ingestion::Ingestion(Parts parts, std::shared_ptr<arrow::RecordBatchReader> batches)
    : parts_(std::move(parts)),
      batches_(std::move(batches)),
      queue_(QueueOptions(policy())),
      writer_(WriterParts(parts_.workplace.connection, parts_.order)),
      gathers_(MayGather()) {}

TableWriter::Parts Ingestion::WriterParts(engine::Connection& connection,
                                          const Order& order) const {
  return {.call = parts_.call,
          .connection = connection,
          .order = order,
          .clock = parts_.clock,
          .gates = parts_.gates,
          .lock_timeout = parts_.lock_timeout,
          .tails = parts_.arrivals ? &parts_.arrivals->tails() : nullptr,
          .arriving = batches_->schema()};
}

bool Ingestion::Appends() const {
  const Order& order = parts_.order;
  return !order.temporary && !writer_.in_foreign_transaction() &&
         (order.mode == Mode::kAppend || order.mode == Mode::kCreateOrAppend ||
          outcome_.commits > 0);
}

bool Ingestion::MayGather() const {
  const bool makes = sends_ && parts_.order.mode == Mode::kCreate;
  return parts_.arrivals != nullptr && (Appends() || makes);
}

arrow::Status Ingestion::CheckSending() {
  const Order& order = parts_.order;
  const Outbox* const outbox = parts_.arrivals ? parts_.arrivals->outbox() : nullptr;
  if (outbox == nullptr || !outbox->MaySend(order.table.table))
    return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(const ResolvedName name,
                        Resolve(parts_.workplace.connection, order));
  engine::Tails& tails = parts_.arrivals->tails();
  if (name.temporary ||
      base::LowerCase(name.table.catalog) != base::LowerCase(tails.database())) {
    return arrow::Status::OK();
  }
  Shipper* const shipper = outbox->Find(NameInJournal(name.table));
  if (shipper == nullptr) return arrow::Status::OK();
  const std::string what = "the rows of the table " + engine::QuoteName(order.table) +
                           " are sent on to " +
                           engine::QuoteName(shipper->what().target) + ", ";
  if (writer_.in_foreign_transaction()) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, what,
                           "which cannot be a part of a transaction here; upload them "
                           "outside of it");
  }
  if (order.mode == Mode::kReplace) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, what,
                           "which would keep the rows of the table that is replaced; "
                           "append to it");
  }
  sends_ = true;
  shipper_ = shipper;
  acting_ = tails.ActAsServer(parts_.workplace.connection);
  gathers_ = MayGather();
  return arrow::Status::OK();
}

arrow::RecordBatchVector Ingestion::Gathered() const {
  arrow::RecordBatchVector batches;
  for (const Chunk& chunk : gathered_) {
    batches.insert(batches.end(), chunk.batches.begin(), chunk.batches.end());
  }
  return batches;
}

arrow::Result<Outcome> Ingestion::Run() {
  ARROW_RETURN_NOT_OK(CheckNames(*batches_->schema()));
  const bool with_rule = policy().commit_rows || policy().commit_interval;
  if (with_rule && writer_.in_foreign_transaction()) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "commit_rows and commit_interval cannot be used inside a "
                           "transaction; leave them out, or ingest outside of it");
  }
  ARROW_RETURN_NOT_OK(writer_.CheckTransaction());
  ARROW_RETURN_NOT_OK(CheckSending());
  if (parts_.workplace.turn) parts_.workplace.turn->GiveBack();
  std::jthread reading;
  if (policy().commit_interval) {
    reading = std::jthread([this] { ReadAll(); });
  } else {
    // The first chunk here: small ingests need no thread, and a stream that breaks before
    // it never reaches the table.
    while (!queue_.Ready() && ReadOne()) {
    }
    if (!policy().commit_rows && !queue_.Ended()) {
      reading = std::jthread([this] { ReadAll(); });
    }
  }
  const arrow::Status status = InsertAll();
  // First, so that locks are free though the producer may take its time.
  writer_.Rollback();
  // After these nothing of the commit comes back from the journal at the next start.
  const base::ErrorKind kind = base::KindOf(status);
  const bool is_gone = !status.ok() && kind != base::ErrorKind::kUnavailable &&
                       kind != base::ErrorKind::kInternal;
  if (is_gone && outcome_.commits == 0) writer_.TakeTableBack();
  alarm_.reset();
  queue_.Close();
  if (reading.joinable()) reading.join();
  if (!status.ok() && outcome_.commits > 0) {
    return base::WithContext(status, "after " + std::to_string(outcome_.rows) +
                                         " rows were committed, and the rest was not");
  }
  ARROW_RETURN_NOT_OK(status);
  return outcome_;
}

bool Ingestion::ReadOne() {
  if (!current_ || current_->num_rows() == 0) {
    arrow::Status status = parts_.call.CheckAlive();
    if (status.ok()) status = batches_->ReadNext(&current_);
    if (!status.ok() || !current_) {
      queue_.End(std::move(status));
      return false;
    }
    if (current_->num_rows() == 0) return true;
  }
  const int64_t rows =
      std::min(current_->num_rows(), std::max<int64_t>(policy().chunk_rows, 1));
  std::shared_ptr<arrow::RecordBatch> piece =
      rows == current_->num_rows() ? current_ : current_->Slice(0, rows);
  current_ = rows == current_->num_rows() ? nullptr : current_->Slice(rows);
  return queue_.Put(std::move(piece));
}

void Ingestion::ReadAll() {
  while (ReadOne()) {
  }
}

arrow::Status Ingestion::InsertAll() {
  const bool reads_here = policy().commit_rows && !policy().commit_interval;
  while (true) {
    if (reads_here) {
      while (!queue_.Ready() && ReadOne()) {
      }
    }
    ARROW_ASSIGN_OR_RAISE(Chunk chunk, queue_.Take(parts_.call));
    if (chunk.rows > 0) ARROW_RETURN_NOT_OK(TakeChunk(std::move(chunk)));
    const bool at_end = queue_.AtEnd();
    // A stream without rows still makes its table.
    if (at_end && outcome_.commits == 0 && gathered_.empty()) {
      ARROW_RETURN_NOT_OK(OpenAtEnd());
    }
    if (CommitIsDue() || at_end) ARROW_RETURN_NOT_OK(CommitPending());
    if (at_end) return arrow::Status::OK();
    queue_.Done();
  }
}

template <typename Work>
arrow::Status Ingestion::InTurn(const Work& work) {
  ConnectionTurn* const turn = parts_.workplace.turn;
  if (turn == nullptr) return work();
  ARROW_RETURN_NOT_OK(turn->Take());
  const arrow::Status status = work();
  turn->GiveBack();
  return status;
}

arrow::Status Ingestion::TakeChunk(Chunk chunk) {
  if (gathers_) {
    const auto place =
        parts_.arrivals->PlaceFor(parts_.workplace.connection, parts_.order.table,
                                  *chunk.batches.front()->schema(), target_);
    const Mode mode = parts_.order.mode;
    const bool is_made = sends_ && mode == Mode::kCreate && outcome_.commits == 0;
    makes_table_ =
        place == Arrivals::Place::kNoTable && (mode == Mode::kCreateOrAppend || is_made);
    const bool fits =
        place == Arrivals::Place::kTail || (sends_ && place == Arrivals::Place::kTable);
    gathers_ = makes_table_ || (fits && (!is_made || !gathered_.empty()));
  }
  if (!gathers_) return JoinOrInsert(std::move(chunk));
  ARROW_ASSIGN_OR_RAISE(
      const bool fits, room_.Grow(parts_.call, *parts_.arrivals, parts_.order.table.table,
                                  chunk.bytes, queue_.bytes()));
  if (pending_rows_ == 0) StartInterval();
  pending_rows_ += chunk.rows;
  pending_bytes_ += chunk.bytes;
  gathered_.push_back(std::move(chunk));
  if (fits) return arrow::Status::OK();
  if (!sends_) return InsertGathered();
  return base::MakeError(
      base::ErrorKind::kResourceExhausted, "the rows of the table ",
      engine::QuoteName(parts_.order.table),
      " are sent on to a source, so each commit goes through the journal, and this one "
      "has more than ",
      parts_.arrivals->options().max_commit_bytes,
      " bytes (ingest.tail_commit_size), or there was no room for it; ",
      outcome_.commits > 0 ? "send the rest" : "nothing of it was applied. Send it",
      " in smaller commits (commit_rows), or later");
}

bool Ingestion::MayJoin() const {
  if (sends_ || !Appends()) return false;
  const auto place = engine::InsertPlace(parts_.workplace.connection, parts_.order.table);
  return place.ok() && *place;
}

arrow::Status Ingestion::JoinOrInsert(Chunk chunk) {
  if (pending_rows_ == 0) joins_ = MayJoin();
  joins_ = joins_ && pending_bytes_ + chunk.bytes <= kMostJoinedBytes;
  if (!joins_) {
    if (!gathered_.empty()) ARROW_RETURN_NOT_OK(InsertGathered());
    return InsertChunk(std::move(chunk));
  }
  if (pending_rows_ == 0) StartInterval();
  pending_rows_ += chunk.rows;
  pending_bytes_ += chunk.bytes;
  gathered_.push_back(std::move(chunk));
  return arrow::Status::OK();
}

arrow::Status Ingestion::CommitJoined() {
  // Once more, as the producer may have taken its time.
  ARROW_ASSIGN_OR_RAISE(const auto place, engine::InsertPlace(parts_.workplace.connection,
                                                              parts_.order.table));
  if (!place) return InsertGathered();
  open_until_ = parts_.clock.Now() + parts_.lock_timeout;
  JoinedCommits::Part part{.call = parts_.call,
                           .place = *place,
                           .schema = batches_->schema(),
                           .policy = policy().schema_policy,
                           .batches = Gathered(),
                           .rows = pending_rows_,
                           .bytes = pending_bytes_,
                           .write_key = {},
                           .until = *open_until_,
                           .commit_all = {},
                           .commit_alone = {}};
  bool alone = false;
  if (parts_.claim) {
    part.write_key = [this, rows = pending_rows_](engine::Connection& connection) {
      parts_.claim->Apply(rows);
      return parts_.claim->WriteDown(connection);
    };
  }
  part.commit_all = [this](const auto& all) { return CommitAll(all); };
  part.commit_alone = [&]() -> arrow::Status {
    alone = true;
    ARROW_RETURN_NOT_OK(InsertGathered());
    ARROW_RETURN_NOT_OK(WriteKey());
    return writer_.Commit();
  };
  ARROW_RETURN_NOT_OK(parts_.joined.Commit(part));
  open_until_.reset();
  if (!alone) writer_.CommittedElsewhere(pending_rows_);
  gathered_.clear();
  return arrow::Status::OK();
}

arrow::Result<bool> Ingestion::CommitAll(
    const std::vector<const JoinedCommits::Part*>& all) {
  // A connection that nobody interrupts: it commits for others too.
  ARROW_ASSIGN_OR_RAISE(const auto connection, parts_.workplace.connection.Fork());
  Order order = parts_.order;
  order.mode = Mode::kAppend;
  TableWriter writer(WriterParts(*connection, order));
  const auto open = writer.OpenAsItIs(*open_until_);
  if (!open.ok() || !*open) return false;
  Chunk chunk;
  for (const JoinedCommits::Part* part : all) {
    chunk.batches.insert(chunk.batches.end(), part->batches.begin(), part->batches.end());
    chunk.rows += part->rows;
    chunk.bytes += part->bytes;
  }
  if (!writer.Insert(std::move(chunk)).ok()) return false;
  for (const JoinedCommits::Part* part : all) {
    if (part->write_key && !part->write_key(*connection).ok()) return false;
  }
  const arrow::Status status = writer.Commit();
  if (status.ok()) return true;
  // A refused commit has left nothing behind. After any other failure nobody should send
  // again what may be there.
  const base::ErrorKind kind = base::KindOf(status);
  if (kind == base::ErrorKind::kConflict || kind == base::ErrorKind::kInvalidArgument) {
    return false;
  }
  return status;
}

arrow::Status Ingestion::InsertGathered() {
  gathers_ = false;
  joins_ = false;
  pending_rows_ = 0;
  pending_bytes_ = 0;
  for (Chunk& chunk : gathered_) ARROW_RETURN_NOT_OK(InsertChunk(std::move(chunk)));
  gathered_.clear();
  room_.Clear();
  return arrow::Status::OK();
}

// A commit of its own, since nobody else would find the table for its rows before.
arrow::Status Ingestion::MakeTable() {
  return InTurn([&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(writer_.Open());
    return writer_.Commit();
  });
}

arrow::Status Ingestion::CommitGathered() {
  if (joins_) return CommitJoined();
  if (makes_table_) ARROW_RETURN_NOT_OK(MakeTable());
  const auto committed = parts_.arrivals->Commit(
      parts_.call, parts_.workplace.connection, parts_.order.table, Gathered(),
      policy().durability, target_,
      parts_.claim ? parts_.claim->Apply(pending_rows_) : nullptr);
  ARROW_RETURN_NOT_OK(committed);
  makes_table_ = false;
  if (!*committed) return sends_ ? CommitFitted() : InsertGathered();
  position_ = **committed;
  waits_ = sends_ && IsToWait(Gathered());
  gathered_.clear();
  room_.Clear();
  return arrow::Status::OK();
}

bool Ingestion::IsToWait(const arrow::RecordBatchVector& rows) const {
  return shipper_->what().sync || parts_.arrivals->outbox()->IsLate(*shipper_, rows);
}

arrow::Status Ingestion::CommitFitted() {
  ARROW_RETURN_NOT_OK(MakeTable());
  const auto fitted =
      FitToTable(parts_.workplace.connection, parts_.order.table, Gathered());
  if (!fitted.ok() || fitted->empty()) return RefuseToSend();
  target_ = nullptr;
  ARROW_ASSIGN_OR_RAISE(const auto committed,
                        parts_.arrivals->Commit(
                            parts_.call, parts_.workplace.connection, parts_.order.table,
                            *fitted, policy().durability, target_,
                            parts_.claim ? parts_.claim->Apply(pending_rows_) : nullptr));
  // The next ones come as these did.
  target_ = nullptr;
  if (!committed) return RefuseToSend();
  position_ = *committed;
  waits_ = IsToWait(*fitted);
  gathered_.clear();
  room_.Clear();
  return arrow::Status::OK();
}

// The table itself says best what is wrong with the rows, if something is.
arrow::Status Ingestion::RefuseToSend() {
  ARROW_RETURN_NOT_OK(InsertGathered());
  writer_.Rollback();
  return base::MakeError(
      base::ErrorKind::kInvalidArgument, "the rows of the table ",
      engine::QuoteName(parts_.order.table),
      " are sent on to a source from the journal, and it has a key, a check, an index or "
      "a default, so its rows cannot go there; drop that, or take write_through off its "
      "stream");
}

// What went into the tail has its key there.
arrow::Status Ingestion::WriteKey() {
  engine::Connection& connection = parts_.workplace.connection;
  if (!parts_.claim || !connection.InTransaction()) return arrow::Status::OK();
  parts_.claim->Apply(pending_rows_);
  return parts_.claim->WriteDown(connection);
}

arrow::Status Ingestion::InsertChunk(Chunk chunk) {
  return InTurn([&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(writer_.Open(open_until_));
    if (pending_rows_ == 0) StartInterval();
    const int64_t bytes = chunk.bytes;
    ARROW_ASSIGN_OR_RAISE(const int64_t inserted, writer_.Insert(std::move(chunk)));
    pending_rows_ += inserted;
    pending_bytes_ += bytes;
    return arrow::Status::OK();
  });
}

arrow::Status Ingestion::OpenAtEnd() {
  return InTurn([&] { return writer_.Open(); });
}

void Ingestion::StartInterval() {
  if (!policy().commit_interval) return;
  // Others wait for the table as long as the transaction lasts, and none should in vain:
  // a rule that commits anyway can do it before they give up.
  const auto soon = std::max(parts_.lock_timeout / 2, std::chrono::milliseconds(1));
  commit_due_ = parts_.clock.Now() + std::min(*policy().commit_interval, soon);
  alarm_ = parts_.timers.At(*commit_due_, [this] { queue_.Nudge(); });
}

bool Ingestion::CommitIsDue() const {
  if (pending_rows_ == 0) return false;
  if (policy().commit_rows && pending_rows_ >= *policy().commit_rows) return true;
  return commit_due_ && parts_.clock.Now() >= *commit_due_;
}

arrow::Status Ingestion::CommitPending() {
  // Nothing new since the last one.
  if (pending_rows_ == 0 && outcome_.commits > 0) return arrow::Status::OK();
  ARROW_RETURN_NOT_OK(parts_.call.CheckAlive());
  position_ = 0;
  if (!gathered_.empty()) ARROW_RETURN_NOT_OK(CommitGathered());
  ARROW_RETURN_NOT_OK(WriteKey());
  ARROW_RETURN_NOT_OK(writer_.Commit());
  if (parts_.claim) parts_.claim->Confirm();
  if (std::exchange(waits_, false)) {
    ARROW_RETURN_NOT_OK(shipper_->AwaitSent(parts_.call, position_,
                                            parts_.clock.Now() + parts_.lock_timeout));
  }
  if (!gathers_ && parts_.arrivals != nullptr) {
    parts_.arrivals->WentStraight(parts_.order.table.table, pending_bytes_);
  }
  joins_ = false;
  commit_due_.reset();
  const Commit commit{.number = outcome_.commits + 1,
                      .rows = outcome_.rows + pending_rows_,
                      .new_rows = std::exchange(pending_rows_, 0),
                      .new_bytes = std::exchange(pending_bytes_, 0),
                      .position = position_};
  outcome_.rows = commit.rows;
  outcome_.bytes += commit.new_bytes;
  if (writer_.in_foreign_transaction()) return arrow::Status::OK();
  outcome_.commits = commit.number;
  outcome_.position = commit.position;
  gathers_ = MayGather();
  parts_.streams.RecordCommit(parts_.order.stream, commit.new_rows, commit.new_bytes);
  return parts_.on_commit ? parts_.on_commit(commit) : arrow::Status::OK();
}

}  // namespace pintail::ingest
