// What sessions of sources may be too, when their source can tell a statement's columns
// without running it.
#pragma once

#include <memory>
#include <string>

#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::engine {

// One thread at a time with the session's other calls.
class DescribesQueries {
 public:
  virtual ~DescribesQueries() = default;

  // The columns of what SourceSession::Query would give; none when the statement returns
  // no rows. Unimplemented where they come with the rows only.
  virtual arrow::Result<std::shared_ptr<arrow::Schema>> Describe(
      const std::string& sql) = 0;
};

}  // namespace pintail::engine
