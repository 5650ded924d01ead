// Batches of every type that validation, readers and writers have to deal with, for
// tests. Pure functions, callable from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/array.h"
#include "arrow/buffer.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"

namespace pintail::columnar::testing {

// An array of the type from its JSON form, as arrow::ArrayFromJSON reads it.
std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                       const std::string& json);

// A batch of one column "c" with this array.
std::shared_ptr<arrow::RecordBatch> OneColumn(std::shared_ptr<arrow::Array> array);
std::shared_ptr<arrow::RecordBatch> OneColumn(std::shared_ptr<arrow::ArrayData> data);

// A buffer with a copy of these values.
template <typename T>
std::shared_ptr<arrow::Buffer> BufferOf(const std::vector<T>& values) {
  return arrow::Buffer::FromString(std::string(
      reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
}

// One honest array for each type, with nulls where the type has them: flat ones, nested
// ones, dictionaries, run ends, unions, views.
std::vector<std::shared_ptr<arrow::Array>> ArraysOfAllTypes();

// All of them as the columns c0, c1, … of one batch.
std::shared_ptr<arrow::RecordBatch> BatchOfAllTypes();

// Rows as a service sends them, of six columns and some 47 bytes, for benchmarks: id
// int64, float_col double, int_col int64, str_col utf8 ("str_0", …), bool_col bool,
// timestamp_col timestamp[ns]. Each text begins with `text`.
std::shared_ptr<arrow::RecordBatch> ServiceRows(int64_t rows,
                                                const std::string& text = "str_");

}  // namespace pintail::columnar::testing
