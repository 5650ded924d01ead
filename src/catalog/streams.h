// The streams: which ingest targets exist, how each is to be treated, and what has come
// in.
//
// A stream is declared in the configuration or comes to be when first written to. One
// registry per server; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "columnar/schema_change.h"
#include "engine/names.h"

namespace pintail::catalog {

// What an acknowledgement stands on, where there is a journal.
enum class Durability : uint8_t {
  kSync,      // the rows are on the disk
  kInterval,  // they are handed to the system, and will be on the disk soon
  kNone,      // they are handed to the system
};

// How a stream is to be ingested. All batches of a put are one transaction unless
// commit_rows or commit_interval is set.
struct StreamPolicy {
  columnar::SchemaPolicy schema_policy = columnar::SchemaPolicy::kAddColumns;
  int64_t chunk_rows = 122'880;  // rows handed to DuckDB at a time: bounds memory
  std::optional<int64_t> commit_rows;
  std::optional<std::chrono::milliseconds> commit_interval;
  Durability durability = Durability::kSync;
};

struct StreamDeclaration {
  std::string name;
  std::optional<engine::TableName> target;  // unset: a table of the stream's own name
  StreamPolicy policy;
};

// A stream as it stands, for the view pintail.streams.
struct StreamState {
  StreamDeclaration declaration;
  bool declared = false;  // in the configuration
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t commits = 0;
  int64_t failures = 0;
  std::optional<base::Clock::Wall> last_commit;
  std::string last_error;
};

class Streams {
 public:
  // `defaults` is the policy of streams that are not declared. `max_streams` bounds how
  // many are remembered; past it the least recently written undeclared one is forgotten.
  Streams(const base::Clock& clock, StreamPolicy defaults,
          std::vector<StreamDeclaration> declared, size_t max_streams = 10'000);

  // The stream's declaration: the declared one, or the defaults with its own name as
  // table.
  StreamDeclaration Find(const std::string& name) const;

  void RecordCommit(const StreamDeclaration& stream, int64_t rows, int64_t bytes);
  // An ingest that failed; what it had not committed is not in the table.
  void RecordFailure(const StreamDeclaration& stream, const std::string& error);

  // All known streams, by name.
  std::vector<StreamState> List() const;

 private:
  struct Entry {
    StreamState state;
    uint64_t written = 0;  // grows with every write to any stream
  };

  Entry& Touch(const StreamDeclaration& stream);  // with mutex_ held
  void ForgetOldest();                            // with mutex_ held

  const base::Clock& clock_;
  const StreamPolicy defaults_;
  const size_t max_streams_;
  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::map<std::string, Entry> streams_;
  size_t declared_ = 0;
  uint64_t writes_ = 0;
};

}  // namespace pintail::catalog
