#include "columnar/batch_bytes.h"

#include "arrow/result.h"
#include "arrow/util/byte_size.h"

namespace pintail::columnar {
namespace {

constexpr int64_t kSmallBytes = 4096;

}  // namespace

int64_t BytesOf(const arrow::RecordBatch& batch) {
  const int64_t total = arrow::util::TotalBufferSize(batch);
  if (total <= kSmallBytes) return total;
  const arrow::Result<int64_t> referenced = arrow::util::ReferencedBufferSize(batch);
  return referenced.ok() ? *referenced : total;
}

}  // namespace pintail::columnar
