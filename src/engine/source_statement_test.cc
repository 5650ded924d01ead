#include "engine/source_statement.h"

#include "gmock/gmock.h"

namespace pintail::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

TEST(SourceStatement, IsReadFromItsTokens) {
  const auto change = ParseSourceStatement(
      "CREATE OR REPLACE /* ; */ SOURCE \"My\"\"one\" TYPE postgres (\n"
      "  connection 'host=h', password = 'it''s', pool_max 10, connect_timeout 5s,\n"
      "  read_only true, options (sslmode 'require', adbc.some.key 'v')) -- end");
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->verb, SourceChange::Verb::kCreate);
  EXPECT_TRUE(change->or_replace);
  EXPECT_EQ(change->name, "My\"one");
  EXPECT_THAT(change->words,
              ElementsAre(Pair("type", "postgres"), Pair("connection", "host=h"),
                          Pair("password", "it's"), Pair("pool_max", "10"),
                          Pair("connect_timeout", "5s"), Pair("read_only", "true"),
                          Pair("options.sslmode", "require"),
                          Pair("options.adbc.some.key", "v")));
}

TEST(SourceStatement, IsToldFromOthersByItsFirstWords) {
  for (const char* ours :
       {"create source x type y", "ALTER SOURCE x SET (a b)",
        "-- c\nDROP SOURCE IF EXISTS x", "create or replace source x"}) {
    EXPECT_TRUE(IsSourceStatement(ours)) << ours;
  }
  for (const char* other :
       {"CREATE TABLE source(i INT)", "SELECT 'create source x'",
        "CREATE /* source */ VIEW v AS SELECT 1", "\"create\" source"}) {
    EXPECT_FALSE(IsSourceStatement(other)) << other;
  }
}

TEST(SourceStatement, ThatIsMalformedIsRefusedWithoutItsValues) {
  for (const char* text :
       {"CREATE SOURCE s (password 'canary')",
        "CREATE SOURCE s TYPE t (password 'canary' 'x')",
        "CREATE SOURCE s TYPE t (password 'canary'",
        "CREATE SOURCE s TYPE t ('canary' x)", "ALTER SOURCE s (password 'canary')",
        "DROP SOURCE s 'canary'", "CREATE OR REPLACE SOURCE IF NOT EXISTS s TYPE t"}) {
    const auto change = ParseSourceStatement(text);
    ASSERT_FALSE(change.ok()) << text;
    EXPECT_THAT(change.status().message(), Not(HasSubstr("canary")));
  }
}

TEST(SourceStatement, TextsAreCutAtTheirSemicolonsOnly) {
  EXPECT_THAT(CutIntoStatements("SELECT ';'; ;\nDROP SOURCE a; -- x;\n"),
              ElementsAre("SELECT ';'", "DROP SOURCE a"));
}

}  // namespace
}  // namespace pintail::engine
