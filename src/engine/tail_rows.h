// Rows that have arrived for a table and are not in it yet. Private to the engine.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "arrow/record_batch.h"
#include "base/clock.h"
#include "duckdb/common/arrow/arrow_wrapper.hpp"
#include "engine/arrow_input.h"
#include "engine/tails.h"

namespace pintail::engine {

// A batch in the columns of its table, in the table's order. All but `next` is fixed when
// the part is added; `next` is written once, under the lock of the TailStore, and read
// only by those whose view was taken after that.
struct TailPart {
  std::shared_ptr<arrow::RecordBatch> batch;  // in a storable schema
  std::shared_ptr<const ArrowInput> input;    // how DuckDB reads that schema
  int64_t bytes = 0;
  uint64_t position = 0;                  // in the journal; 0: in none
  std::shared_ptr<const AppliedPut> put;  // to be written down with the rows; often null
  base::Clock::Steady arrived;
  std::shared_ptr<TailPart> next;

  TailPart() = default;
  // Ends the parts after it one by one: a long tail must not need a deep stack.
  ~TailPart();
  TailPart(const TailPart&) = delete;
  TailPart& operator=(const TailPart&) = delete;

  // The batch for DuckDB, as long as the part lives. Made when first asked for: most
  // small parts are in their table before a query comes. Thread-safe.
  const duckdb::shared_ptr<duckdb::ArrowArrayWrapper>& Exported() const {
    std::call_once(export_once_, [this] { exported_ = ExportForDuckDb(*batch); });
    return exported_;
  }

 private:
  mutable std::once_flag export_once_;
  mutable duckdb::shared_ptr<duckdb::ArrowArrayWrapper> exported_;
};

// The rows of one table at one moment: `parts` parts from `first` on. A plain value.
struct TailView {
  std::shared_ptr<TailPart> first;  // null: none
  std::shared_ptr<TailPart> last;
  int64_t parts = 0;
  int64_t rows = 0;
  int64_t bytes = 0;

  // Calls `visit(part)` for each in order.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    TailPart* part = first.get();
    for (int64_t i = 0; i < parts; ++i) {
      visit(*part);
      if (i + 1 < parts) part = part->next.get();
    }
  }
};

// A table of the server's database, as its catalog spells it.
struct TailKey {
  std::string schema;
  std::string table;

  auto operator<=>(const TailKey&) const = default;
};

// All tables that have a tail at one moment. Never changed once it is shared.
using TailMap = std::map<TailKey, TailView>;

// The tables of that name, in any schema and spelled in any case; all when it is empty.
std::set<TailKey> KeysNamedIn(const TailMap& tails, const std::string& table);

}  // namespace pintail::engine
