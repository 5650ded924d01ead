// A look into a flatbuffer that nobody has verified: tables, strings and vectors, each
// checked to lie within the bytes before it is read. Flatbuffers is what Arrow IPC writes
// its metadata in; its binary format is described at https://flatbuffers.dev/internals/.
//
// What leads outside the bytes reads as if it was not written, and marks the buffer as
// damaged. Offsets lead forward, so a walk ends, but several may lead to the same place:
// whoever walks has to count. Tables refer to their buffer, which outlives them. One
// thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pintail::columnar {

class FlatTable;
class FlatTables;

class FlatBuffer {
 public:
  // The bytes outlive the buffer.
  explicit FlatBuffer(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  // The table that the whole buffer is about.
  FlatTable Root();
  // Whether anything that was read so far led outside.
  bool damaged() const { return damaged_; }

 private:
  friend class FlatTable;
  friend class FlatTables;

  bool IsWithin(uint64_t at, uint64_t size);
  // 0 outside the bytes.
  template <typename T>
  T Read(uint64_t at);
  // Where the offset at `at` leads.
  uint64_t Follow(uint64_t at);

  const std::span<const uint8_t> bytes_;
  bool damaged_ = false;
};

class FlatTable {
 public:
  // Fields by their ids, counted from 0 in the order of the schema (a union takes two:
  // its type, then its value). What was not written is 0, empty or nothing.
  uint8_t Byte(int id) const;
  std::string_view String(int id) const;
  std::optional<FlatTable> Table(int id) const;
  FlatTables Tables(int id) const;
  // The bytes of a vector of structs, each of `size` bytes.
  std::span<const uint8_t> Structs(int id, uint64_t size) const;

 private:
  friend class FlatBuffer;
  friend class FlatTables;

  FlatTable(FlatBuffer& buffer, uint64_t position);
  // Where the field's value is; nothing when it was not written.
  std::optional<uint64_t> Find(int id) const;
  // The vector's elements, all within the bytes.
  struct Elements {
    uint64_t begin = 0;
    uint32_t count = 0;
  };
  Elements Vector(int id, uint64_t element_size) const;

  FlatBuffer* buffer_;
  uint64_t position_ = 0;
  uint64_t fields_ = 0;       // where the offsets of the fields are
  uint64_t fields_size_ = 0;  // in bytes
};

// A vector of tables.
class FlatTables {
 public:
  int64_t size() const { return size_; }
  // `i` is less than size().
  FlatTable At(int64_t i) const;

 private:
  friend class FlatTable;

  FlatTables(FlatBuffer& buffer, uint64_t begin, int64_t size)
      : buffer_(&buffer), begin_(begin), size_(size) {}

  FlatBuffer* buffer_;
  uint64_t begin_;
  int64_t size_;
};

}  // namespace pintail::columnar
