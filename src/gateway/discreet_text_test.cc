#include "gateway/discreet_text.h"

#include "gateway/testing/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

TEST(DiscreetText, KnowsTextsThatMayHoldSecrets) {
  for (const char* sql : {"CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')",
                          "set S3_Secret_Access_Key='x'",
                          "ATTACH 'host=h password=p' AS pg (TYPE postgres)",
                          "ATTACH 'postgres://user:pw@host/db' AS pg",
                          "SELECT * FROM t WHERE token = 'x'"}) {
    EXPECT_TRUE(MayHoldSecrets(sql)) << sql;
  }
  for (const char* sql : {"SELECT 1", "SELECT 'https://host/path'", "ATTACH 'file.db'",
                          "SELECT 'a@b.c', 'x://y'"}) {
    EXPECT_FALSE(MayHoldSecrets(sql)) << sql;
  }
}

TEST(DiscreetText, HidesEveryKindOfLiteral) {
  const std::pair<const char*, const char*> kRows[] = {
      {"SET x = 'it''s me'; SELECT 1", "SET x = '***'; SELECT 1"},
      {"SELECT e'a\\'b', 2", "SELECT e'***', 2"},
      {"SELECT $$a 'b'$$, $1, $t$x$$y$t$", "SELECT '***', $1, '***'"},
      {"SELECT 'unfinished", "SELECT '***'"},
      {"SELECT \"a'b\" FROM t", "SELECT \"a'***'"},
      {"SELECT 1", "SELECT 1"},
  };
  for (const auto& [sql, shown] : kRows) EXPECT_EQ(WithoutLiterals(sql), shown);
}

TEST(DiscreetText, KeepsSecretsOutOfTheStatementsView) {
  testing::World world;
  const SessionPtr session = world.Open();
  world.Run(session, "CREATE SECRET s (TYPE http, BEARER_TOKEN 'canary-1')");
  world.Run(session, "ATTACH 'password=canary-2' AS x (TYPE nothing)");
  world.Run(session, "SELECT 'canary-3' AS password FRM t");
  const std::string seen = world.Seen("SELECT * FROM pintail.statements");
  EXPECT_THAT(seen, ::testing::HasSubstr("***"));
  EXPECT_THAT(seen, ::testing::Not(::testing::HasSubstr("canary")));
}

}  // namespace
}  // namespace pintail::gateway
