#include "http/document_budget.h"

#include <string>

#include "http/status.h"

namespace pintail::http {

arrow::Status DocumentBudget::Share::Grow(int64_t bytes) {
  if (bytes > budget_->max_bytes_ - bytes_) {
    return Refusal(413, "payload_too_large",
                   "the request's body needs more than " +
                       std::to_string(budget_->max_bytes_) +
                       " bytes of memory, all that this server has for JSON and SQL "
                       "(http.documents); for data use POST /v1/ingest, which streams");
  }
  std::lock_guard lock(budget_->mutex_);
  if (bytes > budget_->max_bytes_ - budget_->taken_) {
    return Refusal(429, "resource_exhausted",
                   "the JSON and SQL of other requests take " +
                       std::to_string(budget_->taken_ - bytes_) + " of the " +
                       std::to_string(budget_->max_bytes_) +
                       " bytes of memory that this server has for them (http.documents); "
                       "try again in a moment");
  }
  budget_->taken_ += bytes;
  bytes_ += bytes;
  budget_->held_.Add(static_cast<double>(bytes));
  return arrow::Status::OK();
}

void DocumentBudget::Share::ShrinkTo(int64_t bytes) {
  if (bytes >= bytes_) return;
  std::lock_guard lock(budget_->mutex_);
  budget_->taken_ -= bytes_ - bytes;
  budget_->held_.Add(-static_cast<double>(bytes_ - bytes));
  bytes_ = bytes;
}

}  // namespace pintail::http
