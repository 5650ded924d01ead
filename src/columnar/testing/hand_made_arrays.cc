#include "columnar/testing/hand_made_arrays.h"

#include <cstring>

#include "arrow/api.h"
#include "columnar/batch_reader.h"
#include "columnar/testing/sample_batches.h"

namespace pintail::columnar::testing {

using arrow::ArrayData;
using Data = std::shared_ptr<ArrayData>;

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ThroughGate(
    const std::shared_ptr<arrow::RecordBatch>& batch, const Limits& limits) {
  ARROW_ASSIGN_OR_RAISE(auto source,
                        arrow::RecordBatchReader::Make({batch}, batch->schema()));
  ARROW_ASSIGN_OR_RAISE(auto gate, Validated(std::move(source), limits));
  return gate->Next();
}

// A deep enough copy of an honest array that a test can make lie.
Data Copied(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return FromJson(type, json)->data()->Copy();
}

Data TextWithOffsets(const std::vector<int32_t>& offsets, const std::string& text) {
  return ArrayData::Make(arrow::utf8(), static_cast<int64_t>(offsets.size()) - 1,
                         {nullptr, BufferOf(offsets), arrow::Buffer::FromString(text)},
                         0);
}

// One 16-byte view that is not inline.
Data OneView(int32_t size, const std::string& prefix, int32_t buffer, int32_t offset,
             const std::string& text) {
  std::string view(16, '\0');
  std::memcpy(view.data(), &size, 4);
  std::memcpy(view.data() + 4, prefix.data(), 4);
  std::memcpy(view.data() + 8, &buffer, 4);
  std::memcpy(view.data() + 12, &offset, 4);
  return ArrayData::Make(
      arrow::utf8_view(), 1,
      {nullptr, arrow::Buffer::FromString(view), arrow::Buffer::FromString(text)}, 0);
}

Data Dictionary(const std::vector<int8_t>& indexes, std::vector<uint8_t> bitmap) {
  return ArrayData::Make(arrow::dictionary(arrow::int8(), arrow::utf8()),
                         static_cast<int64_t>(indexes.size()),
                         {bitmap.empty() ? nullptr : BufferOf(bitmap), BufferOf(indexes)},
                         {}, FromJson(arrow::utf8(), R"(["a", "b"])")->data(),
                         arrow::kUnknownNullCount);
}

Data RunEnds(const std::string& ends, const std::string& values, int64_t rows) {
  return ArrayData::Make(
      arrow::run_end_encoded(arrow::int32(), arrow::utf8()), rows, {nullptr},
      {FromJson(arrow::int32(), ends)->data(), FromJson(arrow::utf8(), values)->data()},
      0);
}

}  // namespace pintail::columnar::testing
