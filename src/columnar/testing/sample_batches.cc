#include "columnar/testing/sample_batches.h"

#include <utility>

#include "arrow/api.h"
#include "arrow/json/from_string.h"

namespace pintail::columnar::testing {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

struct Sample {
  std::shared_ptr<arrow::DataType> type;
  const char* json;  // always three rows
};

std::vector<Sample> Samples() {
  using namespace arrow;  // NOLINT: a table of type factories
  const auto point = struct_({field("x", int32()), field("name", utf8())});
  return {
      {null(), "[null, null, null]"},
      {boolean(), "[true, null, false]"},
      {int8(), "[-128, null, 127]"},
      {int16(), "[-32768, null, 32767]"},
      {int32(), "[-5, null, 7]"},
      {int64(), "[-9223372036854775808, null, 9223372036854775807]"},
      {uint8(), "[0, null, 255]"},
      {uint16(), "[0, null, 65535]"},
      {uint32(), "[0, null, 4294967295]"},
      {uint64(), "[0, null, 18446744073709551615]"},
      {float16(), "[1.5, null, -2]"},
      {float32(), "[1.5, null, -2]"},
      {float64(), "[1.5, null, -2.25]"},
      {decimal32(5, 2), R"(["123.45", null, "-0.01"])"},
      {decimal64(15, 3), R"(["123456789012.345", null, "-0.001"])"},
      {decimal128(38, 10),
       R"(["1234567890123456789012345678.0123456789", null, "-1.0000000000"])"},
      {decimal256(50, 5),
       R"(["123456789012345678901234567890.12345", null, "-1.00000"])"},
      {utf8(), R"(["a", null, "grüße \"x\""])"},
      {large_utf8(), R"(["a", null, "世界"])"},
      {utf8_view(), R"(["short", null, "a text that is longer than twelve"])"},
      {binary(), R"(["ab", null, ""])"},
      {large_binary(), R"(["ab", null, "xyz"])"},
      {binary_view(), R"(["ab", null, "some bytes beyond the inline size"])"},
      {fixed_size_binary(3), R"(["abc", null, "xyz"])"},
      {date32(), "[0, null, 20000]"},
      {date64(), "[0, null, 1728000000000]"},
      {time32(TimeUnit::SECOND), "[0, null, 86399]"},
      {time32(TimeUnit::MILLI), "[1, null, 86399999]"},
      {time64(TimeUnit::MICRO), "[1, null, 86399999999]"},
      {time64(TimeUnit::NANO), "[1, null, 86399999999999]"},
      {timestamp(TimeUnit::SECOND), "[0, null, 1700000000]"},
      {timestamp(TimeUnit::MILLI), "[0, null, 1700000000123]"},
      {timestamp(TimeUnit::MICRO, "UTC"), "[0, null, 1700000000123456]"},
      {timestamp(TimeUnit::NANO, "Europe/Berlin"), "[0, null, 1700000000123456789]"},
      {duration(TimeUnit::SECOND), "[0, null, 90]"},
      {duration(TimeUnit::NANO), "[-1, null, 90000000000]"},
      {month_interval(), "[14, null, -1]"},
      {day_time_interval(), "[[1, 2], null, [-1, -2000]]"},
      {month_day_nano_interval(), "[[1, 2, 3], null, [-1, -2, -3]]"},
      {list(int32()), "[[1, null, 3], null, []]"},
      {large_list(utf8()), R"([["a", null], null, []])"},
      {list_view(int32()), "[[1, null, 3], null, []]"},
      {large_list_view(utf8()), R"([["a", null], null, []])"},
      {fixed_size_list(float32(), 2), "[[1, 2], null, [3, 4]]"},
      {point, R"([{"x": 1, "name": "a"}, null, {"x": null, "name": "b"}])"},
      {list(point), R"([[{"x": 1, "name": "a"}], null, [{"x": 2, "name": null}]])"},
      {map(utf8(), int32()), R"([[["a", 1], ["b", null]], null, []])"},
      {list(list(boolean())), "[[[true], null, []], null, [[false, null]]]"},
      {dictionary(int8(), utf8()), R"(["a", null, "b"])"},
      {dictionary(int32(), int64()), "[7, null, 8]"},
      {list(dictionary(int16(), utf8())), R"([["a", "b", "a"], null, [null, "b"]])"},
      {dense_union({field("i", int32()), field("s", utf8())}, {2, 5}),
       R"([[2, 1], [5, "a"], [2, null]])"},
      {sparse_union({field("i", int32()), field("s", utf8())}, {0, 1}),
       R"([[0, 1], [1, "a"], [0, null]])"},
  };
}

ArrayPtr RunEndEncoded() {
  return arrow::RunEndEncodedArray::Make(
             3, FromJson(arrow::int32(), "[2, 3]"),
             FromJson(arrow::utf8(), R"(["long enough a text", null])"))
      .ValueOrDie();
}

}  // namespace

ArrayPtr FromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  if (type->id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
    return arrow::json::DictArrayFromJSONString(
               type, "[0, null, 1]",
               dictionary.value_type()->id() == arrow::Type::STRING ? R"(["a", "b"])"
                                                                    : "[7, 8]")
        .ValueOrDie();
  }
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> OneColumn(ArrayPtr array) {
  auto schema = arrow::schema({arrow::field("c", array->type())});
  const int64_t rows = array->length();
  return arrow::RecordBatch::Make(std::move(schema), rows, {std::move(array)});
}

std::shared_ptr<arrow::RecordBatch> OneColumn(std::shared_ptr<arrow::ArrayData> data) {
  auto schema = arrow::schema({arrow::field("c", data->type)});
  const int64_t rows = data->length;
  return arrow::RecordBatch::Make(
      std::move(schema), rows,
      std::vector<std::shared_ptr<arrow::ArrayData>>{std::move(data)});
}

std::vector<ArrayPtr> ArraysOfAllTypes() {
  std::vector<ArrayPtr> arrays;
  for (const Sample& sample : Samples()) {
    arrays.push_back(FromJson(sample.type, sample.json));
  }
  arrays.push_back(RunEndEncoded());
  return arrays;
}

std::shared_ptr<arrow::RecordBatch> BatchOfAllTypes() {
  arrow::FieldVector fields;
  std::vector<ArrayPtr> arrays = ArraysOfAllTypes();
  for (size_t i = 0; i < arrays.size(); ++i) {
    fields.push_back(arrow::field("c" + std::to_string(i), arrays[i]->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 3, std::move(arrays));
}

std::shared_ptr<arrow::RecordBatch> ServiceRows(int64_t rows, const std::string& text) {
  arrow::Int64Builder id, number;
  arrow::DoubleBuilder fraction;
  arrow::StringBuilder texts;
  arrow::BooleanBuilder truth;
  const auto nanoseconds = arrow::timestamp(arrow::TimeUnit::NANO);
  arrow::TimestampBuilder time(nanoseconds, arrow::default_memory_pool());
  for (int64_t i = 0; i < rows; ++i) {
    (void)id.Append(i);
    (void)fraction.Append(static_cast<double>(i) * 0.37);
    (void)number.Append(i * 7919 % 1'000'003);
    (void)texts.Append(text + std::to_string(i));
    (void)truth.Append(i % 3 == 0);
    (void)time.Append(1'700'000'000'000'000'000 + i * 1'000);
  }
  auto schema = arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("float_col", arrow::float64()),
       arrow::field("int_col", arrow::int64()), arrow::field("str_col", arrow::utf8()),
       arrow::field("bool_col", arrow::boolean()),
       arrow::field("timestamp_col", nanoseconds)});
  return arrow::RecordBatch::Make(
      std::move(schema), rows,
      {id.Finish().ValueOrDie(), fraction.Finish().ValueOrDie(),
       number.Finish().ValueOrDie(), texts.Finish().ValueOrDie(),
       truth.Finish().ValueOrDie(), time.Finish().ValueOrDie()});
}

}  // namespace pintail::columnar::testing
