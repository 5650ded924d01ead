// Values as Redis keeps them: text that reads back exactly. Numbers in decimal (floats
// with as few digits as bring them back), times as the integers that Arrow has for them,
// decimals with their scale, text and binary as they are. Pure functions, callable from
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arrow/array.h"
#include "arrow/array/builder_base.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::backend {

// Unimplemented, naming the type, for lists, structs and whatever else has no such text.
arrow::Status CheckHasValueText(const arrow::DataType& type);

// Of a value that is not null, in an array whose type has text.
arrow::Result<std::string> ValueText(const arrow::Array& array, int64_t row);

// Appends the value to a builder made for its type. InvalidArgument for a text that is no
// value of the type.
arrow::Status AppendValueText(std::string_view text, arrow::ArrayBuilder* builder);

}  // namespace pintail::backend
