// An answer's bytes on their way from the handler to the socket, bounded.
//
// One worker pushes (and waits while the queue is full), the I/O thread takes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/status.h"
#include "base/call_context.h"

namespace pintail::http {

class AnswerQueue {
 public:
  using Pieces = std::vector<std::shared_ptr<arrow::Buffer>>;
  // How the answer stands once everything pushed has been taken.
  enum class End : uint8_t {
    kOpen,   // more will come
    kKeep,   // complete
    kClose,  // complete; the connection must not be used again
    kAbort,  // cut: close at once, so that the client sees an incomplete answer
  };

  // `on_change` is called when there is something to take: bytes, or the end.
  AnswerQueue(std::shared_ptr<base::CallContext> call, size_t max_bytes,
              std::function<void()> on_change);

  // ---- the writing thread
  // Waits while the queue is full. The call's error once it is cancelled.
  arrow::Status Push(Pieces pieces);
  // Nothing more will come. Never waits; `pieces` may pass the bound.
  void Finish(Pieces pieces, End end);

  // ---- I/O thread
  Pieces Take();
  // kOpen until everything has been taken.
  End end() const;

 private:
  void AddLocked(Pieces pieces);

  const std::shared_ptr<base::CallContext> call_;
  const size_t max_bytes_;
  const std::function<void()> on_change_;

  mutable std::mutex mutex_;
  std::condition_variable_any room_;
  // All below: protected by mutex_.
  Pieces pieces_;
  size_t bytes_ = 0;
  End end_ = End::kOpen;
};

}  // namespace pintail::http
