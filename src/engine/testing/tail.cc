#include "engine/testing/tail.h"

#include <limits>

namespace pintail::engine::testing {

arrow::Status Arrive(Database& database, Connection& connection, const std::string& table,
                     const arrow::RecordBatchVector& batches) {
  Tails& tails = database.tails();
  constexpr std::chrono::milliseconds kTimeout{10'000};
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto target, tails.TargetFor(connection, {.table = table},
                                                             *batches.front()->schema()));
    if (!target) return arrow::Status::Invalid("rows of ", table, " cannot wait");
    ARROW_ASSIGN_OR_RAISE(const auto rows, tails.Conform(*target, batches));
    ARROW_ASSIGN_OR_RAISE(const auto pass, tails.Enter(*target, kTimeout));
    if (!pass) continue;  // it has another definition by now
    tails.Add(*target, rows, /*position=*/0, /*put=*/nullptr);
    return arrow::Status::OK();
  }
}

int64_t MoveAll(Database& database, const std::string& table) {
  return Value(database.tails().Move({.schema = "main", .table = table},
                                     std::numeric_limits<int64_t>::max()));
}

int64_t Waiting(Database& database, const std::string& table) {
  for (const auto& each : database.tails().figures()) {
    if (each.table.schema == "main" && each.table.table == table) return each.rows;
  }
  return 0;
}

}  // namespace pintail::engine::testing
