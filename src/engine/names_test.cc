#include "engine/names.h"

#include <gtest/gtest.h>

namespace pintail::engine {
namespace {

TEST(Names, QuotesInsideANameAreDoubled) {
  EXPECT_EQ(QuoteName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteText("it's"), "'it''s'");
}

TEST(Names, EmptyPartsAreLeftOut) {
  EXPECT_EQ(QuoteName(TableName{.table = "t"}), "\"t\"");
  EXPECT_EQ(QuoteName(TableName{.schema = "s", .table = "t"}), "\"s\".\"t\"");
  EXPECT_EQ(QuoteName(TableName{.catalog = "c", .schema = "s", .table = "t"}),
            "\"c\".\"s\".\"t\"");
}

TEST(Names, ACatalogWithoutASchemaMeansItsMainSchema) {
  EXPECT_EQ(QuoteName(TableName{.catalog = "c", .table = "t"}), "\"c\".\"main\".\"t\"");
}

}  // namespace
}  // namespace pintail::engine
