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

TEST(Names, AQuotedOneIsTakenOffTheFront) {
  for (const std::string name : {"t", "a\"b", "\"", "", "x.y"}) {
    const std::string text = QuoteName(name) + ".rest";
    std::string_view rest = text;
    EXPECT_EQ(TakeQuotedName(rest), name);
    EXPECT_EQ(rest, ".rest");
  }
  for (std::string_view wrong : {"", "plain", "\"open", "\"open\"\""}) {
    EXPECT_EQ(TakeQuotedName(wrong), std::nullopt);
  }
}

}  // namespace
}  // namespace pintail::engine
