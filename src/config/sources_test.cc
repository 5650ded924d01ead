#include "config/sources.h"

#include <filesystem>
#include <fstream>

#include "config/document.h"
#include "config/load.h"
#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

arrow::Result<Settings> LoadText(const std::string& name, const std::string& text,
                                 Environment environment = {}) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  auto settings = Load({.file = path, .environment = std::move(environment)});
  std::filesystem::remove(path);
  return settings;
}

TEST(SourceTables, AreReadFromTomlAndYamlAlike) {
  const auto toml = LoadText("sources.toml", R"(
[sources.shop]
type = "postgres"
connection = "postgresql://db/shop"
password = "${env:SECRET}"
pool_max = 3
connect_timeout = "2s"
default = true
options = { sslmode = "a,b=c" }
)",
                             {{"SECRET", "canary"}});
  const auto yaml = LoadText("sources.yaml", R"(
sources:
  shop:
    type: postgres
    connection: postgresql://db/shop
    password: ${env:SECRET}
    pool_max: 3
    connect_timeout: 2s
    default: true
    options:
      sslmode: a,b=c
)",
                             {{"SECRET", "canary"}});
  for (const auto& settings : {toml, yaml}) {
    ASSERT_TRUE(settings.ok()) << settings.status();
    ASSERT_EQ(settings->sources.size(), 1U);
    const catalog::SourceDefinition& source = settings->sources[0].definition;
    EXPECT_EQ(source.name, "shop");
    EXPECT_EQ(source.type, "postgres");
    EXPECT_EQ(source.password, "canary");
    EXPECT_EQ(source.pool_max, 3);
    EXPECT_EQ(source.connect_timeout, std::chrono::seconds(2));
    EXPECT_TRUE(source.is_default);
    EXPECT_TRUE(source.declared);
    EXPECT_THAT(source.options, ElementsAre(Pair("sslmode", "a,b=c")));
    for (const std::string& shown : {ShowToml(*settings), ShowTable(*settings)}) {
      EXPECT_THAT(shown, Not(HasSubstr("canary")));
      EXPECT_THAT(shown, HasSubstr("${env:SECRET}"));
    }
  }
}

TEST(SourceTables, YieldToTheirVariables) {
  const auto settings =
      LoadText("sources.toml",
               "[sources.shop]\ntype = 'mysql'\nconnection = 'host=h'\nusername = 'a'\n",
               {{"PINTAIL_SOURCES_SHOP_USERNAME", "b"},
                {"PINTAIL_SOURCES_SHOP_PASSWORD", "c d "}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->sources[0].definition.username, "b");
  EXPECT_EQ(settings->sources[0].definition.password, "c d ");
}

TEST(SourceTables, TellWhatIsWrongAndWhere) {
  const std::pair<const char*, const char*> cases[] = {
      {"[sources.s]\ntype = 'postgres'\nconnecton = 'x'\n",
       "sources.toml:3: unknown key"},
      {"[sources.s]\ntype = 'oracle'\n", "sources.toml:2: type"},
      {"[sources.s]\ntype = 'postgres'\n", "needs a connection"},
      {"[sources.s]\nconnection = 'x'\n", "needs a type"},
      {"[sources.temp]\ntype = 'sqlite'\nconnection = 'x'\n", "choose another"},
      {"[sources.s]\ntype = 'sqlite'\nconnection = 'x'\npool_min = 9\n", "pool_min 9"},
      {"[sources.s]\ntype = 'sqlite'\nconnection = 'x'\ndriver = 'y'\n", "no driver"},
      {"[sources.S]\ntype = 'sqlite'\nconnection = 'x'\n[sources.s]\ntype = 'sqlite'\n",
       "declared twice"},
      {"[sources.a]\ntype = 'sqlite'\nconnection = 'x'\ndefault = true\n[sources.b]\n"
       "type = 'sqlite'\nconnection = 'y'\ndefault = true\n",
       "both the default"},
  };
  for (const auto& [text, expected] : cases) {
    const auto settings = LoadText("sources.toml", text);
    ASSERT_FALSE(settings.ok()) << text;
    EXPECT_THAT(settings.status().message(), HasSubstr(expected)) << text;
  }
}

TEST(SourcesFile, GivesBackWhatWasWritten) {
  const catalog::SourceWords words = {{"type", "postgres"},
                                      {"connection", "host=h"},
                                      {"password", "${env:NO} \"'\\ x"},
                                      {"options.ssl.mode", "a,b"}};
  const auto source = MakeSource("shop", words);
  ASSERT_TRUE(source.ok()) << source.status();
  const std::string path = ::testing::TempDir() + "/kept.sources";
  std::ofstream(path) << SourcesFile({*source});
  const auto read = ReadSourcesFile(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->front().password, "${env:NO} \"'\\ x");
  EXPECT_THAT(read->front().options, ElementsAre(Pair("ssl.mode", "a,b")));
  EXPECT_FALSE(read->front().declared);
}

}  // namespace
}  // namespace pintail::config
