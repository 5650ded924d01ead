// UUIDs as text. Pure functions, callable from any thread.
#pragma once

#include <memory>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::backend {

bool IsUuid(const arrow::DataType& type);
// utf8 as 6ecd8c99-4036-403d-bf84-cf8400f67836, of an array that IsUuid.
arrow::Result<std::shared_ptr<arrow::Array>> UuidText(const arrow::Array& array);

}  // namespace pintail::backend
