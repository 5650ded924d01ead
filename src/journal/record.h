// What the journal keeps. Plain values; copy freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/type.h"

namespace pintail::journal {

// 1, 2, 3 … one for each record, over the life of the journal; never given twice to
// records that were published. 0: none.
using Position = uint64_t;

// What an acknowledgement stands on. In every mode the record is in the file then, so
// the end of the process alone loses nothing.
enum class Durability : uint8_t {
  kSync,      // it was synced
  kInterval,  // a sync follows within the interval
  kNone,      // nobody asks for a sync
};

// One commit: all batches or none of them.
struct Record {
  std::string table;         // opaque to the journal; at most 64 KiB
  std::string producer_key;  // may be empty; at most 64 KiB
  // The wall clock when it was appended, for people; nothing depends on its order.
  std::chrono::system_clock::time_point time;
  std::shared_ptr<arrow::Schema> schema;  // of at least one column
  arrow::RecordBatchVector batches;       // at least one, each of the schema
};

}  // namespace pintail::journal
