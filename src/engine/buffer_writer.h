// Buffers that columns of a result are written into, and the bitmap that says which of
// their rows are NULL. Private to the engine; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "arrow/buffer.h"
#include "arrow/memory_pool.h"
#include "duckdb/common/types/validity_mask.hpp"
#include "duckdb/common/types/vector.hpp"

namespace pintail::engine {

// A buffer that grows at its end. Running out of memory throws, as DuckDB does.
//
// The first piece of a small result gets no more than it needs; once a buffer has had to
// grow, it and those after it begin with the size that a whole batch is expected to take.
class BufferWriter {
 public:
  BufferWriter(arrow::MemoryPool* pool, int64_t whole_bytes)
      : pool_(pool), whole_bytes_(whole_bytes) {}

  // Room for `bytes` more at the end, which then count as written.
  uint8_t* Extend(int64_t bytes) {
    uint8_t* end = Room(bytes);
    size_ += bytes;
    return end;
  }
  // Room for `bytes` more at the end, of which Advance says how many were written.
  uint8_t* Room(int64_t bytes) {
    if (size_ + bytes > capacity_) Grow(size_ + bytes);
    return data_ + size_;
  }
  void Advance(int64_t bytes) { size_ += bytes; }

  int64_t size() const { return size_; }
  uint8_t* data() { return data_; }

  // What was written; the next buffer is begun.
  std::shared_ptr<arrow::Buffer> Finish();

 private:
  void Grow(int64_t needed);

  arrow::MemoryPool* const pool_;
  const int64_t whole_bytes_;
  bool has_grown_ = false;
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  uint8_t* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

// Which rows are not NULL. There is no bitmap until the first NULL.
class ValidityWriter {
 public:
  ValidityWriter(arrow::MemoryPool* pool, int64_t whole_rows)
      : bits_(pool, whole_rows / 8 + 1) {}

  void AppendValid(int64_t count);
  void AppendNull(int64_t count);
  void AppendFlat(const duckdb::ValidityMask& mask, int64_t from, int64_t count);
  void Append(const duckdb::UnifiedVectorFormat& rows, int64_t from, int64_t count);

  int64_t length() const { return length_; }
  int64_t null_count() const { return null_count_; }
  // Null when every row is valid.
  std::shared_ptr<arrow::Buffer> Finish();

 private:
  // Makes room for `count` more bits, all of them set.
  uint8_t* ExtendBits(int64_t count);

  BufferWriter bits_;
  bool has_bits_ = false;
  int64_t length_ = 0;
  int64_t null_count_ = 0;
};

}  // namespace pintail::engine
