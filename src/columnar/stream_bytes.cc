#include "columnar/stream_bytes.h"

#include <algorithm>

namespace pintail::columnar {
namespace {

constexpr int64_t kFirstStepBytes = int64_t{4} << 20;

}  // namespace

arrow::Result<std::shared_ptr<arrow::Buffer>> ReadUpTo(arrow::io::InputStream& input,
                                                       int64_t size) {
  if (input.supports_zero_copy()) return input.Read(size);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> buffer,
                        arrow::AllocateResizableBuffer(std::min(size, kFirstStepBytes)));
  int64_t filled = 0;
  while (filled < size) {
    if (filled == buffer->size()) {
      ARROW_RETURN_NOT_OK(buffer->Resize(std::min(size, filled * 2)));
    }
    ARROW_ASSIGN_OR_RAISE(
        const int64_t read,
        input.Read(buffer->size() - filled, buffer->mutable_data() + filled));
    if (read == 0) break;
    filled += read;
  }
  ARROW_RETURN_NOT_OK(buffer->Resize(filled, /*shrink_to_fit=*/false));
  return buffer;
}

}  // namespace pintail::columnar
