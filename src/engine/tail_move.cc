#include "engine/tail_move.h"

#include <limits>
#include <utility>

#include "duckdb/main/connection.hpp"
#include "engine/applied_puts.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/insert.h"
#include "engine/tail_positions.h"

namespace pintail::engine {
namespace {

// A move of this much takes hardly longer than the sync of its commit.
constexpr int64_t kFewBytes = int64_t{4} << 20;

}  // namespace

arrow::Status PutIntoTable(duckdb::ClientContext& context, TailStore& store,
                           const TailKey& key, const TailView& view) {
  const TableName table{
      .catalog = store.main_name(), .schema = key.schema, .table = key.table};
  // Parts of one schema are inserted together.
  arrow::RecordBatchVector run;
  std::vector<const AppliedPut*> puts;
  const auto insert = [&]() -> arrow::Status {
    if (run.empty()) return arrow::Status::OK();
    const auto schema = run.front()->schema();
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::RecordBatchReader::Make(std::exchange(run, {}), schema));
    return InsertBatches(context, table, *reader).status();
  };
  arrow::Status status;
  view.ForEach([&](const TailPart& part) {
    if (!status.ok()) return;
    if (!run.empty() && !run.front()->schema()->Equals(*part.batch->schema())) {
      status = insert();
    }
    run.push_back(part.batch);
    if (part.put) puts.push_back(part.put.get());
  });
  ARROW_RETURN_NOT_OK(status);
  ARROW_RETURN_NOT_OK(insert());
  ARROW_RETURN_NOT_OK(WriteAppliedPuts(context, store.main_name(), puts));
  if (view.last->position == 0) return arrow::Status::OK();
  return WritePosition(context, store.main_name(),
                       {.table = table, .position = view.last->position});
}

arrow::Result<std::vector<TailPosition>> TailStore::OpenPositions() {
  duckdb::Connection connection(*database_);
  return engine::OpenPositions(*connection.context, main_name());
}

arrow::Result<int64_t> TailStore::Move(const TableName& table, int64_t rows) {
  const TailKey key{.schema = table.schema, .table = table.table};
  if (IsPinned(key)) return 0;
  return MoveClaimed(key, rows, std::chrono::milliseconds(0));
}

arrow::Result<int64_t> TailStore::MoveClaimed(const TailKey& key, int64_t rows,
                                              std::chrono::milliseconds patience) {
  ARROW_ASSIGN_OR_RAISE(const auto claimed, Claim(key, nullptr, rows, patience));
  if (!claimed) return 0;
  const ChangeUnderWay change(data_version_);
  const arrow::Status status = Guarded([&]() -> arrow::Status {
    duckdb::Connection connection(*database_);
    ARROW_RETURN_NOT_OK(RunText(*connection.context, "BEGIN"));
    ARROW_RETURN_NOT_OK(PutIntoTable(*connection.context, *this, key, *claimed));
    const auto handover = LockHandover();
    ARROW_RETURN_NOT_OK(CommitTransaction(*connection.context));
    Cut(key, *claimed);
    return arrow::Status::OK();
  });
  if (!status.ok()) {
    Release(key);
    return status;
  }
  return claimed->rows;
}

arrow::Status TailStore::Flush(const std::set<TailKey>& keys,
                               std::chrono::milliseconds patience) {
  for (const TailKey& key : keys) {
    ARROW_RETURN_NOT_OK(
        MoveClaimed(key, std::numeric_limits<int64_t>::max(), patience).status());
  }
  return arrow::Status::OK();
}

arrow::Status TailStore::FlushIfFew() {
  if (bytes_ > kFewBytes) return arrow::Status::OK();
  for (const TailKey& key : KeysNamed("")) {
    const auto moved = MoveClaimed(key, std::numeric_limits<int64_t>::max(),
                                   std::chrono::milliseconds(0));
    // What cannot be stored now is seen as it is, and told about by the one who moves.
    if (!moved.ok() && base::KindOf(moved.status()) == base::ErrorKind::kCancelled) {
      return moved.status();
    }
  }
  return arrow::Status::OK();
}

}  // namespace pintail::engine
