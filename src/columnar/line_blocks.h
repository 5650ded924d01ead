// Cuts a text input into blocks of whole lines, for formats that have a record a line.
// One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"

namespace pintail::columnar {

class LineBlocks {
 public:
  // Finds where the last whole line of the text ends (the position after its line end),
  // or 0 when there is none.
  using LastLineEnd =
      std::function<arrow::Result<int64_t>(const std::shared_ptr<arrow::Buffer>&)>;

  LineBlocks(std::shared_ptr<arrow::io::InputStream> input, LastLineEnd last_line_end)
      : input_(std::move(input)), last_line_end_(std::move(last_line_end)) {}

  // The next block: about a mebibyte, more where one line is longer than that; the last
  // one may end without a line end. Null at the end. InvalidArgument for a line that is
  // longer than 64 MiB.
  arrow::Result<std::shared_ptr<arrow::Buffer>> Next();

 private:
  const std::shared_ptr<arrow::io::InputStream> input_;
  const LastLineEnd last_line_end_;
  std::shared_ptr<arrow::Buffer> rest_;  // read, but after the last whole line
  bool at_end_ = false;
};

}  // namespace pintail::columnar
