#include "gateway/discreet_text.h"

#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

TEST(DiscreetText, KnowsTextsThatMayHoldSecrets) {
  for (const char* sql :
       {"CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
        "set S3_Secret_Access_Key='x'",
        "ATTACH 'host=h password=p' AS pg (TYPE postgres)",
        "ATTACH 'postgres://user:pw@host/db' AS pg", "SELECT * FROM t WHERE token = 'x'",
        "ATTACH 'file.db' (ENCRYPTION_KEY 'k')", "/* */attach/* */'host=h'",
        "SET azure_storage_connection_string = 'AccountKey=k'",
        "PRAGMA add_parquet_key('k', 'v')", "SELECT 1 -- the password"}) {
    EXPECT_TRUE(MayHoldSecrets(sql)) << sql;
  }
  for (const char* sql :
       {"SELECT 1", "SELECT 'https://host/path'", "SELECT 'a@b.c', 'x://y'",
        "FROM attachments", "CREATE TABLE t (key BIGINT PRIMARY KEY)"}) {
    EXPECT_FALSE(MayHoldSecrets(sql)) << sql;
  }
}

TEST(DiscreetText, ShowsTheWordsOfSqlAndInQueriesTheBareNames) {
  const std::pair<const char*, const char*> kRows[] = {
      {"SELECT a, b::INT FROM t WHERE token = 'x' LIMIT 5",
       "SELECT a, b::INT FROM t WHERE token = *** LIMIT ***"},
      {"SET x = 'it''s me'; SELECT a", "SET *** = ***; SELECT a"},
      {"SELECT e'a\\'b', 2", "SELECT ***, ***"},
      {"SELECT $$a 'b'$$, $1, $t$x$$y$t$", "SELECT ***, $1, ***"},
      {"SELECT 'unfinished", "SELECT ***"},
      {"SELECT \"a'b\" FROM t", "SELECT *** FROM t"},
      {"-- it's the token\nSELECT 'hunter2'", "SELECT ***"},
      {"SELECT 1 /* it's */, 2 - -- pw\n 3", "SELECT ***, *** - *** ***"},
      {"SELECT 'x' AS \"it's\", 'hunter2' AS password",
       "SELECT *** AS ***, *** AS password"},
      {"CREATE SECRET s (TYPE s3, KEY_ID k, SECRET \"v\")",
       "CREATE SECRET *** (TYPE ***, *** ***, SECRET ***)"},
      {"SELECT x'00'\"y", "SELECT ***"},
      {"/* secret", "***"},
  };
  for (const auto& [sql, shown] : kRows) EXPECT_EQ(DiscreetText(sql), shown) << sql;
}

TEST(DiscreetText, KeepsSecretsOutOfTheStatementsView) {
  testing::World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE SECRET s (TYPE http, BEARER_TOKEN 'canary-1')");
  world.Run(session, "ATTACH 'password=canary-2' AS x (TYPE nothing)");
  world.Run(session, "SELECT 'canary-3' AS password FRM t");
  world.Run(session, "-- it's the token\nSELECT 'canary-4'");
  world.Run(session, "SELECT 'x' AS \"it's\", 'canary-5' AS password");
  world.Run(session, "CREATE SECRET (TYPE s3, KEY_ID canary_6, SECRET \"canary-7\")");
  const std::string seen = world.Seen("SELECT * FROM pintail.statements");
  EXPECT_THAT(seen, ::testing::HasSubstr("***"));
  EXPECT_THAT(seen, ::testing::Not(::testing::HasSubstr("canary")));
}

}  // namespace
}  // namespace pintail::gateway
