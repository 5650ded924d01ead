// How large a schema may be, and the words of the refusal, which are the same wherever
// the size is told: by the metadata, before anything is built of it, or by the schema.
// InvalidArgument names the count and the option. Pure functions, callable from any
// thread.
#pragma once

#include <cstdint>

#include "arrow/status.h"
#include "columnar/limits.h"

namespace pintail::columnar {

arrow::Status CheckColumnCount(int64_t columns, const Limits& limits);
// `fields` are those that were seen so far; there may be more.
arrow::Status CheckFieldCount(int64_t fields, const Limits& limits);
// A column of numbers is of depth 1, one of lists of numbers of depth 2.
arrow::Status CheckNesting(int64_t depth, const Limits& limits);

}  // namespace pintail::columnar
