// Reads records again that were published and not released, for those who send them on.
// It looks at the files while the journal writes to them. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "journal/record.h"
#include "journal/record_format.h"

namespace pintail::journal {

class RecordReader {
 public:
  struct Found {
    Position position = 0;
    int64_t bytes = 0;  // of its body in the journal
    Record record;
  };

  explicit RecordReader(std::filesystem::path folder);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  // Goes on above this position.
  void Seek(Position after);
  // Everything at or below was looked at.
  Position position() const { return position_; }

  // Whether records of the table, as it is named in the journal, are asked for.
  using Wanted = std::function<bool(std::string_view table)>;

  // The next record that is wanted above position() and at or below `up_to`; nothing when
  // there is none. All records in between are published, and the wanted ones are not
  // released. Unavailable when a file cannot be read or a record is damaged.
  arrow::Result<std::optional<Found>> Next(const Wanted& wanted, Position up_to);

 private:
  class Segment;
  // The segment that has the next position, or the first one after it. False when there
  // is none that was not read to its end.
  arrow::Result<bool> OpenSegment();

  const std::filesystem::path folder_;
  std::unique_ptr<Segment> segment_;
  Position position_ = 0;
};

// Tells one journal from another: made from what its segments have in common. Empty for a
// folder without a segment. Not the number itself, which is never shown.
arrow::Result<std::string> IdentityOf(const std::filesystem::path& folder);

}  // namespace pintail::journal
