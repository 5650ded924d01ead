#include "columnar/array_layout.h"

#include <algorithm>

#include "arrow/extension_type.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

namespace pintail::columnar {
namespace {

using arrow::DataTypeLayout;
using arrow::Type;

// No array that fits in memory is longer; below it no size computed here overflows for
// values of up to 4 MiB.
constexpr int64_t kMaxLength = int64_t{1} << 40;
constexpr int64_t kMaxByteWidth = int64_t{1} << 22;

// What a row without any bytes of its own is counted as: it still becomes a value in a
// table, and nothing else bounds how many of them a few bytes can claim.
constexpr int64_t kEmptyRowBytes = 8;

bool HasOffsets(Type::type id) {
  return arrow::is_base_binary_like(id) || arrow::is_var_length_list(id);
}

bool HasBitmap(Type::type id) {
  return id != Type::NA && id != Type::RUN_END_ENCODED && !arrow::is_union(id);
}

bool IsPresent(const arrow::ArrayData& data, int index) {
  return data.buffers[index] != nullptr && data.buffers[index]->address() != 0;
}

arrow::Status CheckBufferSize(const arrow::ArrayData& data, int index, int64_t needed) {
  if (needed == 0) return arrow::Status::OK();
  const int64_t size = IsPresent(data, index) ? data.buffers[index]->size() : 0;
  if (size >= needed) return arrow::Status::OK();
  return Lie("buffer ", index, " holds ", size, " bytes, but ", data.length,
             " values at offset ", data.offset, " need ", needed);
}

arrow::Status CheckBitmap(const arrow::ArrayData& data, const arrow::DataType& storage) {
  const bool has_bitmap = !data.buffers.empty() && data.buffers[0] != nullptr;
  if (!has_bitmap) return arrow::Status::OK();
  if (!HasBitmap(storage.id())) {
    return Lie("a validity bitmap on the type ", storage.ToString(), ", which has none");
  }
  if (data.length == 0) return arrow::Status::OK();
  return CheckBufferSize(data, 0,
                         arrow::bit_util::BytesForBits(data.offset + data.length));
}

int64_t CountNulls(const arrow::ArrayData& data, const arrow::DataType& storage) {
  if (storage.id() == Type::NA) return data.length;
  if (!HasBitmap(storage.id()) || data.buffers[0] == nullptr || data.length == 0)
    return 0;
  return data.length -
         arrow::internal::CountSetBits(data.buffers[0]->data(), data.offset, data.length);
}

// A wrong count is not a trifle: readers that trust a count of 0 follow the indexes that
// lie under null slots.
arrow::Status CheckNullCount(const arrow::ArrayData& data,
                             const arrow::DataType& storage) {
  const int64_t claimed = data.null_count;
  const int64_t actual = CountNulls(data, storage);
  if (claimed == arrow::kUnknownNullCount) {
    data.null_count = actual;
    return arrow::Status::OK();
  }
  if (claimed == actual) return arrow::Status::OK();
  return Lie("the null count is given as ", claimed, ", but ", actual, " of ",
             data.length, " values are null");
}

arrow::Status CheckBufferCount(const arrow::ArrayData& data,
                               const arrow::DataType& storage,
                               const DataTypeLayout& layout) {
  const size_t expected = layout.buffers.size();
  const bool fits = layout.variadic_spec ? data.buffers.size() >= expected
                                         : data.buffers.size() == expected;
  if (!fits) {
    return Lie("an array of type ", storage.ToString(), " has ", expected,
               " buffers, this one has ", data.buffers.size());
  }
  for (const auto& buffer : data.buffers) {
    if (buffer && !buffer->is_cpu()) return Lie("a buffer is not in main memory");
    if (buffer && buffer->size() < 0) return Lie("a buffer of negative size");
  }
  return arrow::Status::OK();
}

arrow::Status CheckShape(const arrow::ArrayData& data, const arrow::DataType& type,
                         const arrow::DataType& storage) {
  if (data.type == nullptr) return Lie("an array without a type");
  if (data.type.get() != &type && !data.type->Equals(type)) {
    return Lie("an array of type ", data.type->ToString(), " where the schema says ",
               type.ToString());
  }
  if (data.length < 0 || data.offset < 0 || data.length > kMaxLength ||
      data.offset > kMaxLength) {
    return Lie("impossible length ", data.length, " at offset ", data.offset);
  }
  const bool is_dictionary = storage.id() == Type::DICTIONARY;
  if (is_dictionary != (data.dictionary != nullptr)) {
    return Lie(is_dictionary ? "the dictionary is missing" : "an unexpected dictionary");
  }
  const auto children = static_cast<size_t>(storage.num_fields());
  if (data.child_data.size() != children) {
    return Lie("expected ", children, " child arrays, got ", data.child_data.size());
  }
  for (const auto& child : data.child_data) {
    if (child == nullptr) return Lie("a child array is missing");
  }
  return arrow::Status::OK();
}

}  // namespace

const arrow::DataType& StorageOf(const arrow::DataType& type) {
  const arrow::DataType* storage = &type;
  while (storage->id() == Type::EXTENSION) {
    storage = static_cast<const arrow::ExtensionType*>(storage)->storage_type().get();
  }
  return *storage;
}

arrow::Status CheckLayout(const arrow::ArrayData& data, const arrow::DataType& type,
                          int64_t* bytes) {
  const arrow::DataType& storage = StorageOf(type);
  ARROW_RETURN_NOT_OK(CheckShape(data, type, storage));
  const DataTypeLayout layout = storage.layout();
  ARROW_RETURN_NOT_OK(CheckBufferCount(data, storage, layout));
  ARROW_RETURN_NOT_OK(CheckBitmap(data, storage));

  const int64_t rows = data.offset + data.length;
  int64_t row_bits = 0;
  for (size_t i = 1; i < layout.buffers.size() && data.length > 0; ++i) {
    const auto& spec = layout.buffers[i];
    int64_t needed = 0;
    if (spec.kind == DataTypeLayout::BITMAP) {
      needed = arrow::bit_util::BytesForBits(rows);
      row_bits += 1;
    } else if (spec.kind == DataTypeLayout::FIXED_WIDTH) {
      if (spec.byte_width < 0 || spec.byte_width > kMaxByteWidth) {
        return Lie("impossible width of ", spec.byte_width, " bytes");
      }
      const bool is_offsets = i == 1 && HasOffsets(storage.id());
      needed = (rows + (is_offsets ? 1 : 0)) * spec.byte_width;
      row_bits += spec.byte_width * 8;
    }
    ARROW_RETURN_NOT_OK(CheckBufferSize(data, static_cast<int>(i), needed));
  }
  if (data.buffers.size() > 0 && data.buffers[0] != nullptr) row_bits += 1;
  if (row_bits == 0 && storage.id() != Type::STRUCT) row_bits = kEmptyRowBytes * 8;
  if (storage.id() == Type::STRUCT && storage.num_fields() == 0) {
    row_bits += kEmptyRowBytes * 8;
  }
  // At most 2^40 rows of 2^22 bytes: in doubles, so as not to overflow.
  const double total =
      static_cast<double>(data.length) * static_cast<double>(row_bits) / 8;
  *bytes += static_cast<int64_t>(std::min(total, 0x1p62));
  return CheckNullCount(data, storage);
}

const uint8_t* ValuesOf(const arrow::ArrayData& data, int index, int64_t width) {
  return data.buffers[index]->data() + data.offset * width;
}

bool IsValidAt(const arrow::ArrayData& data, int64_t i) {
  return data.buffers[0] == nullptr ||
         arrow::bit_util::GetBit(data.buffers[0]->data(), data.offset + i);
}

}  // namespace pintail::columnar
