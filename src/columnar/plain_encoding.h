// Brings checked batches to the encodings that readers of Arrow data get right.
//
// The database's Arrow scan misreads some valid encodings, up to reading and writing past
// its buffers: dictionaries inside lists, run-end encoding below the top level,
// dictionaries of fixed-width values, list views that are out of order. Values stay what
// they are, only their encoding changes: dictionaries remain where a column as a whole is
// a dictionary of text or bytes, every other dictionary and all run-end encodings become
// plain values, list views are put in order. Immutable; callable from any thread.
#pragma once

#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::columnar {

class PlainEncoding {
 public:
  explicit PlainEncoding(const std::shared_ptr<arrow::Schema>& schema);

  // The schema of the batches that Apply returns.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  // The batch must have passed ArrayCheck; columns that are plain already are shared.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& batch) const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  bool is_plain_ = true;  // no column can ever need a change
};

}  // namespace pintail::columnar
