// How much memory the bodies that are held whole (JSON and SQL text) may take, all
// requests of a door together.
//
// Thread-safe; owned by the door, outlives its shares. A share belongs to one request.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

#include "arrow/status.h"
#include "base/metrics.h"

namespace pintail::http {

class DocumentBudget {
 public:
  // One request's part. Gives back what it has taken when it ends.
  class Share {
   public:
    explicit Share(DocumentBudget& budget) : budget_(&budget) {}
    Share(Share&& other) noexcept
        : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&&) = delete;
    ~Share() { ShrinkTo(0); }

    // Takes this much more; to be called before it is allocated. Refused with 429 when
    // other requests have the rest of the budget, with 413 when even all of it would not
    // be enough.
    arrow::Status Grow(int64_t bytes);
    // Gives back what is above this.
    void ShrinkTo(int64_t bytes);

   private:
    DocumentBudget* budget_;
    int64_t bytes_ = 0;
  };

  // `held` shows how many bytes are taken.
  DocumentBudget(int64_t max_bytes, base::Gauge& held)
      : max_bytes_(max_bytes), held_(held) {}

 private:
  const int64_t max_bytes_;
  base::Gauge& held_;
  std::mutex mutex_;
  int64_t taken_ = 0;  // protected by mutex_
};

}  // namespace pintail::http
