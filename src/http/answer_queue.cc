#include "http/answer_queue.h"

#include <iterator>
#include <utility>

namespace pintail::http {

AnswerQueue::AnswerQueue(std::shared_ptr<base::CallContext> call, size_t max_bytes,
                         std::function<void()> on_change)
    : call_(std::move(call)), max_bytes_(max_bytes), on_change_(std::move(on_change)) {}

void AnswerQueue::AddLocked(Pieces pieces) {
  for (const auto& piece : pieces) bytes_ += static_cast<size_t>(piece->size());
  pieces_.insert(pieces_.end(), std::make_move_iterator(pieces.begin()),
                 std::make_move_iterator(pieces.end()));
}

arrow::Status AnswerQueue::Push(Pieces pieces) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, call_->stop_token(), [&] { return bytes_ < max_bytes_; });
    ARROW_RETURN_NOT_OK(call_->CheckAlive());
    AddLocked(std::move(pieces));
  }
  on_change_();
  return arrow::Status::OK();
}

void AnswerQueue::Finish(Pieces pieces, End end) {
  {
    std::lock_guard lock(mutex_);
    if (end_ != End::kOpen) return;
    AddLocked(std::move(pieces));
    end_ = end;
  }
  on_change_();
}

AnswerQueue::Pieces AnswerQueue::Take() {
  Pieces taken;
  {
    std::lock_guard lock(mutex_);
    taken = std::exchange(pieces_, {});
    bytes_ = 0;
  }
  room_.notify_one();
  return taken;
}

AnswerQueue::End AnswerQueue::end() const {
  std::lock_guard lock(mutex_);
  return pieces_.empty() ? end_ : End::kOpen;
}

}  // namespace pintail::http
