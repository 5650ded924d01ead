// A memory pool that says no: it bounds what one uploaded message may make the server
// allocate, so that a small message cannot claim, or unpack to, gigabytes.
//
// One per upload, shared by everything decoded from it. Allocation and release are
// thread-safe (Arrow decompresses buffers in parallel); Begin is called by the uploading
// call's thread between messages.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "arrow/memory_pool.h"
#include "arrow/type_fwd.h"

namespace pintail::flight {

class CappedPool final : public arrow::MemoryPool {
 public:
  // A new message: `allowance_bytes` may be allocated until the next one begins.
  void Begin(int64_t allowance_bytes);
  // Bytes allocated since the last Begin, released ones included.
  int64_t used_bytes() const { return used_bytes_; }
  int64_t allowance_bytes() const { return allowance_bytes_; }
  // Whether an allocation has been refused since the last Begin.
  bool exceeded() const { return exceeded_; }
  // The error that says so.
  arrow::Status Exceeded() const;

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  int64_t bytes_allocated() const override { return live_bytes_; }
  int64_t total_bytes_allocated() const override { return used_bytes_; }
  int64_t num_allocations() const override { return allocations_; }
  std::string backend_name() const override { return "capped"; }

 private:
  arrow::Status Claim(int64_t size);

  arrow::MemoryPool* const inner_ = arrow::default_memory_pool();
  std::atomic<int64_t> allowance_bytes_ = 0;
  std::atomic<int64_t> used_bytes_ = 0;
  std::atomic<int64_t> live_bytes_ = 0;
  std::atomic<int64_t> allocations_ = 0;
  std::atomic<bool> exceeded_ = false;
};

// The same batch, whose buffers keep the pool they came from alive.
std::shared_ptr<arrow::RecordBatch> KeepPool(
    const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<CappedPool>& pool);

}  // namespace pintail::flight
