#include "ingest/table_writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "catalog/text_rows.h"
#include "columnar/exact_double.h"
#include "columnar/schema_change.h"
#include "columnar/target_column.h"
#include "engine/names.h"
#include "ingest/bad_value.h"
#include "ingest/column_types.h"
#include "ingest/fixed_columns.h"
#include "ingest/resolved_name.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using base::MakeError;
using engine::QuoteName;

// How often the opening is tried when other clients' SQL changes the table at that
// moment.
constexpr int kMaxAttempts = 8;

// How long rows that go straight into a table wait for those that arrived before them.
constexpr std::chrono::milliseconds kTailPatience{1'000};

// Waits a little longer each time; the call's error when it is cancelled meanwhile.
arrow::Status WaitBeforeAttempt(const base::CallContext& call, int attempt) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, call.stop_token(), std::chrono::milliseconds(attempt * attempt),
                 [] { return false; });
  return call.CheckAlive();
}

}  // namespace

struct TableWriter::Change {
  Need need = Need::kNothing;
  columnar::SchemaChange columns;  // of kNothing and kAlter
};

TableWriter::TableWriter(Parts parts)
    : parts_(std::move(parts)),
      foreign_(parts_.connection.InTransaction()),
      table_(parts_.order.table),
      mode_(parts_.order.mode) {
  if (parts_.order.temporary) {
    table_.catalog = "temp";
    table_.schema = "main";
  }
}

TableWriter::~TableWriter() { Rollback(); }

arrow::Status TableWriter::Open(std::optional<base::Clock::Steady> given_until) {
  ARROW_RETURN_NOT_OK(CheckTransaction());
  if (open_) return arrow::Status::OK();
  // For all attempts together.
  const base::Clock::Steady until =
      given_until.value_or(parts_.clock.Now() + parts_.lock_timeout);
  const bool makes = mode_ == Mode::kCreate || mode_ == Mode::kReplace;
  TableGates::Use use = makes ? TableGates::Use::kChange : TableGates::Use::kAppend;
  for (int attempt = 1;; ++attempt) {
    bool needs_change = false;
    if (!foreign_) ARROW_RETURN_NOT_OK(Enter(parts_.call, use, until));
    const arrow::Status status = Fit(use, needs_change);
    if (status.ok() && !needs_change) {
      open_ = true;
      return status;
    }
    // In the caller's transaction nothing can be tried again: it would have to be begun
    // anew to see what the others did.
    if (foreign_) return status;
    Rollback();
    if (needs_change) {
      use = TableGates::Use::kChange;
      continue;
    }
    if (base::KindOf(status) != ErrorKind::kConflict || attempt == kMaxAttempts) {
      return status;
    }
    ARROW_RETURN_NOT_OK(WaitBeforeAttempt(parts_.call, attempt));
  }
}

arrow::Result<bool> TableWriter::OpenAsItIs(base::Clock::Steady until) {
  bool needs_change = false;
  ARROW_RETURN_NOT_OK(Enter(parts_.call, TableGates::Use::kAppend, until));
  const arrow::Status status = Fit(TableGates::Use::kAppend, needs_change);
  open_ = status.ok() && !needs_change;
  if (!open_) Rollback();
  ARROW_RETURN_NOT_OK(status);
  return !needs_change;
}

arrow::Status TableWriter::CheckTransaction() {
  if (!foreign_) return arrow::Status::OK();
  if (parts_.connection.InTransaction()) {
    ARROW_ASSIGN_OR_RAISE(const auto now,
                          catalog::TextRows(parts_.connection, "SELECT txid_current()"));
    const std::string transaction = now.at(0).at(0).value_or("");
    if (transaction_.empty()) transaction_ = transaction;
    if (transaction == transaction_) return arrow::Status::OK();
  }
  return MakeError(ErrorKind::kInvalidArgument,
                   "the transaction that this upload is part of was ended before the "
                   "upload was, and the rows that had come by then with it; end the "
                   "upload first, then the transaction");
}

arrow::Status TableWriter::Enter(const base::CallContext& call, TableGates::Use use,
                                 base::Clock::Steady until) {
  if (gate_name_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const ResolvedName name,
                          Resolve(parts_.connection, parts_.order));
    gate_name_ = name.Text();
  }
  auto pass = parts_.gates.Enter(call, {.table = gate_name_, .use = use, .until = until});
  if (pass.ok()) {
    pass_ = *std::move(pass);
    if (parts_.tails == nullptr) return arrow::Status::OK();
    // Rows that arrived before the transaction begins would be in the way of the change.
    if (use == TableGates::Use::kChange) {
      return parts_.tails->Close(table_.table).Value(&closed_);
    }
    // So that rows are read in the order in which they came. Where a transaction keeps
    // them from being stored, the order is the lesser evil.
    (void)parts_.tails->Store(table_.table, std::min(parts_.lock_timeout, kTailPatience));
    return arrow::Status::OK();
  }
  if (base::KindOf(pass.status()) != ErrorKind::kConflict) return pass.status();
  return MakeError(ErrorKind::kConflict, "the table ", QuoteName(table_),
                   " cannot be written to now: ", pass.status().message(),
                   ", and this one has waited as long as ingest.lock_timeout allows (",
                   parts_.lock_timeout.count(), " ms); ",
                   committed_ ? "send again what was not committed"
                              : "nothing has been changed, so it is safe to try again");
}

arrow::Status TableWriter::Fit(TableGates::Use use, bool& needs_change) {
  // After the gate, so that the transaction sees what those before us committed.
  if (!foreign_) ARROW_RETURN_NOT_OK(parts_.connection.Begin());
  ARROW_ASSIGN_OR_RAISE(const Change change, Plan());
  if (!foreign_ && change.need != Need::kNothing && use == TableGates::Use::kAppend) {
    needs_change = true;
    return arrow::Status::OK();
  }
  ARROW_RETURN_NOT_OK(ExplainView(Apply(change)));
  Settle(change);
  return arrow::Status::OK();
}

arrow::Result<TableWriter::Change> TableWriter::Plan() {
  Change change;
  if (mode_ == Mode::kReplace) {
    change.need = Need::kReplace;
    return change;
  }
  ARROW_ASSIGN_OR_RAISE(const auto existing, ExistingColumns());
  if (existing && mode_ == Mode::kCreate) {
    return MakeError(ErrorKind::kAlreadyExists, "the table ", QuoteName(table_),
                     " exists already; append to it, replace it, or choose another name");
  }
  if (!existing && committed_ && mode_ == Mode::kAppend) {
    return MakeError(ErrorKind::kNotFound, "the table ", QuoteName(table_),
                     " is gone: it was dropped or renamed while this upload wrote to it; "
                     "find out what became of the rows, then send again what is missing");
  }
  if (!existing && mode_ == Mode::kAppend) {
    return MakeError(ErrorKind::kNotFound, "there is no table ", QuoteName(table_),
                     "; create it first, or ingest with a mode that creates it");
  }
  if (!existing) {
    change.need = Need::kCreate;
    return change;
  }
  ARROW_ASSIGN_OR_RAISE(change.columns, columnar::PlanSchemaChange(
                                            *existing, *parts_.arriving,
                                            parts_.order.stream.policy.schema_policy));
  ARROW_RETURN_NOT_OK(CheckWidening(change.columns.widened, *existing));
  const bool alters = !change.columns.added.empty() || !change.columns.widened.empty();
  if (alters) change.need = Need::kAlter;
  return change;
}

arrow::Status TableWriter::CheckWidening(const arrow::FieldVector& widened,
                                         const arrow::Schema& existing) {
  const columnar::TargetColumns data(parts_.arriving.get());
  for (const auto& field : widened) {
    ARROW_ASSIGN_OR_RAISE(const auto fixed,
                          WhatFixesType(parts_.connection, table_, field->name()));
    if (!fixed) continue;
    const auto column = existing.GetFieldByName(field->name());
    const auto arriving = data.Find(field->name())->type();
    return MakeError(ErrorKind::kInvalidArgument, "column '", field->name(), "' of ",
                     QuoteName(table_), " is ", column->type()->ToString(),
                     " and the data has ", arriving->ToString(),
                     ", and the column cannot be widened because of ", *fixed, "; send ",
                     column->type()->ToString(),
                     ", or use the schema policy coerce, which casts each value that "
                     "fits and refuses others");
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Schema>> TableWriter::ExistingColumns() {
  const auto columns = parts_.connection.TableSchema(table_);
  if (columns.ok()) return *columns;
  if (base::KindOf(columns.status()) != ErrorKind::kNotFound) return columns.status();
  return std::shared_ptr<arrow::Schema>();
}

arrow::Status TableWriter::Apply(const Change& change) {
  switch (change.need) {
    case Need::kNothing:
      return arrow::Status::OK();
    case Need::kAlter:
      return Alter(change);
    case Need::kCreate:
    case Need::kReplace:
      break;
  }
  return parts_.connection.CreateTable(table_, *parts_.arriving, parts_.order.temporary,
                                       /*or_replace=*/change.need == Need::kReplace,
                                       /*if_not_exists=*/false);
}

arrow::Status TableWriter::Alter(const Change& change) {
  arrow::FieldVector fields = change.columns.added;
  fields.insert(fields.end(), change.columns.widened.begin(),
                change.columns.widened.end());
  ARROW_ASSIGN_OR_RAISE(const auto types, SqlTypes(parts_.connection, fields));
  for (size_t i = 0; i < fields.size(); ++i) {
    const bool added = i < change.columns.added.size();
    const std::string statement =
        "ALTER TABLE " + QuoteName(table_) + (added ? " ADD COLUMN " : " ALTER COLUMN ") +
        QuoteName(fields[i]->name()) + (added ? " " : " SET DATA TYPE ") + types[i];
    ARROW_RETURN_NOT_OK(parts_.connection.Run(statement).status());
  }
  return arrow::Status::OK();
}

void TableWriter::Settle(const Change& change) {
  makes_ = change.need == Need::kCreate;
  inserted_ = parts_.arriving;
  exact_.clear();
  altered_.clear();
  for (const auto& fields : {change.columns.added, change.columns.widened}) {
    for (const auto& field : fields) altered_.insert(field->name());
  }
  const auto& names = change.columns.target_columns;
  if (names.empty()) return;  // the table is made of the arriving columns
  arrow::FieldVector fields;
  for (int i = 0; i < parts_.arriving->num_fields(); ++i) {
    const std::string& name = names[static_cast<size_t>(i)];
    fields.push_back(parts_.arriving->field(i)->WithName(name));
    const auto column = change.columns.result->GetFieldByName(name);
    if (column && column->type()->id() == arrow::Type::DOUBLE &&
        columnar::MayBeInexactAsDouble(*parts_.arriving->field(i)->type())) {
      exact_.push_back(i);
    }
  }
  inserted_ = arrow::schema(std::move(fields), parts_.arriving->metadata());
}

arrow::Status TableWriter::CheckExact(const arrow::RecordBatch& batch) const {
  // Who asks for casts takes their rounding.
  if (parts_.order.stream.policy.schema_policy == columnar::SchemaPolicy::kCoerce) {
    return arrow::Status::OK();
  }
  for (const int i : exact_) {
    ARROW_RETURN_NOT_OK(
        columnar::CheckExactAsDouble(*batch.column(i), batch.column_name(i)));
  }
  return arrow::Status::OK();
}

arrow::Result<int64_t> TableWriter::Insert(Chunk chunk) {
  for (auto& batch : chunk.batches) {
    ARROW_RETURN_NOT_OK(CheckExact(*batch));
    if (inserted_->Equals(*batch->schema(), /*check_metadata=*/false)) continue;
    batch = arrow::RecordBatch::Make(inserted_, batch->num_rows(), batch->columns());
  }
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        arrow::RecordBatchReader::Make(chunk.batches, inserted_));
  arrow::Result<int64_t> inserted = parts_.connection.Insert(table_, std::move(reader));
  if (inserted.ok()) {
    rows_ += *inserted;
    return inserted;
  }
  return ExplainValue(ExplainView(inserted.status()), chunk.batches);
}

arrow::Status TableWriter::ExplainValue(const arrow::Status& refused,
                                        const arrow::RecordBatchVector& batches) {
  if (base::KindOf(refused) != ErrorKind::kInvalidArgument) return refused;
  const auto found = FindBadValue(parts_.connection, table_, batches, altered_);
  if (!found.ok() || !*found) return refused;
  const BadValue& bad = **found;
  return MakeError(ErrorKind::kInvalidArgument, "row ", rows_ + bad.row + 1,
                   ", column \"", bad.column, "\" of the table, which is ", bad.type,
                   ": ", bad.value, " is no such value");
}

arrow::Status TableWriter::ExplainView(const arrow::Status& refused) {
  if (refused.ok() || base::KindOf(refused) != ErrorKind::kInvalidSql) return refused;
  std::string query =
      "SELECT view_name FROM duckdb_views() WHERE lower(view_name) = lower(" +
      engine::QuoteText(table_.table) + ")";
  if (!table_.schema.empty()) {
    query += " AND lower(schema_name) = lower(" + engine::QuoteText(table_.schema) + ")";
  }
  const auto views = catalog::TextRows(parts_.connection, query);
  if (!views.ok() || views->empty()) return refused;
  return MakeError(ErrorKind::kInvalidArgument, QuoteName(table_),
                   " is a view, and batches go into tables only; name its table instead");
}

arrow::Status TableWriter::Commit() {
  if (!open_) return arrow::Status::OK();
  open_ = false;
  if (foreign_) return arrow::Status::OK();
  const arrow::Status status = parts_.connection.Commit();
  // A commit that fails has rolled back already, or has to be.
  if (!status.ok()) {
    Rollback();
    return status;
  }
  closed_.reset();
  pass_.Return();
  NoteCommit();
  return status;
}

void TableWriter::CommittedElsewhere(int64_t rows) {
  rows_ += rows;
  NoteCommit();
}

void TableWriter::NoteCommit() {
  committed_ = true;
  made_ = made_ || makes_;
  // The table is there now, ours to append to. Made once more it would hold a part of the
  // rows, which only who asks for a table in any case may want.
  if (mode_ != Mode::kCreateOrAppend) mode_ = Mode::kAppend;
}

void TableWriter::Rollback() {
  open_ = false;
  if (foreign_) return;
  // An interrupt that ended the work may hit the rollback too, hence again.
  for (int i = 0; i < 3 && parts_.connection.InTransaction(); ++i) {
    (void)parts_.connection.Rollback();
  }
  closed_.reset();
  pass_.Return();
}

void TableWriter::TakeTableBack() {
  if (!made_ || foreign_) return;
  // The call may be over; this is not its work any more.
  const base::CallContext own({.request_id = parts_.call.request_id(),
                               .protocol = "internal",
                               .method = "take a table back"});
  const auto drop = [&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(
        Enter(own, TableGates::Use::kChange, parts_.clock.Now() + parts_.lock_timeout));
    ARROW_RETURN_NOT_OK(parts_.connection.Begin());
    const std::string table = QuoteName(table_);
    ARROW_ASSIGN_OR_RAISE(
        const auto rows,
        catalog::TextRows(parts_.connection, "SELECT 1 FROM " + table + " LIMIT 1"));
    if (!rows.empty()) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(parts_.connection.Run("DROP TABLE " + table).status());
    return parts_.connection.Commit();
  };
  // An empty table is no harm that would be worth another error.
  (void)drop();
  Rollback();
}

}  // namespace pintail::ingest
