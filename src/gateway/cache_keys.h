// The keys that answers are found by. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "arrow/record_batch.h"

namespace pintail::gateway {

struct KeyParts {
  std::string_view identity;
  std::string_view scope;  // of the session: its settings
  std::string_view text;
  const arrow::RecordBatch* parameters = nullptr;
};

// Of a text as it came. Nothing when the parameters are too many to be part of a key.
std::optional<std::string> ExactKey(const KeyParts& parts);
// Of a bound statement: its canonical text, and the columns that it announces.
std::optional<std::string> BoundKey(const KeyParts& parts, const arrow::Schema& schema);

}  // namespace pintail::gateway
