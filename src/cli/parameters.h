// Parameters of a statement as typed on a command line. Pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace pintail::cli {

// One row of parameters: "name=value" by name, "value" by position (not both). A value is
// null, true or false, a whole number, a number, or text; text in single quotes is text
// whatever it looks like ('' stands for a quote). Null when there are none.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ParseParameters(
    const std::vector<std::string>& texts);

}  // namespace pintail::cli
