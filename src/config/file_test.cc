#include "config/file.h"

#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kToml = R"(
[flight]
listen = ["127.0.0.1:1", "127.0.0.1:2"]
max_calls = 7

[log]
levels = { flight = "debug" }
path = "${env:WHERE}"

[[streams]]
name = "clicks"
target_table = "web.clicks"
chunk_size = 10
commit_interval = "5s"
)";

constexpr std::string_view kYaml = R"(
flight:
  listen: ["127.0.0.1:1", "127.0.0.1:2"]
  max_calls: 7
log:
  levels:
    flight: debug
  path: ${env:WHERE}
streams:
  - name: clicks
    target_table: web.clicks
    chunk_size: 10
    commit_interval: 5s
)";

arrow::Result<FileSettings> Read(const arrow::Result<Tree>& tree,
                                 const std::string& name) {
  if (!tree.ok()) return tree.status();
  return ReadSettings(*tree, name, {{"WHERE", "/x/log"}});
}

void ExpectTheSame(const FileSettings& file, const std::string& where) {
  ASSERT_EQ(file.assignments.size(), 4U);
  std::map<std::string_view, Assignment> given;
  for (const Assignment& each : file.assignments) given[each.option->key] = each;
  EXPECT_THAT(given["flight.listen"].texts, ElementsAre("127.0.0.1:1", "127.0.0.1:2"));
  EXPECT_THAT(given["flight.max_calls"].texts, ElementsAre("7"));
  EXPECT_EQ(given["flight.max_calls"].where, where);
  EXPECT_THAT(given["log.levels"].texts, ElementsAre("flight=debug"));
  EXPECT_THAT(given["log.path"].texts, ElementsAre("/x/log"));
  EXPECT_EQ(given["log.path"].shown, "${env:WHERE}");
  ASSERT_EQ(file.streams.size(), 1U);
  EXPECT_EQ(file.streams[0].name, "clicks");
  EXPECT_EQ(file.streams[0].target_table, "web.clicks");
  EXPECT_EQ(file.streams[0].schema_policy, "");
  EXPECT_EQ(file.streams[0].chunk_size, 10);
  EXPECT_EQ(file.streams[0].commit_rows, std::nullopt);
  EXPECT_EQ(file.streams[0].commit_interval, std::chrono::milliseconds(5'000));
}

TEST(ConfigurationFile, MeansTheSameInTomlAndYaml) {
  const auto toml = Read(ParseToml(kToml, "p.toml"), "p.toml");
  ASSERT_TRUE(toml.ok()) << toml.status();
  ExpectTheSame(*toml, "p.toml:4");
  const auto yaml = Read(ParseYaml(kYaml, "p.yaml"), "p.yaml");
  ASSERT_TRUE(yaml.ok()) << yaml.status();
  ExpectTheSame(*yaml, "p.yaml:4");
}

TEST(ConfigurationFile, IsRefusedWithFileAndLine) {
  struct Row {
    std::string text;
    std::string where;
    std::string what;
  };
  const std::vector<Row> table = {
      {"[flight]\n\nlistn = []", "p:3: ",
       "unknown key \"flight.listn\"; the nearest known "
       "one is \"flight.listen\""},
      {"[fligth]\nlisten = []", "p:1: ", "the nearest known one is \"flight\""},
      {"flight = 3", "p:1: ", "table"},
      {"[log]\npath = { a = 1 }", "p:2: ", "not a table"},
      {"[log]\npath = \"${env:NOPE}\"", "p:2: ", "NOPE"},
      {"[log\n", "p:1: ", "not TOML"},
      {"[[streams]]\nnam = \"x\"", "p:2: ", "\"name\""},
      {"[[streams]]\nchunk_size = 1", "p:1: ", "needs a name"},
      {"[[streams]]\nname = \"x\"\nchunk_size = 0", "p:3: ", "between 1 and 100000000"},
      {"[[streams]]\nname = \"x\"\ncommit_rows = 9223372036854775807",
       "p:3: ", "between 1 and 1000000000000"},
      {"[[streams]]\nname = \"x\"\ncommit_interval = \"8785h\"",
       "p:3: ", "between 1ms and 8784h"},
      {"[[streams]]\nname = \"x\"\n[[streams]]\nname = \"x\"", "p:3: ", "twice"},
      {"streams = 1", "p:1: ", "[[streams]]"},
      {"[cache]\ntables = 1", "p:2: ", "[[cache.tables]]"},
      {"[[cache.tables]]\nname = \"x\"", "p:1: ", "needs a name and a source"},
      {"[[cache.tables]]\nname = \"x\"\nsource = \"a.b.c\"\n[[cache.tables]]\nname = "
       "\"X\"\nsource = \"a.b.d\"",
       "p:4: ", "twice"},
      {"[[cache.tables]]\nrefrsh = \"full\"", "p:2: ", "\"refresh\""},
      {"[[cache.tables]]\nrefresh = \"daily\"", "p:2: ", "on_demand"},
      {"[flight]\nlisten = [[\"a\"]]", "p:2: ", "plain"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.text);
    const auto file = Read(ParseToml(row.text, "p"), "p");
    ASSERT_FALSE(file.ok());
    EXPECT_THAT(file.status().message(), StartsWith(row.where));
    EXPECT_THAT(file.status().message(), HasSubstr(row.what));
  }
}

TEST(ConfigurationFile, InBrokenYamlIsRefusedWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"log:\n  level: [a", "p:"},
      {"- a\n", "p:1: "},
      {"? [a]\n: b\n", "p:1: "},
      {"log: &x\n  level: *x\n", "p:"},
  };
  for (const auto& [text, where] : table) {
    SCOPED_TRACE(text);
    const auto file = Read(ParseYaml(text, "p"), "p");
    ASSERT_FALSE(file.ok());
    EXPECT_THAT(file.status().message(), StartsWith(where));
  }
}

TEST(ConfigurationFile, DeclaresTableCopies) {
  const auto file = Read(ParseToml(R"(
[cache]
copies_running = 3
[[cache.tables]]
name = "recent"
source = "shop.public.events"
columns = ["id", "at"]
filter = "id > 0"
refresh = "append"
append_column = "id"
time_column = "at"
cron = "0 3 * * *"
retention = "24h"
max_staleness = "90m"
)",
                                   "p"),
                         "p");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->copies.size(), 1U);
  const CopySetting& copy = file->copies[0];
  EXPECT_EQ(copy.name, "recent");
  EXPECT_EQ(copy.source, "shop.public.events");
  EXPECT_THAT(copy.columns, ElementsAre("id", "at"));
  EXPECT_EQ(copy.filter, "id > 0");
  EXPECT_EQ(copy.refresh, "append");
  EXPECT_EQ(copy.append_column, "id");
  EXPECT_EQ(copy.time_column, "at");
  EXPECT_EQ(copy.cron, "0 3 * * *");
  EXPECT_EQ(copy.interval, std::nullopt);
  EXPECT_EQ(copy.retention, std::chrono::hours(24));
  EXPECT_EQ(copy.max_staleness, std::chrono::minutes(90));
  EXPECT_EQ(file->assignments.size(), 1U);
}

TEST(ConfigurationFile, MayBeEmpty) {
  EXPECT_TRUE(Read(ParseToml("", "p"), "p").ok());
  EXPECT_TRUE(Read(ParseYaml("", "p"), "p").ok());
}

}  // namespace
}  // namespace pintail::config
