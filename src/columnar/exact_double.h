// Whether whole numbers keep their value in a column of doubles.
#pragma once

#include <string>

#include "arrow/array/array_base.h"
#include "arrow/status.h"
#include "arrow/type.h"

namespace pintail::columnar {

// Whether a column of `arriving` holds 64-bit integers, in any encoding: of those a
// double cannot have all.
bool MayBeInexactAsDouble(const arrow::DataType& arriving);

// OK when each value of such a column is within ±2^53, where doubles have every whole
// number; else InvalidArgument with the first value that is not. `name` is the column's.
// Pure; callable from any thread.
arrow::Status CheckExactAsDouble(const arrow::Array& column, const std::string& name);

}  // namespace pintail::columnar
