#include "columnar/line_blocks.h"

#include <cstring>
#include <utility>

#include "columnar/array_layout.h"

namespace pintail::columnar {
namespace {

constexpr int64_t kBlockBytes = int64_t{1} << 20;
constexpr int64_t kMaxLineBytes = int64_t{64} << 20;

}  // namespace

arrow::Result<std::shared_ptr<arrow::Buffer>> LineBlocks::Next() {
  int64_t filled = rest_ ? rest_->size() : 0;
  int64_t wanted = kBlockBytes;
  while (wanted <= filled) wanted *= 2;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> block,
                        arrow::AllocateResizableBuffer(wanted));
  if (filled > 0) {
    std::memcpy(block->mutable_data(), rest_->data(), static_cast<size_t>(filled));
  }
  rest_ = nullptr;
  while (true) {
    while (!at_end_ && filled < block->size()) {
      ARROW_ASSIGN_OR_RAISE(
          const int64_t read,
          input_->Read(block->size() - filled, block->mutable_data() + filled));
      at_end_ = read == 0;
      filled += read;
    }
    std::shared_ptr<arrow::Buffer> text = arrow::SliceBuffer(block, 0, filled);
    if (at_end_) return filled == 0 ? nullptr : std::move(text);
    ARROW_ASSIGN_OR_RAISE(const int64_t end, last_line_end_(text));
    if (end > 0) {
      rest_ = arrow::SliceBuffer(text, end);
      return arrow::SliceBuffer(text, 0, end);
    }
    if (filled >= kMaxLineBytes) {
      return Lie("a line is longer than ", kMaxLineBytes, " bytes");
    }
    text.reset();
    ARROW_RETURN_NOT_OK(block->Resize(filled * 2));
  }
}

}  // namespace pintail::columnar
