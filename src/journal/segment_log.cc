#include "journal/segment_log.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"

namespace pintail::journal {
namespace {

using base::ErrorKind;

int64_t BytesOf(std::span<EncodedRecord* const> records) {
  int64_t bytes = 0;
  for (const EncodedRecord* record : records) bytes += record->record_bytes();
  return bytes;
}

}  // namespace

SegmentLog::SegmentLog(Options options, const Ground& ground, LogEnd end)
    : options_(std::move(options)),
      files_(ground.files),
      log_(ground.log),
      clock_(ground.clock),
      salt_(end.salt),
      sealed_(std::move(end.sealed)),
      next_(end.next),
      synced_(end.synced) {}

size_t SegmentLog::GroupSize(std::span<EncodedRecord* const> records) const {
  if (records.empty()) return 0;
  int64_t room = options_.segment_bytes - kHeaderBytes;
  if (current_ != nullptr &&
      current_->end() + records[0]->record_bytes() <= current_room_) {
    room = current_room_ - current_->end();
  }
  size_t count = 1;
  room -= records[0]->record_bytes();
  while (count < records.size() && records[count]->record_bytes() <= room) {
    room -= records[count++]->record_bytes();
  }
  return count;
}

arrow::Status SegmentLog::Write(std::span<EncodedRecord* const> records, bool sync) {
  ARROW_RETURN_NOT_OK(failure_);
  const int64_t bytes = BytesOf(records);
  if (arrow::Status status = MakeRoom(bytes); !status.ok()) {
    ++failed_writes_;
    return status;
  }
  pieces_.clear();
  Position position = next_;
  for (EncodedRecord* record : records) {
    record->Place(position++, synced_, salt_);
    record->AppendTo(&pieces_);
  }
  if (const std::error_code error = current_->Write(pieces_)) {
    ++failed_writes_;
    const bool others_unsynced = unsynced_;
    const arrow::Status status = CutAndSeal(Explain(error, "write to"));
    // The cut has synced the others too.
    if (failure_.ok() && others_unsynced) synced_ = newest();
    return status;
  }
  if (sync) {
    if (const std::error_code error = SyncCurrent()) {
      ++failed_writes_;
      return CutAndSeal(Explain(error, "sync"));
    }
  }
  current_->Keep(bytes);
  next_ = position;
  if (sync) synced_ = newest();
  unsynced_ = !sync;
  return arrow::Status::OK();
}

arrow::Status SegmentLog::MakeRoom(int64_t bytes) {
  if (current_ != nullptr) {
    if (current_->end() == kHeaderBytes && current_room_ == 0) {
      current_room_ = std::max(options_.segment_bytes, kHeaderBytes + bytes);
      current_->Reserve(current_room_);
    }
    if (current_->end() + bytes <= current_room_) return arrow::Status::OK();
    // Every segment is synced before the next begins. If it cannot be, its records are
    // published all the same, and the next segment says that they are in doubt.
    static_cast<void>(Sync());
    Seal();
  }
  ARROW_RETURN_NOT_OK(MakeSegment());
  current_room_ = std::max(options_.segment_bytes, kHeaderBytes + bytes);
  current_->Reserve(current_room_);
  return arrow::Status::OK();
}

arrow::Status SegmentLog::MakeSegment() {
  const SegmentHeader header = {.first = next_, .synced = synced_, .salt = salt_};
  auto made = SegmentFile::Create(files_, options_.folder, header);
  if (!made) return Explain(made.error(), "make a segment in");
  // A segment without records has the same name, and is replaced.
  if (!sealed_.empty() && sealed_.back().first == next_) sealed_.pop_back();
  current_ = std::move(*made);
  current_first_ = next_;
  current_room_ = 0;
  return arrow::Status::OK();
}

std::error_code SegmentLog::SyncCurrent() {
  const base::Clock::Steady before = clock_.Now();
  const std::error_code error = current_->Sync();
  sync_times_.last = clock_.Now() - before;
  sync_times_.sum += sync_times_.last;
  sync_times_.longest = std::max(sync_times_.longest, sync_times_.last);
  ++sync_times_.count;
  return error;
}

arrow::Status SegmentLog::Sync() {
  if (!unsynced_) return arrow::Status::OK();
  // Also after a failure: the kernel may have dropped the data and would then report that
  // all is well.
  unsynced_ = false;
  if (const std::error_code error = SyncCurrent()) {
    ++failed_writes_;
    const arrow::Status status = Explain(error, "sync");
    log_.Error("records without sync may be lost if the machine fails now",
               {{"reason", status.message()},
                {"after_position", static_cast<int64_t>(synced_)},
                {"up_to_position", static_cast<int64_t>(newest())}});
    Seal();
    return status;
  }
  synced_ = newest();
  return arrow::Status::OK();
}

void SegmentLog::Seal() {
  if (current_ == nullptr) return;
  current_->GiveBackRoom();
  // A segment without records is replaced by the next, which has its name.
  if (next_ > current_first_) {
    sealed_.push_back(
        {.first = current_first_, .last = newest(), .bytes = current_->end()});
  }
  current_ = nullptr;
  current_room_ = 0;
  unsynced_ = false;
}

arrow::Status SegmentLog::CutAndSeal(const arrow::Status& reason) {
  if (const std::error_code error = current_->Cut()) {
    failure_ = base::MakeError(
        ErrorKind::kUnavailable, reason.message(),
        ". What was written could not be taken back either (", error.message(),
        "), so nothing more is taken: check the disk, then start the server again");
    log_.Error("the journal has failed", {{"reason", failure_.message()}});
    return failure_;
  }
  Seal();
  return reason;
}

void SegmentLog::Remove(Position released) {
  while (!sealed_.empty() && sealed_.front().last <= released &&
         (current_ != nullptr || sealed_.size() > 1)) {
    const auto path = options_.folder / SegmentName(sealed_.front().first);
    std::error_code error = files_.Remove(path);
    if (error == std::errc::no_such_file_or_directory) error.clear();
    // One by one, so that no crash leaves an older one behind a gap.
    if (!error) error = files_.SyncFolder(options_.folder);
    if (error) {
      const std::string text = error.message();
      log_.Warn("cannot remove a segment of the journal; trying again later",
                {{"path", path.native()}, {"reason", text}});
      return;
    }
    sealed_.pop_front();
  }
}

void SegmentLog::RemoveAll(Position released) {
  if (failure_.ok() && newest() > 0 && released >= newest()) {
    const bool has_records =
        current_ != nullptr
            ? next_ > current_first_
            : !sealed_.empty() && sealed_.back().last >= sealed_.back().first;
    if (has_records) {
      Seal();
      synced_ = newest();  // or needed no more
      if (const arrow::Status status = MakeSegment(); !status.ok()) {
        log_.Warn("cannot begin a new segment", {{"reason", status.message()}});
      }
    }
  }
  Remove(released);
}

arrow::Status SegmentLog::Close() {
  if (!failure_.ok()) return failure_;
  const arrow::Status status = Sync();
  if (current_ != nullptr) current_->GiveBackRoom();
  return status;
}

int64_t SegmentLog::segments() const {
  return static_cast<int64_t>(sealed_.size()) + (current_ != nullptr ? 1 : 0);
}

int64_t SegmentLog::bytes() const {
  int64_t bytes = current_ != nullptr ? current_->end() : 0;
  for (const SealedSegment& segment : sealed_) bytes += segment.bytes;
  return bytes;
}

arrow::Status SegmentLog::Explain(std::error_code error, std::string_view what) const {
  const bool full = error == std::errc::no_space_on_device ||
                    error == std::error_code(EDQUOT, std::generic_category());
  if (!full) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot ", what, " the journal in ",
                           options_.folder, ": ", error.message());
  }
  std::error_code ignored;
  const auto space = std::filesystem::space(options_.folder, ignored);
  return base::MakeError(ErrorKind::kResourceExhausted, "cannot ", what,
                         " the journal in ", options_.folder, ": ", error.message(), " (",
                         ignored ? 0 : space.available,
                         " bytes are free); free some space, then send it again");
}

}  // namespace pintail::journal
