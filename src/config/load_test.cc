#include "config/load.h"

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "config/legacy.h"
#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Settings from a file of this text, removed again, and other sources.
class Load : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  Sources WithFile(const std::string& text) {
    std::ofstream(path_) << text;
    return {.file = path_, .usual_files = {}};
  }

  static Sources WithoutFile() { return {.usual_files = {}}; }

  const std::string path_ =
      ::testing::TempDir() + "/load_" +
      ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml";
};

TEST_F(Load, WithoutAnySourceGivesTheDefaults) {
  const auto settings = config::Load(WithoutFile());
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->Text("database.path"), "./pintail-data/hot.duckdb");
  EXPECT_THAT(settings->List("flight.listen"), ElementsAre("127.0.0.1:50051"));
  EXPECT_THAT(settings->List("http.listen"), ElementsAre("127.0.0.1:8000"));
  EXPECT_EQ(settings->OptionalInteger("database.threads"), std::nullopt);
  EXPECT_EQ(settings->entry("flight.listen").where, "default");
  EXPECT_THAT(settings->notes, IsEmpty());
}

// Every one of the eight ways in which file, environment and flag can be given.
TEST_F(Load, PrefersFlagsToEnvironmentToFileToDefaults) {
  for (int given = 0; given < 8; ++given) {
    SCOPED_TRACE(given);
    std::string expected = "info";
    std::string where = "default";
    Sources sources = WithFile((given & 1) != 0 ? "[log]\nlevel = \"warn\"" : "");
    if ((given & 1) != 0) {
      expected = "warn";
      where = path_ + ":2";
    }
    if ((given & 2) != 0) {
      sources.environment["PINTAIL_LOG_LEVEL"] = "error";
      expected = "error";
      where = "PINTAIL_LOG_LEVEL";
    }
    if ((given & 4) != 0) {
      sources.flags = {{"--log-level", {"debug"}}};
      expected = "debug";
      where = "--log-level";
    }
    const auto settings = config::Load(sources);
    ASSERT_TRUE(settings.ok()) << settings.status();
    EXPECT_EQ(settings->Text("log.level"), expected);
    EXPECT_EQ(settings->entry("log.level").where, where);
  }
}

TEST_F(Load, TakesTheFirstUsualFileThatIsThere) {
  Sources sources = WithFile("[log]\nlevel = \"warn\"");
  sources.usual_files = {path_ + ".none", path_};
  sources.file.reset();
  EXPECT_EQ(config::Load(sources)->Text("log.level"), "warn");
  sources.usual_files = {path_ + ".none"};
  EXPECT_EQ(config::Load(sources)->Text("log.level"), "info");
  sources.environment["PINTAIL_CONFIG"] = path_;
  EXPECT_EQ(config::Load(sources)->Text("log.level"), "warn");
}

TEST_F(Load, RefusesANamedFileThatIsNotThere) {
  const auto settings = config::Load({.file = "/no/such.toml"});
  ASSERT_FALSE(settings.ok());
  EXPECT_EQ(base::KindOf(settings.status()), base::ErrorKind::kNotFound);
  EXPECT_THAT(settings.status().message(), HasSubstr("/no/such.toml"));
}

TEST_F(Load, SaysWhereABadValueCameFrom) {
  Sources sources = WithoutFile();
  sources.environment["PINTAIL_FLIGHT_MAX_CALLS"] = "lots";
  const auto settings = config::Load(sources);
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(settings.status().message(),
              HasSubstr("PINTAIL_FLIGHT_MAX_CALLS: flight.max_calls = \"lots\""));
}

TEST_F(Load, TakesTheShortFlagsToo) {
  Sources sources = WithoutFile();
  sources.flags = {{"--database", {":memory:"}}, {"--threads", {"2"}}};
  const auto settings = config::Load(sources);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->Text("database.path"), ":memory:");
  EXPECT_EQ(settings->Integer("database.threads"), 2);
}

TEST_F(Load, NotesVariablesThatLookMistyped) {
  Sources sources = WithoutFile();
  sources.environment = {{"PINTAIL_LOG_LEVLE", "warn"}, {"PINTAIL_HOME", "/x"}};
  const auto settings = config::Load(sources);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->notes, ElementsAre(HasSubstr("did you mean PINTAIL_LOG_LEVEL?")));
}

TEST_F(Load, ShowsAReferenceInsteadOfWhatItStandsFor) {
  Sources sources = WithFile("[log]\npath = \"/logs/${env:TOKEN}\"");
  sources.environment["TOKEN"] = "hunter2";
  const auto settings = config::Load(sources);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->Text("log.path"), "/logs/hunter2");
  EXPECT_EQ(settings->entry("log.path").shown, "/logs/${env:TOKEN}");
}

}  // namespace
}  // namespace pintail::config
