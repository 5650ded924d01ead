#include "columnar/parquet_schema_size.h"

#include <algorithm>
#include <vector>

#include "columnar/array_layout.h"

namespace pintail::columnar {
namespace {

// Element types of Thrift's compact protocol.
enum Type : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
};

// Field ids of parquet.thrift.
constexpr int64_t kFileSchema = 2;          // FileMetaData.schema
constexpr int64_t kElementNumChildren = 5;  // SchemaElement.num_children

// Values that are passed over may be nested this deep; the format itself needs 8.
constexpr int kMaxSkipDepth = 32;

struct Damaged {};

// Reads the compact protocol; throws Damaged past the end or at what cannot be.
class CompactReader {
 public:
  explicit CompactReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  // Calls `read(id, type)` for each field of a struct; it must consume the field's value.
  template <typename Read>
  void ReadStruct(const Read& read) {
    int64_t id = 0;
    while (true) {
      const uint8_t header = Byte();
      if (header == kStop) return;
      const int64_t step = header >> 4;
      id = step == 0 ? ZigZag() : id + step;
      read(id, static_cast<Type>(header & 15));
    }
  }

  struct Elements {
    uint64_t count;
    Type type;
  };
  Elements ListHeader() {
    const uint8_t header = Byte();
    const uint64_t count = header >> 4 == 15 ? Varint() : header >> 4;
    // An element takes a byte at least.
    if (count > bytes_.size()) throw Damaged{};
    return {count, static_cast<Type>(header & 15)};
  }

  int64_t ZigZag() {
    const uint64_t value = Varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }

  void Skip(Type type, int depth = 0) {
    if (depth > kMaxSkipDepth) throw Damaged{};
    switch (type) {
      case kTrue:
      case kFalse:
        return;
      case kByte:
        Advance(1);
        return;
      case kI16:
      case kI32:
      case kI64:
        Varint();
        return;
      case kDouble:
        Advance(8);
        return;
      case kBinary:
        Advance(Varint());
        return;
      case kList:
      case kSet:
        SkipList(depth);
        return;
      case kMap:
        SkipMap(depth);
        return;
      case kStruct:
        ReadStruct([&](int64_t, Type field) { Skip(field, depth + 1); });
        return;
      case kStop:
        break;
    }
    throw Damaged{};
  }

 private:
  // Inside a collection a boolean takes a byte; as a field it is told by its type.
  void SkipElement(Type type, int depth) {
    if (type == kTrue || type == kFalse) {
      Advance(1);
    } else {
      Skip(type, depth + 1);
    }
  }

  void SkipList(int depth) {
    const Elements list = ListHeader();
    for (uint64_t i = 0; i < list.count; ++i) SkipElement(list.type, depth);
  }

  void SkipMap(int depth) {
    const uint64_t count = Varint();
    if (count > bytes_.size()) throw Damaged{};
    if (count == 0) return;
    const uint8_t types = Byte();
    for (uint64_t i = 0; i < count; ++i) {
      SkipElement(static_cast<Type>(types >> 4), depth);
      SkipElement(static_cast<Type>(types & 15), depth);
    }
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      const uint8_t byte = Byte();
      value |= shift < 64 ? static_cast<uint64_t>(byte & 0x7F) << shift : 0;
      if (byte < 0x80) return value;
    }
    throw Damaged{};
  }

  uint8_t Byte() {
    if (bytes_.empty()) throw Damaged{};
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

  void Advance(uint64_t count) {
    if (count > bytes_.size()) throw Damaged{};
    bytes_ = bytes_.subspan(count);
  }

  std::span<const uint8_t> bytes_;
};

int64_t ReadChildCount(CompactReader& reader) {
  int64_t children = 0;
  reader.ReadStruct([&](int64_t id, Type type) {
    if (id == kElementNumChildren && type == kI32) {
      children = reader.ZigZag();
    } else {
      reader.Skip(type);
    }
  });
  return children;
}

// The schema is a tree in pre-order: each element tells how many children follow it.
ParquetSchemaSize ReadSchema(CompactReader& reader) {
  const auto elements = reader.ListHeader();
  if (elements.type != kStruct) throw Damaged{};
  std::vector<int64_t> missing;  // children still to come, from the root down
  ParquetSchemaSize size;
  for (uint64_t i = 0; i < elements.count; ++i) {
    const int64_t children = ReadChildCount(reader);
    const auto level = static_cast<int64_t>(missing.size());
    size.depth = std::max(size.depth, level + 1);
    if (level > 0) ++size.elements;
    if (level == 1) ++size.columns;
    if (children > 0) {
      missing.push_back(children);
      continue;
    }
    while (!missing.empty() && --missing.back() == 0) missing.pop_back();
  }
  return size;
}

}  // namespace

arrow::Result<ParquetSchemaSize> SizeOfParquetSchema(std::span<const uint8_t> footer) {
  ParquetSchemaSize size;
  try {
    CompactReader reader(footer);
    reader.ReadStruct([&](int64_t id, Type type) {
      if (id == kFileSchema && type == kList) {
        const ParquetSchemaSize read = ReadSchema(reader);
        size = {.columns = std::max(size.columns, read.columns),
                .elements = std::max(size.elements, read.elements),
                .depth = std::max(size.depth, read.depth)};
      } else {
        reader.Skip(type);
      }
    });
  } catch (const Damaged&) {
    return Lie("the Parquet file's footer is damaged");
  }
  return size;
}

}  // namespace pintail::columnar
