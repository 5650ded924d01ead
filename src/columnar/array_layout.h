// The lowest part of validation: are an array's buffers there, as many and as large as
// its type, offset and length need? Nothing else may touch the bytes before these said
// yes. Pure functions, callable from any thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "arrow/array/data.h"
#include "arrow/status.h"
#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "base/error.h"

namespace pintail::columnar {

// InvalidArgument with this message.
template <typename... Parts>
arrow::Status Lie(Parts&&... parts) {
  return base::MakeError(base::ErrorKind::kInvalidArgument,
                         std::forward<Parts>(parts)...);
}

// Reads the i-th value of a buffer that need not be aligned.
template <typename T>
T ValueAt(const uint8_t* values, int64_t i) {
  T value;
  std::memcpy(&value, values + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

// The type whose layout an array of the type has: the storage of an extension type.
const arrow::DataType& StorageOf(const arrow::DataType& type);

// The buffers, their sizes, length, offset and the count of children. Makes the null
// count known. Adds to `bytes` what the fixed-width parts of the array's own rows take.
arrow::Status CheckLayout(const arrow::ArrayData& data, const arrow::DataType& type,
                          int64_t* bytes);

// The address of the first of the array's own values in buffer `index` of values `width`
// bytes wide. Only after CheckLayout.
const uint8_t* ValuesOf(const arrow::ArrayData& data, int index, int64_t width);

// Whether row `i` is valid by the array's own bitmap. Only after CheckLayout.
bool IsValidAt(const arrow::ArrayData& data, int64_t i);

}  // namespace pintail::columnar
