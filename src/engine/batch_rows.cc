#include "engine/batch_rows.h"

#include <algorithm>

namespace pintail::engine {

arrow::Result<std::unique_ptr<BatchRows>> BatchRows::Make(duckdb::ClientContext& context,
                                                          const arrow::Schema& schema) {
  auto rows = std::make_unique<BatchRows>();
  ARROW_ASSIGN_OR_RAISE(rows->storable_, StorableSchema(schema));
  ARROW_ASSIGN_OR_RAISE(rows->input_, ArrowInput::Make(context, *rows->storable_));
  return rows;
}

arrow::Status BatchRows::Open(duckdb::ClientContext& context,
                              const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(auto storable, StorableBatch(batch, storable_));
  batch_ = ExportForDuckDb(*storable);
  states_.clear();
  for (size_t i = 0; i < types().size(); ++i) {
    states_.push_back(duckdb::make_uniq<duckdb::ArrowArrayScanState>(context));
    states_.back()->owned_data = batch_;
  }
  rows_ = storable->num_rows();
  done_ = 0;
  return arrow::Status::OK();
}

void BatchRows::Read(duckdb::DataChunk& chunk) {
  const auto rows = std::min<int64_t>(rows_ - done_, STANDARD_VECTOR_SIZE);
  chunk.SetCardinality(static_cast<duckdb::idx_t>(rows));
  for (size_t i = 0; i < types().size(); ++i) {
    input_->ReadColumn(*batch_, i, static_cast<duckdb::idx_t>(done_), *states_[i],
                       chunk.data[i], chunk.size());
  }
  done_ += rows;
}

}  // namespace pintail::engine
