#include "engine/query_text.h"

#include <gtest/gtest.h>

namespace pintail::engine {
namespace {

TEST(QueryText, FindsTheQuery) {
  EXPECT_EQ(QueryIn("SELECT 1"), "SELECT 1");
  EXPECT_EQ(QueryIn(" /* a */ with x as (select ';') select * from x ; ;"),
            "with x as (select ';') select * from x ");
  EXPECT_EQ(QueryIn("values(1)"), "values(1)");
  for (const char* other :
       {"", ";", "-- SELECT 1", "DELETE FROM t", "SELECT 1; DELETE FROM t", "selector(1)",
        "INSERT INTO t SELECT 1", "\"select\" 1"}) {
    EXPECT_EQ(QueryIn(other), "") << other;
  }
}

TEST(QueryText, PutsItWhereItIsRead) {
  EXPECT_EQ(AsSubquery("SELECT 1 -- one"),
            "SELECT * FROM (SELECT 1 -- one\n) AS pintail_rows");
}

}  // namespace
}  // namespace pintail::engine
