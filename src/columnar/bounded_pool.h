// Memory for a reader of untrusted bytes: allocations that go past a budget are refused,
// so that a few bytes which claim to be gigabytes cost nothing.
//
// Buffers allocated here may outlive the reader, and often do: the pool lives until its
// owner and the last of its buffers are gone. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "arrow/memory_pool.h"

namespace pintail::columnar {

class BoundedPool final : public arrow::MemoryPool {
 public:
  struct Disowner {
    void operator()(BoundedPool* pool) const { pool->Unref(); }
  };
  using Owner = std::unique_ptr<BoundedPool, Disowner>;

  // What becomes of the budget when memory is freed.
  enum class Freed : uint8_t {
    kGivenBack,  // it may be allocated again: bounds what is in use
    // Only Renew gives it back: bounds all that one piece of input makes a reader
    // allocate, whenever buffers of earlier pieces are freed by other threads.
    kSpent,
  };

  static Owner Make(int64_t budget_bytes, Freed freed = Freed::kGivenBack) {
    return Owner(new BoundedPool(budget_bytes, freed));
  }

  // Begins anew: the next `budget_bytes` are granted, whatever was allocated before.
  void Renew(int64_t budget_bytes);
  // As last granted.
  int64_t budget_bytes() const { return budget_; }
  // Whether an allocation went past the budget since the last Renew.
  bool refused() const { return refused_; }

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  // OutOfMemory, with what was asked and what was left, past the budget.
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;

  int64_t bytes_allocated() const override { return live_bytes_; }
  int64_t max_memory() const override { return -1; }
  int64_t total_bytes_allocated() const override { return total_bytes_; }
  int64_t num_allocations() const override { return allocations_; }
  std::string backend_name() const override { return parent_->backend_name(); }

 private:
  BoundedPool(int64_t budget_bytes, Freed freed)
      : parent_(arrow::default_memory_pool()), freed_(freed), budget_(budget_bytes) {}
  ~BoundedPool() override = default;

  arrow::Status Spend(int64_t bytes);
  void GiveBack(int64_t bytes);
  void AfterFree(int64_t bytes);
  void Unref();

  arrow::MemoryPool* const parent_;
  const Freed freed_;
  std::atomic<int64_t> budget_;
  std::atomic<int64_t> spent_ = 0;
  std::atomic<bool> refused_ = false;
  std::atomic<int64_t> live_bytes_ = 0;
  std::atomic<int64_t> total_bytes_ = 0;
  std::atomic<int64_t> allocations_ = 0;
  std::atomic<int64_t> references_ = 1;  // the owner, and each live allocation
};

}  // namespace pintail::columnar
