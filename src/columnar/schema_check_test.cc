#include <memory>
#include <string>

#include "arrow/type.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using arrow::field;
using arrow::int32;
using ::testing::HasSubstr;

std::shared_ptr<arrow::DataType> NestedLists(int depth) {
  auto type = int32();
  for (int i = 1; i < depth; ++i) type = arrow::list(type);
  return type;
}

TEST(CheckSchema, AcceptsWhatIsWithinTheLimits) {
  Limits limits;
  limits.max_columns = 2;
  limits.max_fields = 4;
  limits.max_nesting = 3;
  EXPECT_TRUE(
      CheckSchema(*arrow::schema({field("a", NestedLists(3)), field("b", int32())}),
                  limits)
          .ok());
}

TEST(CheckSchema, RefusesAbsurdSchemas) {
  Limits limits;
  limits.max_columns = 2;
  limits.max_fields = 4;
  limits.max_nesting = 3;
  const auto wide = arrow::struct_({field("a", int32()), field("b", int32()),
                                    field("c", int32()), field("d", int32())});
  const struct {
    std::shared_ptr<arrow::Schema> schema;
    std::string message;
  } kCases[] = {
      {arrow::schema({field("a", int32()), field("b", int32()), field("c", int32())}),
       "3 columns; the limit is 2 (limits.max_columns)"},
      {arrow::schema({field("a", wide)}),
       "5 fields or more, nested ones counted; the limit is 4 "
       "(limits.max_fields)"},
      {arrow::schema({field("a", NestedLists(4))}),
       "column 'a': a type is nested more than 3 levels deep (limits.max_nesting)"},
      {arrow::schema({field("a", arrow::dictionary(int32(), NestedLists(3)))}),
       "3 levels"},
      {arrow::schema({field("a", int32()), field("a", int32())}), "two columns"},
      {arrow::schema({field("Name", int32()), field("nAME", int32())}), "'nAME'"},
      {arrow::schema(
           {field("s", arrow::struct_({field("x", int32()), field("X", int32())}))}),
       "two fields"},
      {arrow::schema({field(std::string("a\0b", 3), int32())}), "NUL"},
      {arrow::schema({field("\xFF", int32())}), "UTF-8"},
  };
  for (const auto& c : kCases) {
    const arrow::Status status = CheckSchema(*c.schema, limits);
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument) << c.message;
    EXPECT_THAT(status.message(), HasSubstr(c.message));
  }
}

TEST(CheckSchema, RefusesTypesThatNoTableCanHave) {
  const struct {
    std::shared_ptr<arrow::DataType> type;
    std::string message;
  } kCases[] = {
      {arrow::fixed_size_list(int32(), 0), "no elements"},
      {arrow::sparse_union(arrow::FieldVector{}), "union of no types"},
      {arrow::decimal128(3, -1), "decimal of 3 digits"},
      {arrow::decimal128(3, 4), "decimal of 3 digits"},
      {arrow::list(arrow::decimal64(3, 4)), "decimal of 3 digits"},
  };
  for (const auto& c : kCases) {
    const arrow::Status status =
        CheckSchema(*arrow::schema({field("a", c.type)}), Limits{});
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument) << c.message;
    EXPECT_THAT(status.message(), HasSubstr(c.message));
  }
}

TEST(CheckSchema, AcceptsParametersWithoutNames) {
  EXPECT_TRUE(
      CheckSchema(*arrow::schema({field("", int32()), field("", int32())}), Limits{})
          .ok());
}

}  // namespace
}  // namespace pintail::columnar
