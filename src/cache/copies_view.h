// The view pintail.copies.
#pragma once

#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "cache/copies.h"

namespace pintail::cache {

std::shared_ptr<arrow::Schema> CopyColumns();
arrow::Result<std::shared_ptr<arrow::RecordBatch>> CopyRows(
    const std::vector<CopyReport>& reports);

}  // namespace pintail::cache
