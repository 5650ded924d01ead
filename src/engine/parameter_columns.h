// Which of the given values belongs to which parameter of a statement.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::engine {

// For each expected name, in their order, the column of `given` (null: no values) that
// holds its value. A numbered parameter (? or $1) is named "1", "2", and so on. Named
// parameters go by name, without regard to case; by position when the columns have no
// names of their own (empty, or numbers as drivers make them up). Numbered parameters go
// by position, unless the columns are named by just those numbers. InvalidArgument when
// the count differs or a name is missing.
arrow::Result<std::vector<int>> MatchParameters(const std::vector<std::string>& expected,
                                                const arrow::Schema* given);

}  // namespace pintail::engine
