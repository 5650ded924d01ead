// Arrays put together buffer by buffer, so that a test can make them lie.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/array/data.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "columnar/limits.h"

namespace pintail::columnar::testing {

// What Validated lets through of a stream of this one batch.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ThroughGate(
    const std::shared_ptr<arrow::RecordBatch>& batch, const Limits& limits = {});

// A deep enough copy of an honest array that a test can make lie.
std::shared_ptr<arrow::ArrayData> Copied(const std::shared_ptr<arrow::DataType>& type,
                                         const std::string& json);

// Text with just these offsets.
std::shared_ptr<arrow::ArrayData> TextWithOffsets(const std::vector<int32_t>& offsets,
                                                  const std::string& text);

// One 16-byte view that is not inline.
std::shared_ptr<arrow::ArrayData> OneView(int32_t size, const std::string& prefix,
                                          int32_t buffer, int32_t offset,
                                          const std::string& text);

// These indexes into the dictionary ["a", "b"].
std::shared_ptr<arrow::ArrayData> Dictionary(const std::vector<int8_t>& indexes,
                                             std::vector<uint8_t> bitmap = {});

// These run ends (JSON) over these values (JSON).
std::shared_ptr<arrow::ArrayData> RunEnds(const std::string& ends,
                                          const std::string& values, int64_t rows);

}  // namespace pintail::columnar::testing
