#include "cli/parameters.h"

#include "arrow/scalar.h"
#include "arrow/type.h"
#include "gmock/gmock.h"

namespace pintail::cli {
namespace {

using ::testing::HasSubstr;

TEST(Parameters, HaveTheTypeThatTheirTextLooksLike) {
  struct Row {
    std::string text;
    std::shared_ptr<arrow::DataType> type;
    std::string value;
  };
  const std::vector<Row> table = {
      {"7", arrow::int64(), "7"},
      {"-7", arrow::int64(), "-7"},
      {"1.5", arrow::float64(), "1.5"},
      {"1e3", arrow::float64(), "1000"},
      {"true", arrow::boolean(), "true"},
      {"False", arrow::boolean(), "false"},
      {"NULL", arrow::null(), "null"},
      {"x", arrow::utf8(), "x"},
      {"", arrow::utf8(), ""},
      {"nan", arrow::utf8(), "nan"},
      {"'7'", arrow::utf8(), "7"},
      {"'it''s'", arrow::utf8(), "it's"},
      {"'a=b'", arrow::utf8(), "a=b"},
      {"99999999999999999999", arrow::float64(), "1e+20"},
      {"2024-05-06", arrow::utf8(), "2024-05-06"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.text);
    const auto batch = ParseParameters({row.text});
    ASSERT_TRUE(batch.ok()) << batch.status();
    ASSERT_EQ((*batch)->num_rows(), 1);
    EXPECT_EQ((*batch)->schema()->field(0)->name(), "1");
    EXPECT_TRUE((*batch)->column(0)->type()->Equals(row.type));
    EXPECT_EQ((*batch)->column(0)->GetScalar(0).ValueOrDie()->ToString(), row.value);
  }
}

TEST(Parameters, AreNamedWhenTheyHaveNames) {
  const auto batch = ParseParameters({"id=7", "name='x=y'"});
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ((*batch)->schema()->ToString(), "id: int64\nname: string");
}

TEST(Parameters, ArePositionalInTheirOrder) {
  const auto batch = ParseParameters({"7", "x", "1=1"});
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ((*batch)->schema()->ToString(), "1: int64\n2: string\n3: string");
}

TEST(Parameters, MayNotMixNamesAndPositions) {
  EXPECT_THAT(ParseParameters({"id=7", "8"}).status().message(),
              HasSubstr("all name=value"));
}

TEST(Parameters, AreNoneForNoTexts) {
  const auto none = ParseParameters({});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(*none, nullptr);
}

}  // namespace
}  // namespace pintail::cli
