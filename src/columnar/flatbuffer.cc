#include "columnar/flatbuffer.h"

#include <cstring>

namespace pintail::columnar {

bool FlatBuffer::IsWithin(uint64_t at, uint64_t size) {
  const bool within = at <= bytes_.size() && size <= bytes_.size() - at;
  damaged_ |= !within;
  return within;
}

template <typename T>
T FlatBuffer::Read(uint64_t at) {
  T value = 0;
  if (IsWithin(at, sizeof(T))) std::memcpy(&value, bytes_.data() + at, sizeof(T));
  return value;
}

// An offset counts from where it stands.
uint64_t FlatBuffer::Follow(uint64_t at) { return at + Read<uint32_t>(at); }

FlatTable FlatBuffer::Root() { return {*this, Follow(0)}; }

// A table begins with the signed distance back to the list of its fields' offsets; that
// list with its own size and the table's, two bytes each.
FlatTable::FlatTable(FlatBuffer& buffer, uint64_t position)
    : buffer_(&buffer), position_(position) {
  constexpr uint64_t kSizes = 2 * sizeof(uint16_t);
  // Before the bytes when it is negative, which is far behind them when it is unsigned.
  const auto list = position - static_cast<uint64_t>(buffer.Read<int32_t>(position));
  const uint64_t size = buffer.Read<uint16_t>(list);
  if (!buffer.IsWithin(list, size) || size < kSizes) {
    buffer.damaged_ = true;
    return;
  }
  fields_ = list + kSizes;
  fields_size_ = size - kSizes;
}

std::optional<uint64_t> FlatTable::Find(int id) const {
  const uint64_t at = static_cast<uint64_t>(id) * sizeof(uint16_t);
  if (at + sizeof(uint16_t) > fields_size_) return std::nullopt;
  const auto offset = buffer_->Read<uint16_t>(fields_ + at);
  if (offset == 0) return std::nullopt;
  return position_ + offset;
}

FlatTable::Elements FlatTable::Vector(int id, uint64_t element_size) const {
  const auto at = Find(id);
  if (!at) return {};
  const uint64_t vector = buffer_->Follow(*at);
  const auto count = buffer_->Read<uint32_t>(vector);
  const uint64_t begin = vector + sizeof(uint32_t);
  if (!buffer_->IsWithin(begin, count * element_size)) return {};
  return {begin, count};
}

uint8_t FlatTable::Byte(int id) const {
  const auto at = Find(id);
  return at ? buffer_->Read<uint8_t>(*at) : uint8_t{0};
}

std::string_view FlatTable::String(int id) const {
  const auto [begin, size] = Vector(id, 1);
  return {reinterpret_cast<const char*>(buffer_->bytes_.data()) + begin, size};
}

std::optional<FlatTable> FlatTable::Table(int id) const {
  const auto at = Find(id);
  if (!at) return std::nullopt;
  return FlatTable(*buffer_, buffer_->Follow(*at));
}

FlatTables FlatTable::Tables(int id) const {
  const auto [begin, count] = Vector(id, sizeof(uint32_t));
  return {*buffer_, begin, count};
}

std::span<const uint8_t> FlatTable::Structs(int id, uint64_t size) const {
  const auto [begin, count] = Vector(id, size);
  return buffer_->bytes_.subspan(begin, count * size);
}

FlatTable FlatTables::At(int64_t i) const {
  const uint64_t at = begin_ + static_cast<uint64_t>(i) * sizeof(uint32_t);
  return {*buffer_, buffer_->Follow(at)};
}

}  // namespace pintail::columnar
