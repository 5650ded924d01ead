// A request's body on its way from the socket to the handler: bytes that have arrived and
// are not yet read, bounded.
//
// The I/O thread pushes, one worker reads; Read waits until enough has come, the body has
// ended or failed, or the call is cancelled.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "base/call_context.h"

namespace pintail::http {

class BodyQueue final : public arrow::io::InputStream {
 public:
  // `expected`: the body's announced length in bytes, 0 when unknown. `on_room` is
  // called, from the reading thread, when a full queue has room again.
  BodyQueue(std::shared_ptr<base::CallContext> call, size_t max_bytes, int64_t expected,
            std::function<void()> on_room);

  // ---- I/O thread
  void Push(std::string_view bytes);
  // True when no more should be pushed until `on_room` is called.
  bool PauseIfFull();
  void Finish();
  // What Read returns once it has run dry. Does nothing after Finish or another Fail.
  void Fail(arrow::Status why);

  // ---- any thread
  size_t buffered() const;
  int64_t received() const;
  bool finished() const;
  // What Fail was called with; OK otherwise.
  arrow::Status failure() const;

  // ---- the reading thread
  arrow::Result<int64_t> Read(int64_t size, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override;
  arrow::Status Close() override;
  bool closed() const override;
  arrow::Result<int64_t> Tell() const override;

 private:
  struct Chunk {
    std::vector<char> bytes;
    size_t read = 0;
  };

  size_t TakeLocked(char* out, size_t size);

  const std::shared_ptr<base::CallContext> call_;
  const size_t max_bytes_;
  const int64_t expected_;
  const std::function<void()> on_room_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // All below: protected by mutex_.
  std::deque<Chunk> chunks_;
  size_t buffered_ = 0;
  int64_t received_ = 0;
  int64_t position_ = 0;
  bool paused_ = false;
  bool finished_ = false;
  bool closed_ = false;
  arrow::Status failure_;
};

}  // namespace pintail::http
