// Where the rows of an answer go: a table for people or one of the formats, to standard
// output or a file. Used by one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "arrow/result.h"
#include "cli/client.h"
#include "cli/terminal.h"
#include "columnar/format.h"

namespace pintail::cli {

// Empty: a table.
using OutputFormat = std::optional<columnar::Format>;

// "table", or a name that columnar::ParseFormat takes.
arrow::Result<OutputFormat> ParseOutputFormat(std::string_view name);

struct OutputOptions {
  OutputFormat format;
  std::string path;  // empty: standard output
  bool types = false;
};

// Writes all rows of the answer; for an answer without rows, in a table, what was done. A
// file that cannot be written whole stays as it was before.
arrow::Status WriteAnswer(Answer answer, const OutputOptions& options,
                          const Terminal& terminal);

}  // namespace pintail::cli
