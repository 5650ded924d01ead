#include "columnar/schema_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "columnar/supertype.h"
#include "columnar/target_column.h"

namespace pintail::columnar {
namespace {

using arrow::field;
using arrow::schema;
using testing::ElementsAre;
using testing::HasSubstr;
using TypePtr = std::shared_ptr<arrow::DataType>;

struct TypeRow {
  TypePtr table;
  TypePtr arriving;
  TypePtr column;  // its type afterwards; null: refused
};

// What add_columns does to a column, one row a rule.
const std::vector<TypeRow>& TypeRows() {
  static const std::vector<TypeRow> kRows = {
      {arrow::int64(), arrow::int64(), arrow::int64()},
      {arrow::int64(), arrow::int32(), arrow::int64()},
      {arrow::int32(), arrow::int64(), arrow::int64()},
      {arrow::uint32(), arrow::int8(), arrow::int64()},
      {arrow::uint64(), arrow::int64(), arrow::decimal128(20, 0)},
      {arrow::float32(), arrow::float64(), arrow::float64()},
      {arrow::float32(), arrow::int16(), arrow::float32()},
      {arrow::float32(), arrow::int32(), arrow::float64()},
      {arrow::float64(), arrow::int64(), arrow::float64()},
      {arrow::int32(), arrow::float64(), arrow::float64()},
      {arrow::int64(), arrow::float64(), nullptr},
      {arrow::decimal128(10, 2), arrow::decimal128(12, 4), arrow::decimal128(12, 4)},
      {arrow::decimal128(10, 2), arrow::int32(), arrow::decimal128(12, 2)},
      {arrow::decimal128(38, 0), arrow::decimal128(38, 10), nullptr},
      {arrow::decimal128(10, 2), arrow::float64(), nullptr},
      {arrow::utf8(), arrow::large_utf8(), arrow::utf8()},
      {arrow::utf8(), arrow::dictionary(arrow::int8(), arrow::utf8()), arrow::utf8()},
      {arrow::utf8(), arrow::null(), arrow::utf8()},
      {arrow::utf8(), arrow::int64(), nullptr},
      {arrow::int64(), arrow::utf8(), nullptr},
      {arrow::timestamp(arrow::TimeUnit::MICRO),
       arrow::timestamp(arrow::TimeUnit::SECOND),
       arrow::timestamp(arrow::TimeUnit::MICRO)},
      {arrow::timestamp(arrow::TimeUnit::MICRO), arrow::timestamp(arrow::TimeUnit::NANO),
       arrow::timestamp(arrow::TimeUnit::NANO)},
      {arrow::timestamp(arrow::TimeUnit::MICRO),
       arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), nullptr},
      {arrow::date32(), arrow::date64(), arrow::date32()},
      {arrow::list(arrow::int32()), arrow::large_list(arrow::int64()),
       arrow::list(arrow::int64())},
      {arrow::fixed_size_list(arrow::float32(), 3),
       arrow::fixed_size_list(arrow::float32(), 3),
       arrow::fixed_size_list(arrow::float32(), 3)},
      {arrow::fixed_size_list(arrow::float32(), 3),
       arrow::fixed_size_list(arrow::float32(), 4), nullptr},
      {arrow::struct_({field("a", arrow::int32()), field("b", arrow::utf8())}),
       arrow::struct_({field("b", arrow::utf8()), field("a", arrow::int64())}),
       arrow::struct_({field("a", arrow::int64()), field("b", arrow::utf8())})},
      {arrow::struct_({field("a", arrow::int32())}),
       arrow::struct_({field("c", arrow::int32())}), nullptr},
      {arrow::map(arrow::utf8(), arrow::int32()),
       arrow::map(arrow::utf8(), arrow::int64()),
       arrow::map(arrow::utf8(), arrow::int64())},
  };
  return kRows;
}

TEST(SchemaChange, WidensOrRefusesByTheTable) {
  for (const TypeRow& row : TypeRows()) {
    SCOPED_TRACE(row.table->ToString() + " takes " + row.arriving->ToString());
    const auto change =
        PlanSchemaChange(*schema({field("c", row.table)}),
                         *schema({field("c", row.arriving)}), SchemaPolicy::kAddColumns);
    ASSERT_EQ(change.ok(), row.column != nullptr) << change.status();
    if (!row.column) continue;
    EXPECT_TRUE(change->result->field(0)->type()->Equals(*row.column))
        << change->result->ToString();
    EXPECT_EQ(change->widened.empty(), row.column->Equals(*row.table));
  }
}

TEST(SchemaChange, CoerceKeepsTheTypesOfTheTable) {
  for (const auto& arriving : {arrow::utf8(), arrow::int64(), arrow::float64()}) {
    const auto change =
        PlanSchemaChange(*schema({field("c", arrow::int32())}),
                         *schema({field("c", arriving)}), SchemaPolicy::kCoerce);
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_TRUE(change->widened.empty());
    EXPECT_TRUE(change->result->field(0)->type()->Equals(*arrow::int32()));
  }
}

TEST(SchemaChange, TakesColumnsThatWereTextUnderEveryPolicy) {
  for (const SchemaPolicy policy :
       {SchemaPolicy::kStrict, SchemaPolicy::kAddColumns, SchemaPolicy::kCoerce}) {
    const auto change =
        PlanSchemaChange(*schema({field("c", arrow::date32())}),
                         *schema({MarkedFromText(field("c", arrow::utf8()))}), policy);
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_TRUE(change->widened.empty());
  }
}

TEST(SchemaChange, MatchesColumnsByNameWithoutRegardToCaseOrOrder) {
  const auto change = PlanSchemaChange(
      *schema({field("Id", arrow::int64()), field("name", arrow::utf8())}),
      *schema({field("NAME", arrow::utf8()), field("id", arrow::int64())}),
      SchemaPolicy::kStrict);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->target_columns, ElementsAre("name", "Id"));
}

TEST(SchemaChange, AddsUnknownColumnsAsNullable) {
  const auto change = PlanSchemaChange(
      *schema({field("a", arrow::int64())}),
      *schema({field("a", arrow::int64()), field("b", arrow::utf8(), false)}),
      SchemaPolicy::kAddColumns);
  ASSERT_TRUE(change.ok()) << change.status();
  ASSERT_EQ(change->added.size(), 1u);
  EXPECT_EQ(change->added[0]->name(), "b");
  EXPECT_TRUE(change->added[0]->nullable());
  EXPECT_EQ(change->result->num_fields(), 2);
}

TEST(SchemaChange, StrictRefusesMoreFewerAndOtherColumns) {
  const auto table = schema({field("a", arrow::int64()), field("b", arrow::utf8())});
  for (const auto& arriving :
       {schema({field("a", arrow::int64())}),
        schema({field("a", arrow::int64()), field("b", arrow::utf8()),
                field("c", arrow::utf8())}),
        schema({field("a", arrow::int32()), field("b", arrow::utf8())})}) {
    const auto change = PlanSchemaChange(*table, *arriving, SchemaPolicy::kStrict);
    ASSERT_FALSE(change.ok()) << arriving->ToString();
    EXPECT_EQ(base::KindOf(change.status()), base::ErrorKind::kInvalidArgument);
    EXPECT_THAT(change.status().message(), HasSubstr("strict"));
    EXPECT_THAT(change.status().message(), HasSubstr("The table has: a int64, b string"));
    EXPECT_THAT(change.status().message(), HasSubstr("The data has: a int"));
  }
}

TEST(SchemaChange, LeavesMissingColumnsToTheirDefaults) {
  const auto change =
      PlanSchemaChange(*schema({field("a", arrow::int64()), field("b", arrow::utf8())}),
                       *schema({field("b", arrow::utf8())}), SchemaPolicy::kAddColumns);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_THAT(change->target_columns, ElementsAre("b"));
  EXPECT_EQ(change->result->num_fields(), 2);
}

TEST(SchemaPolicy, HasNamesThatParseBack) {
  for (const SchemaPolicy policy :
       {SchemaPolicy::kStrict, SchemaPolicy::kAddColumns, SchemaPolicy::kCoerce}) {
    EXPECT_EQ(ParseSchemaPolicy(SchemaPolicyName(policy)).ValueOrDie(), policy);
  }
  EXPECT_FALSE(ParseSchemaPolicy("loose").ok());
}

}  // namespace
}  // namespace pintail::columnar
