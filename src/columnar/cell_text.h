// The text of one value of a column, for CSV and JSON.
//
// A CellText belongs to one array, which outlives it, and is made once a batch: what can
// be decided by the type is decided then, not for each value. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow/array.h"
#include "arrow/result.h"

namespace pintail::columnar {

class CellText {
 public:
  virtual ~CellText() = default;

  virtual bool IsNull(int64_t row) const = 0;
  // The bare text of a value that is not null; of a nested value, its JSON.
  virtual void AppendText(int64_t row, std::string* out) const = 0;
  // The JSON of any value, null included.
  virtual void AppendJson(int64_t row, std::string* out) const = 0;
};

// Unimplemented for a type that has no text; the message names it.
arrow::Result<std::unique_ptr<CellText>> MakeCellText(const arrow::Array& array);

}  // namespace pintail::columnar
