#include "http/body_queue.h"

#include <algorithm>
#include <cstring>

#include "arrow/buffer.h"

namespace pintail::http {
namespace {

// Pieces are gathered into chunks of this size, so that small network reads cost no
// allocation each.
constexpr size_t kChunkBytes = 256 * 1024;
// Reserved for one Read before its bytes have come: without, and with, a Content-Length.
constexpr int64_t kFirstBytes = 4 << 20;
constexpr int64_t kTrustedBytes = 256 << 20;

}  // namespace

BodyQueue::BodyQueue(std::shared_ptr<base::CallContext> call, size_t max_bytes,
                     int64_t expected, std::function<void()> on_room)
    : call_(std::move(call)),
      max_bytes_(max_bytes),
      expected_(expected),
      on_room_(std::move(on_room)) {}

void BodyQueue::Push(std::string_view bytes) {
  if (bytes.empty()) return;
  {
    std::lock_guard lock(mutex_);
    received_ += static_cast<int64_t>(bytes.size());
    if (closed_) return;  // nobody will read it
    if (chunks_.empty() ||
        chunks_.back().bytes.size() + bytes.size() > chunks_.back().bytes.capacity()) {
      chunks_.emplace_back();
      // A body of one small piece takes no more memory than it needs.
      chunks_.back().bytes.reserve(chunks_.size() == 1 && received_ < 16 * 1024
                                       ? bytes.size()
                                       : std::max(kChunkBytes, bytes.size()));
    }
    auto& tail = chunks_.back().bytes;
    tail.insert(tail.end(), bytes.begin(), bytes.end());
    buffered_ += bytes.size();
  }
  changed_.notify_one();
}

bool BodyQueue::PauseIfFull() {
  std::lock_guard lock(mutex_);
  paused_ = !closed_ && buffered_ >= max_bytes_;
  return paused_;
}

void BodyQueue::Finish() {
  {
    std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_one();
}

void BodyQueue::Fail(arrow::Status why) {
  {
    std::lock_guard lock(mutex_);
    if (finished_ || !failure_.ok()) return;
    failure_ = std::move(why);
  }
  changed_.notify_one();
}

size_t BodyQueue::buffered() const {
  std::lock_guard lock(mutex_);
  return buffered_;
}

int64_t BodyQueue::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

bool BodyQueue::finished() const {
  std::lock_guard lock(mutex_);
  return finished_;
}

arrow::Status BodyQueue::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

size_t BodyQueue::TakeLocked(char* out, size_t size) {
  size_t taken = 0;
  while (taken < size && !chunks_.empty()) {
    Chunk& head = chunks_.front();
    const size_t n = std::min(size - taken, head.bytes.size() - head.read);
    std::memcpy(out + taken, head.bytes.data() + head.read, n);
    head.read += n;
    taken += n;
    if (head.read == head.bytes.size()) chunks_.pop_front();
  }
  buffered_ -= taken;
  position_ += static_cast<int64_t>(taken);
  return taken;
}

arrow::Result<int64_t> BodyQueue::Read(int64_t size, void* out) {
  auto* bytes = static_cast<char*>(out);
  const auto wanted = static_cast<size_t>(std::max<int64_t>(size, 0));
  size_t taken = 0;
  while (taken < wanted) {
    bool resume = false;
    {
      std::unique_lock lock(mutex_);
      if (closed_) return arrow::Status::Invalid("the body has been closed");
      changed_.wait(lock, call_->stop_token(),
                    [&] { return buffered_ > 0 || finished_ || !failure_.ok(); });
      if (buffered_ == 0) {
        if (finished_) break;
        return failure_.ok() ? call_->CheckAlive() : failure_;
      }
      taken += TakeLocked(bytes + taken, wanted - taken);
      resume = paused_ && buffered_ <= max_bytes_ / 2;
      if (resume) paused_ = false;
    }
    if (resume) on_room_();
  }
  return static_cast<int64_t>(taken);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> BodyQueue::Read(int64_t size) {
  // The size may be a lie of what is being read: memory grows with what has really come,
  // in one step only where the head has announced that much.
  const int64_t announced =
      std::min(expected_ - std::min(expected_, Tell().ValueOr(0)), kTrustedBytes);
  int64_t capacity = std::min(size, std::max(kFirstBytes, announced));
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(capacity));
  int64_t have = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(int64_t read,
                          Read(capacity - have, buffer->mutable_data() + have));
    have += read;
    if (have < capacity || have == size) break;
    capacity = std::min(size, capacity * 2);
    ARROW_RETURN_NOT_OK(buffer->Resize(capacity, false));
  }
  if (have < capacity) ARROW_RETURN_NOT_OK(buffer->Resize(have, false));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Status BodyQueue::Close() {
  bool resume = false;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    chunks_.clear();
    buffered_ = 0;
    resume = std::exchange(paused_, false);
  }
  if (resume) on_room_();
  return arrow::Status::OK();
}

bool BodyQueue::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

arrow::Result<int64_t> BodyQueue::Tell() const {
  std::lock_guard lock(mutex_);
  return position_;
}

}  // namespace pintail::http
