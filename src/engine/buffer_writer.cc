#include "engine/buffer_writer.h"

#include <algorithm>
#include <cstring>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"
#include "duckdb/common/exception.hpp"

namespace pintail::engine {
namespace {

// Above this a buffer grows by half, so that huge values do not double the memory.
constexpr int64_t kDoublingLimit = 64 << 20;

void Check(const arrow::Status& status) {
  if (!status.ok()) throw duckdb::OutOfMemoryException(status.message());
}

}  // namespace

void BufferWriter::Grow(int64_t needed) {
  int64_t wanted = needed;
  if (buffer_) {
    has_grown_ = true;
    wanted = std::max(
        wanted, capacity_ + (capacity_ < kDoublingLimit ? capacity_ : capacity_ / 2));
  }
  if (has_grown_) wanted = std::max(wanted, whole_bytes_);
  if (!buffer_) {
    auto made = arrow::AllocateResizableBuffer(wanted, pool_);
    Check(made.status());
    buffer_ = std::move(*made);
  } else {
    Check(buffer_->Resize(wanted, /*shrink_to_fit=*/false));
  }
  data_ = buffer_->mutable_data();
  capacity_ = buffer_->size();
}

std::shared_ptr<arrow::Buffer> BufferWriter::Finish() {
  if (!buffer_) Grow(0);
  Check(buffer_->Resize(size_, /*shrink_to_fit=*/false));
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return std::exchange(buffer_, nullptr);
}

uint8_t* ValidityWriter::ExtendBits(int64_t count) {
  int64_t bytes = arrow::bit_util::BytesForBits(length_ + count);
  if (!has_bits_) {
    has_bits_ = true;
    std::memset(bits_.Extend(bytes), 0xff, static_cast<size_t>(bytes));
  } else if (bytes > bits_.size()) {
    int64_t more = bytes - bits_.size();
    std::memset(bits_.Extend(more), 0xff, static_cast<size_t>(more));
  }
  return bits_.data();
}

void ValidityWriter::AppendValid(int64_t count) {
  if (has_bits_) ExtendBits(count);
  length_ += count;
}

void ValidityWriter::AppendNull(int64_t count) {
  arrow::bit_util::SetBitsTo(ExtendBits(count), length_, count, false);
  length_ += count;
  null_count_ += count;
}

void ValidityWriter::AppendFlat(const duckdb::ValidityMask& mask, int64_t from,
                                int64_t count) {
  if (mask.AllValid()) return AppendValid(count);
  const auto* source = reinterpret_cast<const uint8_t*>(mask.GetData());
  int64_t valid = arrow::internal::CountSetBits(source, from, count);
  if (valid == count) return AppendValid(count);
  arrow::internal::CopyBitmap(source, from, count, ExtendBits(count), length_);
  length_ += count;
  null_count_ += count - valid;
}

void ValidityWriter::Append(const duckdb::UnifiedVectorFormat& rows, int64_t from,
                            int64_t count) {
  if (rows.validity.AllValid()) return AppendValid(count);
  uint8_t* bits = ExtendBits(count);
  for (int64_t i = 0; i < count; ++i) {
    auto row = rows.sel->get_index(static_cast<duckdb::idx_t>(from + i));
    if (!rows.validity.RowIsValidUnsafe(row)) {
      arrow::bit_util::ClearBit(bits, length_ + i);
      ++null_count_;
    }
  }
  length_ += count;
}

std::shared_ptr<arrow::Buffer> ValidityWriter::Finish() {
  std::shared_ptr<arrow::Buffer> bits;
  if (null_count_ > 0) {
    bits = bits_.Finish();
  } else if (has_bits_) {
    bits_.Finish();
  }
  has_bits_ = false;
  length_ = 0;
  null_count_ = 0;
  return bits;
}

}  // namespace pintail::engine
