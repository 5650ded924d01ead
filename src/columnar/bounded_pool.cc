#include "columnar/bounded_pool.h"

#include <algorithm>

namespace pintail::columnar {

void BoundedPool::Renew(int64_t budget_bytes) {
  budget_ = budget_bytes;
  spent_ = 0;
  refused_ = false;
}

arrow::Status BoundedPool::Spend(int64_t bytes) {
  const int64_t budget = budget_;
  int64_t spent = spent_;
  do {
    if (bytes > budget - spent) {
      refused_ = true;
      return arrow::Status::OutOfMemory(bytes, " bytes of memory asked for, but only ",
                                        std::max<int64_t>(budget - spent, 0), " of ",
                                        budget, " allowed are left");
    }
  } while (!spent_.compare_exchange_weak(spent, spent + bytes));
  return arrow::Status::OK();
}

// What was allocated before the last Renew is not part of `spent_`, hence the floor.
void BoundedPool::GiveBack(int64_t bytes) {
  int64_t spent = spent_;
  while (!spent_.compare_exchange_weak(spent, std::max<int64_t>(spent - bytes, 0))) {
  }
}

void BoundedPool::AfterFree(int64_t bytes) {
  if (freed_ == Freed::kGivenBack) GiveBack(bytes);
}

void BoundedPool::Unref() {
  if (references_.fetch_sub(1) == 1) delete this;
}

arrow::Status BoundedPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(Spend(size));
  const arrow::Status status = parent_->Allocate(size, alignment, out);
  if (!status.ok()) {
    GiveBack(size);
    return status;
  }
  ++references_;
  ++allocations_;
  live_bytes_ += size;
  total_bytes_ += size;
  return status;
}

arrow::Status BoundedPool::Reallocate(int64_t old_size, int64_t new_size,
                                      int64_t alignment, uint8_t** ptr) {
  const int64_t more = std::max<int64_t>(new_size - old_size, 0);
  ARROW_RETURN_NOT_OK(Spend(more));
  const arrow::Status status = parent_->Reallocate(old_size, new_size, alignment, ptr);
  if (!status.ok()) {
    GiveBack(more);
    return status;
  }
  if (new_size < old_size) AfterFree(old_size - new_size);
  ++allocations_;
  live_bytes_ += new_size - old_size;
  total_bytes_ += more;
  return status;
}

void BoundedPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  parent_->Free(buffer, size, alignment);
  live_bytes_ -= size;
  AfterFree(size);
  Unref();
}

}  // namespace pintail::columnar
