// Which Arrow types DuckDB can keep, and which values it would have to change. Private to
// the engine. Pure functions, callable from any thread.
#pragma once

#include <memory>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::engine {

// The type itself, or one that DuckDB reads and that holds each of its values.
// InvalidArgument names the type when there is none.
arrow::Result<std::shared_ptr<arrow::DataType>> StorableType(
    const std::shared_ptr<arrow::DataType>& type);

// DuckDB keeps times with a zone, durations and intervals in microseconds, dates in days:
// InvalidArgument names the row (of a nested array, the element) whose value would have
// to be rounded or is too large.
arrow::Status CheckValuesAreStorable(const arrow::ArrayData& array);

// The array's validity as a bitmap that begins at bit zero; null when all are valid.
arrow::Result<std::shared_ptr<arrow::Buffer>> ValidityFromZero(const arrow::Array& array);

}  // namespace pintail::engine
