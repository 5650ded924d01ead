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

TEST(MetricsCacheSettings, ForASourceBehindTheCacheAreRefusedWithoutItsPassword) {
  const auto settings =
      LoadFlags({{"--engine", {"adbc"}},
                 {"--engine-connection", {"postgresql://ann:hunter2@localhost/metrics"}},
                 {"--engine-options", {"driver_path=/x.so"}}});
  ASSERT_FALSE(settings.ok());
  EXPECT_EQ(base::KindOf(settings.status()), base::ErrorKind::kUnimplemented);
  EXPECT_THAT(settings.status().message(),
              HasSubstr("sources behind the cache are not in this version"));
  EXPECT_THAT(settings.status().message(), HasSubstr("as ann"));
  EXPECT_THAT(settings.status().message(), Not(HasSubstr("hunter2")));
}

TEST(MetricsCacheSettings, TakeTheUserFromEnvironmentThenFlagThenAddress) {
  const std::vector<FlagValue> flags = {
      {"--engine", {"adbc"}},
      {"--engine-connection", {"postgresql://of_address@localhost/m"}}};
  std::vector<FlagValue> with_user = flags;
  with_user.push_back({"--engine-username", {"of_flag"}});
  const Environment environment = {{"HYPRSTREAM_ENGINE_USERNAME", "of_environment"}};
  EXPECT_THAT(LoadFlags(with_user, environment).status().message(),
              HasSubstr("as of_environment"));
  EXPECT_THAT(
      LoadFlags(with_user, {{"PINTAIL_ENGINE_USERNAME", "of_ours"}}).status().message(),
      HasSubstr("as of_ours"));
  EXPECT_THAT(LoadFlags(with_user).status().message(), HasSubstr("as of_flag"));
  EXPECT_THAT(LoadFlags(flags).status().message(), HasSubstr("as of_address"));
}

TEST(MetricsCacheSettings, InTheirFileAreUnderstoodAsStorage) {
  const auto settings = LoadYaml(
      "storage:\n  backend: adbc\n  connection: postgresql://localhost/m\n"
      "  options: {pool_max: '10'}\n");
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.status().message(), HasSubstr("yaml:2: sources behind the cache"));
}

TEST(MetricsCacheSettings, RefuseOtherCaches) {
  const auto settings = LoadFlags({{"--cache-engine", {"redis"}}});
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.status().message(), HasSubstr("redis"));
}

}  // namespace
}  // namespace pintail::config
