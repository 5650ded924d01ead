// JSON values as Arrow values: what statement parameters are made of.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string>

#include "arrow/array.h"
#include "arrow/result.h"

namespace pintail::http {

// An array of one value: null, bool, int64 (uint64 when too large), double, utf8; a JSON
// array gives a list (its elements of one type, integers and fractions mixing to double),
// an object a struct. `what` names the value in errors.
arrow::Result<std::shared_ptr<arrow::Array>> ArrayOfJson(simdjson::dom::element value,
                                                         const std::string& what);

}  // namespace pintail::http
