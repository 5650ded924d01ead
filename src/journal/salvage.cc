#include "journal/salvage.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "journal/record_codec.h"
#include "journal/segment_reader.h"

namespace pintail::journal {
namespace {

bool IsReadable(const FoundRecord& found) {
  return DecodeRecord(found.header, found.names, found.body).ok();
}

// All runs of records at or above `at_least` and below `below`; `damaged` gets the
// others.
std::vector<Run> FindRuns(const SegmentReader& reader, Position at_least, Position below,
                          std::vector<DamagedRecord>* damaged) {
  std::vector<Run> runs;
  int64_t from = kHeaderBytes;
  while (const auto found = reader.NextHeader(from, at_least)) {
    const auto record = reader.RecordAt(found->offset);
    const bool is_here = found->header.position < below;
    if (!record || !is_here || !IsReadable(*record)) {
      if (is_here) {
        damaged->push_back({found->header.position, std::string(found->table)});
      }
      from = found->offset + kAlignment;
      continue;
    }
    from = found->offset + record->header.record_bytes();
    const Position position = record->header.position;
    if (!runs.empty() && runs.back().last + 1 == position &&
        runs.back().end == found->offset) {
      runs.back().last = position;
      runs.back().end = from;
    } else {
      runs.push_back({position, position, found->offset, from});
    }
    at_least = position + 1;
  }
  return runs;
}

class Salvager {
 public:
  explicit Salvager(const std::vector<SegmentPath>& paths) : paths_(paths) {}

  arrow::Result<Salvage> Run() {
    for (const SegmentPath& at : paths_) {
      ARROW_ASSIGN_OR_RAISE(auto reader, SegmentReader::Open(at.path));
      if (!reader->parsed().fault && reader->header().version > kVersion) {
        return base::MakeError(base::ErrorKind::kUnavailable, "cannot repair ", at.path,
                               ": it was written by a newer version of this program; "
                               "use that");
      }
      readers_.push_back(std::move(reader));
    }
    salvage_.salt = FindSalt();
    for (size_t i = 0; i < paths_.size(); ++i) salvage_.segments.push_back(SalvageOne(i));
    return std::move(salvage_);
  }

 private:
  uint64_t FindSalt() const {
    for (const auto& reader : readers_) {
      if (!reader->parsed().fault) return reader->header().salt;
    }
    // Where the first record is, no client has written.
    for (const auto& reader : readers_) {
      if (const auto salt = reader->SaltOfFirstRecord()) return *salt;
    }
    return 0;
  }

  Position FirstOf(size_t i) const {
    return i < paths_.size() ? paths_[i].first : ~Position{0};
  }

  bool HasGoodHeader(size_t i) const {
    return !readers_[i]->parsed().fault &&
           readers_[i]->header().first == paths_[i].first &&
           readers_[i]->header().salt == salvage_.salt;
  }

  // Whether a start would take the segment's first run for all that there is to be.
  bool MayEndAt(size_t i, Position last, int64_t offset) const {
    if (FindSyncedLater(*readers_[i], offset, last + 1)) return false;
    if (i + 1 == paths_.size() || last + 1 == paths_[i + 1].first) return true;
    return HasGoodHeader(i + 1) && last >= readers_[i + 1]->header().synced;
  }

  SalvagedSegment SalvageOne(size_t i) {
    SegmentReader& reader = *readers_[i];
    SalvagedSegment segment = {.at = paths_[i]};
    auto rewrite = [&](std::string reason) {
      segment.rewrite = true;
      segment.reason = std::move(reason);
    };
    if (!reader.parsed().fault && reader.header().salt != salvage_.salt) {
      rewrite("it belongs to another journal");
      return segment;
    }
    const bool good_header = HasGoodHeader(i);
    const Position synced = reader.header().synced;
    if (!good_header) {
      reader.AssumeHeader({.first = paths_[i].first, .salt = salvage_.salt});
    }
    segment.runs = FindRuns(reader, std::max(paths_[i].first, last_ + 1), FirstOf(i + 1),
                            &segment.damaged);
    const bool begins_well = !segment.runs.empty() &&
                             segment.runs[0].first == paths_[i].first &&
                             segment.runs[0].offset == kHeaderBytes;
    const Position last = begins_well ? segment.runs[0].last : paths_[i].first - 1;
    const int64_t end = begins_well ? segment.runs[0].end : kHeaderBytes;
    if (!good_header) {
      rewrite("its header is damaged");
    } else if (i > 0 && last_ + 1 < paths_[i].first && last_ < synced) {
      rewrite("records before it are missing");
    } else if (i > 0 && last_ >= paths_[i].first) {
      rewrite("it begins before the end of the one before it");
    } else if (MayEndAt(i, last, end)) {
      segment.runs.resize(begins_well ? 1 : 0);
    } else if (!reader.IsBlankFrom(end)) {
      rewrite("a record in it is damaged");
    }
    if (!segment.rewrite) segment.damaged.clear();
    last_ = segment.runs.empty() ? std::max(last_, paths_[i].first - 1)
                                 : segment.runs.back().last;
    return segment;
  }

  const std::vector<SegmentPath>& paths_;
  std::vector<std::unique_ptr<SegmentReader>> readers_;
  Salvage salvage_;
  Position last_ = 0;  // of the segments so far
};

}  // namespace

arrow::Result<Salvage> SalvageSegments(const std::vector<SegmentPath>& paths) {
  return Salvager(paths).Run();
}

}  // namespace pintail::journal
