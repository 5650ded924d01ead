#include "config/legacy.h"

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "config/load.h"
#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

arrow::Result<Settings> LoadYaml(const std::string& text, Environment environment = {}) {
  const std::string path = ::testing::TempDir() + "/legacy_test.yaml";
  std::ofstream(path) << text;
  auto settings = Load({.file = path, .environment = std::move(environment)});
  std::filesystem::remove(path);
  return settings;
}

arrow::Result<Settings> LoadFlags(std::vector<FlagValue> flags,
                                  Environment environment = {}) {
  return Load({.usual_files = {},
               .environment = std::move(environment),
               .flags = std::move(flags)});
}

constexpr const char* kBridgeFile = R"(
api:
  host: "127.0.0.1"
  port: 8123
  enable_metrics: true
  metrics_port: 9090
duckdb:
  path: "data/db.duckdb"
compression:
  algorithm: "zstd"
  level: 3
defaults:
  chunk_size: 10000
)";

TEST(StreamBridgeSettings, AreTakenFromItsFile) {
  const auto settings = LoadYaml(kBridgeFile);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->List("http.listen"),
              ElementsAre("127.0.0.1:8123", "127.0.0.1:9090"));
  EXPECT_EQ(settings->Text("database.path"), "data/db.duckdb");
  EXPECT_EQ(settings->Integer("ingest.chunk_size"), 10'000);
  EXPECT_TRUE(settings->Switch("flight.advertise_transactions"));
  EXPECT_THAT(settings->notes,
              ElementsAre(HasSubstr("compression.algorithm has no effect"),
                          HasSubstr("compression.level has no effect")));
}

TEST(StreamBridgeSettings, InTheEnvironmentOverrideItsFile) {
  const auto settings = LoadYaml(kBridgeFile, {{"ARROWPORT_API_HOST", "localhost"},
                                               {"ARROWPORT_API_PORT", "8888"},
                                               {"ARROWPORT_ENABLE_METRICS", "false"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->List("http.listen"), ElementsAre("localhost:8888"));
  EXPECT_EQ(settings->entry("http.listen").where, "ARROWPORT_API_HOST");
}

TEST(StreamBridgeSettings, YieldToOurOwnOfTheSameSource) {
  const auto settings = LoadFlags(
      {}, {{"ARROWPORT_API_PORT", "8888"}, {"PINTAIL_HTTP_LISTEN", "127.0.0.1:1"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->List("http.listen"), ElementsAre("127.0.0.1:1"));
}

TEST(StreamBridgeSettings, AreCheckedLikeOurOwn) {
  const auto settings = LoadFlags({}, {{"ARROWPORT_API_PORT", "http"}});
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.status().message(), HasSubstr("ARROWPORT_API_PORT"));
}

TEST(MetricsCacheSettings, WithTheEngineDuckdbNameTheDatabase) {
  const auto settings = LoadFlags({{"--engine", {"duckdb"}},
                                   {"--enable-cache", {"true"}},
                                   {"--cache-engine", {"duckdb"}},
                                   {"--cache-connection", {":memory:"}},
                                   {"--cache-max-duration", {"3600"}}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->Text("database.path"), ":memory:");
  EXPECT_FALSE(settings->Switch("flight.advertise_transactions"));
  EXPECT_THAT(settings->notes,
              ElementsAre(HasSubstr("--cache-max-duration has no effect")));
}

TEST(MetricsCacheSettings, LetTheEngineOutrankItsCache) {
  const auto settings = LoadFlags({{"--engine", {"duckdb"}},
                                   {"--engine-connection", {"duckdb://data/m.duckdb"}},
                                   {"--cache-connection", {":memory:"}}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->Text("database.path"), "data/m.duckdb");
}

TEST(MetricsCacheSettings, MakeTheDefaultSourceEngine) {
  const auto settings =
      LoadFlags({{"--engine", {"adbc"}},
                 {"--engine-connection",
                  {"postgresql://localhost:5432/"
                   "metrics?pool_max=10&pool_min=1&connect_timeout=30&"
                   "sslmode=disable"}},
                 {"--engine-options", {"driver_path=/x.so,adbc.some.option=y"}},
                 {"--enable-cache", {"true"}},
                 {"--cache-engine", {"duckdb"}},
                 {"--cache-connection", {":memory:"}}},
                {{"HYPRSTREAM_ENGINE_USERNAME", "postgres"},
                 {"HYPRSTREAM_ENGINE_PASSWORD", "hunter2"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->Text("database.path"), ":memory:");
  ASSERT_EQ(settings->sources.size(), 1U);
  const catalog::SourceDefinition& source = settings->sources[0].definition;
  EXPECT_EQ(source.name, "engine");
  EXPECT_EQ(source.type, "adbc");
  EXPECT_TRUE(source.is_default);
  EXPECT_EQ(source.connection, "postgresql://localhost:5432/metrics?sslmode=disable");
  EXPECT_EQ(source.pool_max, 10);
  EXPECT_EQ(source.pool_min, 1);
  EXPECT_EQ(source.connect_timeout, std::chrono::seconds(30));
  EXPECT_EQ(source.driver_path, "/x.so");
  EXPECT_THAT(source.options, ElementsAre(Pair("adbc.some.option", "y")));
  EXPECT_EQ(source.username, "postgres");
  EXPECT_EQ(source.password, "hunter2");
}

TEST(MetricsCacheSettings, TakeTheUserFromEnvironmentThenFlag) {
  const std::vector<FlagValue> flags = {
      {"--engine", {"adbc"}},
      {"--engine-connection", {"postgresql://of_address@localhost/m"}},
      {"--engine-username", {"of_flag"}}};
  const auto user = [&flags](Environment environment) {
    auto settings = LoadFlags(flags, std::move(environment));
    return settings.ok() ? settings->sources[0].definition.username
                         : settings.status().message();
  };
  EXPECT_EQ(user({{"HYPRSTREAM_ENGINE_USERNAME", "of_environment"}}), "of_environment");
  EXPECT_EQ(user({{"PINTAIL_ENGINE_USERNAME", "of_ours"}}), "of_ours");
  EXPECT_EQ(user({}), "of_flag");
}

TEST(MetricsCacheSettings, InTheirFileAreUnderstoodAsStorage) {
  const auto settings = LoadYaml(
      "storage:\n  backend: adbc\n  connection: postgresql://localhost/m\n"
      "  options: {pool_max: '10', connect_timeout: '30'}\n");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->sources.size(), 1U);
  EXPECT_EQ(settings->sources[0].definition.pool_max, 10);
  EXPECT_EQ(settings->sources[0].definition.connect_timeout, std::chrono::seconds(30));
}

TEST(MetricsCacheSettings, RefuseEnginesThatAreNotThereWithoutTheirPassword) {
  const auto settings =
      LoadFlags({{"--engine", {"duckdb"}},
                 {"--engine-connection", {"postgresql://ann:hunter2@localhost/m"}}});
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.status().message(), Not(HasSubstr("hunter2")));
  EXPECT_FALSE(LoadFlags({{"--engine", {"oracle"}}}).ok());
}

TEST(MetricsCacheSettings, RefuseOtherCaches) {
  const auto settings = LoadFlags({{"--cache-engine", {"redis"}}});
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.status().message(), HasSubstr("redis"));
}

}  // namespace
}  // namespace pintail::config
