#include "engine/row_groups.h"

#include <algorithm>
#include <utility>

#include "arrow/memory_pool.h"
#include "columnar/batch_bytes.h"
#include "engine/arrow_input.h"

namespace pintail::engine {
namespace {

// Pieces of exactly a row group: shorter ones cost DuckDB more than twice the time, as it
// puts them together afterwards.
constexpr int64_t kPieceRows = 122'880;

}  // namespace

arrow::Status RowGroups::Pull() {
  std::shared_ptr<arrow::RecordBatch> batch;
  ARROW_RETURN_NOT_OK(reader_.ReadNext(&batch));
  if (!batch) {
    done_ = true;
    current_ = nullptr;
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(current_, StorableBatch(*batch, schema_));
  return arrow::Status::OK();
}

void RowGroups::Merge(arrow::RecordBatchVector& small,
                      arrow::RecordBatchVector& pieces) const {
  if (small.size() > 1) {
    if (auto merged = arrow::ConcatenateRecordBatches(small); merged.ok()) {
      pieces.push_back(*std::move(merged));
      small.clear();
      return;
    }
  }
  std::ranges::move(small, std::back_inserter(pieces));
  small.clear();
}

arrow::Result<arrow::RecordBatchVector> RowGroups::Next(int64_t rows, int64_t bytes) {
  arrow::RecordBatchVector pieces;
  arrow::RecordBatchVector small;
  int64_t small_rows = 0;
  while (!done_ && rows > 0 && bytes > 0) {
    if (!current_ || current_->num_rows() == 0) {
      ARROW_RETURN_NOT_OK(Pull());
      continue;
    }
    auto piece =
        current_->Slice(0, std::min(current_->num_rows(), kPieceRows - small_rows));
    current_ = current_->Slice(piece->num_rows());
    rows -= piece->num_rows();
    bytes -= columnar::BytesOf(*piece);
    small_rows += piece->num_rows();
    small.push_back(std::move(piece));
    if (small_rows >= kPieceRows) {
      Merge(small, pieces);
      small_rows = 0;
    }
  }
  Merge(small, pieces);
  return pieces;
}

}  // namespace pintail::engine
