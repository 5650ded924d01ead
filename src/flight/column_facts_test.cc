#include "flight/column_facts.h"

#include "arrow/flight/sql/column_metadata.h"
#include "arrow/util/key_value_metadata.h"
#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

using arrow::flight::sql::ColumnMetadata;

TEST(ColumnFacts, TellWhatToolsReadAboutAColumn) {
  const auto schema = arrow::schema(
      {arrow::field("price", arrow::decimal128(12, 2), false,
                    arrow::key_value_metadata({"TYPE_NAME", "REMARKS", "kept"},
                                              {"DECIMAL(12,2)", "in euros", "yes"}))});
  const auto with = WithColumnFacts(*schema, {"c", "s", "t"});
  const auto& field = with->field(0);
  EXPECT_FALSE(field->nullable());
  EXPECT_EQ(field->type()->ToString(), "decimal128(12, 2)");
  const ColumnMetadata facts(field->metadata());
  EXPECT_EQ(facts.GetCatalogName().ValueOrDie(), "c");
  EXPECT_EQ(facts.GetSchemaName().ValueOrDie(), "s");
  EXPECT_EQ(facts.GetTableName().ValueOrDie(), "t");
  EXPECT_EQ(facts.GetTypeName().ValueOrDie(), "DECIMAL(12,2)");
  EXPECT_EQ(facts.GetRemarks().ValueOrDie(), "in euros");
  EXPECT_EQ(facts.GetPrecision().ValueOrDie(), 12);
  EXPECT_EQ(facts.GetScale().ValueOrDie(), 2);
  EXPECT_TRUE(facts.GetIsSearchable().ValueOrDie());
  EXPECT_EQ(field->metadata()->Get("kept").ValueOrDie(), "yes");
  EXPECT_FALSE(field->metadata()->Contains("TYPE_NAME"));
}

TEST(ColumnFacts, LeaveOutWhatATypeDoesNotHave) {
  const auto with = WithColumnFacts(*arrow::schema({arrow::field("name", arrow::utf8())}),
                                    {"", "", "t"});
  const ColumnMetadata facts(with->field(0)->metadata());
  EXPECT_FALSE(facts.GetPrecision().ok());
  EXPECT_FALSE(facts.GetScale().ok());
  EXPECT_FALSE(facts.GetRemarks().ok());
  EXPECT_TRUE(facts.GetIsCaseSensitive().ValueOrDie());
}

}  // namespace
}  // namespace pintail::flight
