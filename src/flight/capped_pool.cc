#include "flight/capped_pool.h"

#include <utility>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/buffer.h"
#include "arrow/record_batch.h"
#include "base/error.h"

namespace pintail::flight {
namespace {

class KeptBuffer final : public arrow::Buffer {
 public:
  KeptBuffer(std::shared_ptr<arrow::Buffer> kept, std::shared_ptr<CappedPool> pool)
      : arrow::Buffer(kept->data(), kept->size()),
        pool_(std::move(pool)),
        kept_(std::move(kept)) {}

 private:
  // Released in reverse order: the buffer goes back to the pool before the pool goes.
  std::shared_ptr<CappedPool> pool_;
  std::shared_ptr<arrow::Buffer> kept_;
};

std::shared_ptr<arrow::ArrayData> Kept(const arrow::ArrayData& data,
                                       const std::shared_ptr<CappedPool>& pool) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  for (auto& buffer : copy->buffers) {
    if (buffer) buffer = std::make_shared<KeptBuffer>(buffer, pool);
  }
  for (auto& child : copy->child_data) {
    if (child) child = Kept(*child, pool);
  }
  if (copy->dictionary) copy->dictionary = Kept(*copy->dictionary, pool);
  return copy;
}

}  // namespace

void CappedPool::Begin(int64_t allowance_bytes) {
  allowance_bytes_ = allowance_bytes;
  used_bytes_ = 0;
  exceeded_ = false;
}

arrow::Status CappedPool::Exceeded() const {
  return base::MakeError(base::ErrorKind::kResourceExhausted,
                         "A message unpacks to more than ", allowance_bytes_.load(),
                         " bytes, all that one of its size may (limits.max_batch, "
                         "limits.max_compression_ratio); send smaller or uncompressed "
                         "batches");
}

arrow::Status CappedPool::Claim(int64_t size) {
  if (size < 0 || size > allowance_bytes_ ||
      used_bytes_.fetch_add(size) > allowance_bytes_ - size) {
    exceeded_ = true;
    return Exceeded();
  }
  return arrow::Status::OK();
}

arrow::Status CappedPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
  ARROW_RETURN_NOT_OK(Claim(size));
  ARROW_RETURN_NOT_OK(inner_->Allocate(size, alignment, out));
  live_bytes_ += size;
  ++allocations_;
  return arrow::Status::OK();
}

arrow::Status CappedPool::Reallocate(int64_t old_size, int64_t new_size,
                                     int64_t alignment, uint8_t** ptr) {
  if (new_size > old_size) ARROW_RETURN_NOT_OK(Claim(new_size - old_size));
  ARROW_RETURN_NOT_OK(inner_->Reallocate(old_size, new_size, alignment, ptr));
  live_bytes_ += new_size - old_size;
  return arrow::Status::OK();
}

void CappedPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
  inner_->Free(buffer, size, alignment);
  live_bytes_ -= size;
}

std::shared_ptr<arrow::RecordBatch> KeepPool(
    const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<CappedPool>& pool) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  columns.reserve(static_cast<size_t>(batch->num_columns()));
  for (const auto& column : batch->column_data()) columns.push_back(Kept(*column, pool));
  return arrow::RecordBatch::Make(batch->schema(), batch->num_rows(), std::move(columns));
}

}  // namespace pintail::flight
