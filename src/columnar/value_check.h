// Checks of the values of flat arrays: text and offsets, views, numbers that have a
// range. All of them require that CheckLayout has passed. Pure functions, callable from
// any thread.
#pragma once

#include <cstdint>

#include "arrow/array/data.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "arrow/type_traits.h"

namespace pintail::columnar {

// Offsets of `width` bytes (4 or 8) that begin at or above 0, never fall, and end at or
// below `limit`. Returns last minus first.
arrow::Result<int64_t> CheckOffsets(const arrow::ArrayData& data, int width,
                                    int64_t limit);

// utf8, binary and their large variants: offsets and, for text, UTF-8. Returns the bytes
// of all values.
arrow::Result<int64_t> CheckStrings(const arrow::ArrayData& data,
                                    const arrow::DataType& type);

// String and binary views: sizes, buffer indexes, offsets, prefixes and, for text, UTF-8.
// Returns the bytes of all values that are not inline, each counted as often as it is
// seen.
arrow::Result<int64_t> CheckViews(const arrow::ArrayData& data,
                                  const arrow::DataType& type);

// Times within a day, dates in milliseconds that are whole days, decimals within their
// precision. OK for types whose every bit pattern is a value.
arrow::Status CheckRanges(const arrow::ArrayData& data, const arrow::DataType& type);

// Integers of the type, all within [0, limit) where they are not null.
arrow::Status CheckIndexes(const arrow::ArrayData& data, const arrow::DataType& type,
                           int64_t limit);

// The bytes of all text values that the indexes of type `type` take from the array's
// checked dictionary of type `value_type`.
int64_t CountIndexedBytes(const arrow::ArrayData& data, const arrow::DataType& type,
                          const arrow::DataType& value_type);

}  // namespace pintail::columnar
