#include "backend/redis/value_text.h"

#include "arrow/builder.h"
#include "arrow/json/from_string.h"
#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using arrow::TimeUnit;

struct Row {
  std::shared_ptr<arrow::DataType> type;
  std::string json;  // an array of values
  std::vector<std::string> texts;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {arrow::boolean(), "[true, false]", {"true", "false"}},
      {arrow::int8(), "[-128, 127]", {"-128", "127"}},
      {arrow::uint64(), "[18446744073709551615]", {"18446744073709551615"}},
      {arrow::int64(), "[-9223372036854775808]", {"-9223372036854775808"}},
      {arrow::float32(), "[0.1, -2.5]", {"0.1", "-2.5"}},
      {arrow::float64(),
       "[0.1, 1e300, 5e-324, 0.30000000000000004]",
       {"0.1", "1e+300", "5e-324", "0.30000000000000004"}},
      {arrow::utf8(), R"(["", "a\u00e9\n"])", {"", "a\xc3\xa9\n"}},
      {arrow::large_binary(), R"(["x y"])", {"x y"}},
      {arrow::fixed_size_binary(3), R"(["abc"])", {"abc"}},
      {arrow::date32(), "[-1]", {"-1"}},
      {arrow::time64(TimeUnit::MICRO), "[86399999999]", {"86399999999"}},
      {arrow::timestamp(TimeUnit::NANO, "UTC"),
       "[1700000000000000001]",
       {"1700000000000000001"}},
      {arrow::duration(TimeUnit::SECOND), "[5]", {"5"}},
      {arrow::decimal128(20, 3),
       R"(["-12345678901234567.890", "0.001"])",
       {"-12345678901234567.890", "0.001"}},
  };
  return rows;
}

TEST(ValueText, ReadsBackExactly) {
  for (const Row& row : Rows()) {
    const auto values = *arrow::json::ArrayFromJSONString(row.type, row.json);
    const auto builder = *arrow::MakeBuilder(row.type);
    for (int64_t i = 0; i < values->length(); ++i) {
      const std::string text = *ValueText(*values, i);
      EXPECT_EQ(text, row.texts[i]) << row.type->ToString();
      ASSERT_TRUE(AppendValueText(text, builder.get()).ok()) << row.type->ToString();
    }
    EXPECT_TRUE((*builder->Finish())->Equals(*values)) << row.type->ToString();
  }
}

TEST(ValueText, RefusesWhatIsNoValueOfTheType) {
  const std::pair<std::shared_ptr<arrow::DataType>, std::string> rows[] = {
      {arrow::boolean(), "1"},
      {arrow::int8(), "128"},
      {arrow::int64(), "12x"},
      {arrow::int64(), ""},
      {arrow::uint32(), "-1"},
      {arrow::float64(), "1.5 "},
      {arrow::utf8(), "\xff"},
      {arrow::fixed_size_binary(3), "ab"},
      {arrow::decimal128(5, 2), "1.005"},
      {arrow::decimal128(5, 2), "12345.00"},
      {arrow::decimal128(5, 2), "NaN"},
  };
  for (const auto& [type, text] : rows) {
    const auto builder = *arrow::MakeBuilder(type);
    const arrow::Status status = AppendValueText(text, builder.get());
    ASSERT_FALSE(status.ok()) << type->ToString() << " " << text;
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument);
  }
}

TEST(ValueText, HasNoneForNestedTypes) {
  const arrow::Status status = CheckHasValueText(*arrow::list(arrow::int64()));
  EXPECT_EQ(base::KindOf(status), base::ErrorKind::kUnimplemented);
  EXPECT_TRUE(CheckHasValueText(*arrow::utf8()).ok());
}

}  // namespace
}  // namespace pintail::backend
