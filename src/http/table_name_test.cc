#include "http/table_name.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pintail::http {
namespace {

TEST(TableName, HasUpToThreePartsWhichMayBeQuoted) {
  const struct {
    const char* text;
    engine::TableName name;
  } rows[] = {
      {"t", {.table = "t"}},
      {"s.t", {.schema = "s", .table = "t"}},
      {"c.s.t", {.catalog = "c", .schema = "s", .table = "t"}},
      {"\"a.b\"", {.table = "a.b"}},
      {"s.\"a\"\"b\"", {.schema = "s", .table = "a\"b"}},
      {"odd name; DROP", {.table = "odd name; DROP"}},
  };
  for (const auto& row : rows) EXPECT_EQ(*ParseTableName(row.text), row.name) << row.text;
}

TEST(TableName, IsRefusedWithoutAPart) {
  for (const char* text :
       {"", ".", "a.", ".a", "a..b", "a.b.c.d", "\"a", "\"a\"b", "\"\""}) {
    const auto name = ParseTableName(text);
    ASSERT_FALSE(name.ok()) << text;
    EXPECT_EQ(base::KindOf(name.status()), base::ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pintail::http
