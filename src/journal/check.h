// Says what is in a journal that nobody has open: the work of `pintail journal check`.
// Changes nothing but the lock that it takes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "arrow/result.h"
#include "journal/recovery.h"

namespace pintail::journal {

struct TableCounts {
  int64_t records = 0;
  int64_t rows = 0;
  int64_t bytes = 0;
};

struct CheckReport {
  int64_t segments = 0;  // files, also behind the damage
  // Of all records up to the damage, if there is some.
  int64_t records = 0;
  int64_t bytes = 0;
  Position first = 0;
  Position last = 0;
  std::map<std::string, TableCounts> tables;  // by the name that the record has
  // The end was never acknowledged as synced: the next start cuts so many bytes.
  int64_t torn_bytes = 0;
  std::optional<Damage> damage;  // the first; the next start refuses
};

// Unavailable when the folder is not there, cannot be read, or is in use.
arrow::Result<CheckReport> Check(const std::filesystem::path& folder);

}  // namespace pintail::journal
