// A folder for a journal, and all that a journal stands on, for tests. Its clock stands
// still until it is moved. One thread at a time, but for what says otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/timers.h"
#include "journal/journal.h"
#include "journal/testing/faulty_files.h"

namespace pintail::journal::testing {

// In memory nothing is synced: for the many starts of tests in which no machine fails.
enum class Disk : uint8_t { kReal, kMemory };

class JournalHome {
 public:
  explicit JournalHome(Disk disk = Disk::kReal);
  ~JournalHome();

  // Opens the journal; what it replays is in `replayed` then.
  arrow::Result<std::unique_ptr<Journal>> Open(Journal::Options options = {});
  // The same with the records only: opens and closes.
  arrow::Status Reopen(Journal::Options options = {});

  // Moves the clock and runs the timers that are due.
  void Advance(std::chrono::nanoseconds by);

  Ground ground() { return {files, timers, clock, logs->For("journal")}; }
  // The segments' paths, in order.
  std::vector<std::filesystem::path> Segments() const;

  const std::filesystem::path folder;
  base::ManualClock clock;
  base::Timers timers{clock};
  std::unique_ptr<base::Logs> logs = base::SilentLogs();
  FaultyFiles files;
  std::map<Position, Record> replayed;
};

// A record with one column "c" of int64, of the rows that the JSON names.
Record RecordOf(const std::string& json, const std::string& table = "t");
// What RecordOf was given, as arrow prints it.
std::string ValuesOf(const Record& record);

// Appends without a deadline; callable from any thread.
arrow::Result<Position> Append(Journal& journal, const Record& record,
                               Durability durability = Durability::kSync);

// The bytes of a file, and back.
std::string BytesOf(const std::filesystem::path& path);
void WriteBytes(const std::filesystem::path& path, const std::string& bytes);

}  // namespace pintail::journal::testing
