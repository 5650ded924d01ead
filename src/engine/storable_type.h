// Which Arrow types DuckDB can keep, and which values it would have to round. Private to
// the engine. Pure functions, callable from any thread.
#pragma once

#include <memory>
#include <string>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::engine {

// The type itself, or one that DuckDB reads and that holds each of its values.
// InvalidArgument names the type when there is none.
arrow::Result<std::shared_ptr<arrow::DataType>> StorableType(
    const std::shared_ptr<arrow::DataType>& type);

// DuckDB keeps times with a zone, durations and intervals in microseconds:
// InvalidArgument names the column when nanoseconds would be lost.
arrow::Status CheckNothingIsRounded(const arrow::ArrayData& array,
                                    const std::string& column);

// The array's validity as a bitmap that begins at bit zero; null when all are valid.
arrow::Result<std::shared_ptr<arrow::Buffer>> ValidityFromZero(const arrow::Array& array);

}  // namespace pintail::engine
