// What can be said about JSON text before it is parsed. Pure functions, callable from any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "arrow/result.h"

namespace pintail::columnar {

struct JsonShape {
  // An integer of 16 digits or more, which a double may not hold exactly.
  bool has_long_integers = false;
};

// InvalidArgument when a value is nested more than `max_nesting` deep, or one object of a
// line has more than `max_members` members (nested ones counted). The text may be invalid
// otherwise: that is for the parser to say. `text` is whole lines.
arrow::Result<JsonShape> ScanJsonLines(std::string_view text, int64_t max_nesting,
                                       int64_t max_members);

}  // namespace pintail::columnar
