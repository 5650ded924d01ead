#include "config/document.h"

#include <fstream>
#include <sstream>

#include "config/file.h"
#include "config/load.h"
#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::HasSubstr;

TEST(ConfigurationPage, IsTheCommittedOne) {
  std::ifstream in(PINTAIL_DOCS "/config.md");
  std::stringstream committed;
  committed << in.rdbuf();
  EXPECT_EQ(committed.str(), Page())
      << "write it anew: dist/pintail/bin/pintail config docs > docs/config.md";
}

TEST(DefaultsFile, IsAValidFileThatChangesNothing) {
  const auto tree = ParseToml(DefaultsFile(), "defaults");
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto file = ReadSettings(*tree, "defaults", {});
  ASSERT_TRUE(file.ok()) << file.status();
  Settings settings;
  for (const Assignment& each : file->assignments) {
    ASSERT_TRUE(settings.Assign(each).ok()) << each.option->key;
  }
  const Settings untouched;
  for (const Settings::Entry& entry : settings.entries()) {
    EXPECT_TRUE(entry.value == untouched.entry(entry.option->key).value)
        << entry.option->key;
  }
}

TEST(DefaultsFile, LeavesUnsetWhatIsUncommented) {
  std::string text = DefaultsFile();
  for (size_t at = 0; (at = text.find("\n# ", at)) != std::string::npos; ++at) {
    const size_t end = text.find('\n', at + 1);
    const bool is_key =
        text.substr(at, end - at).find(" = \"\"  # unset") != std::string::npos;
    if (is_key) text.erase(at + 1, 2);
  }
  EXPECT_NE(text.find("\nmemory_limit = "), std::string::npos);
  const auto tree = ParseToml(text, "defaults");
  ASSERT_TRUE(tree.ok()) << tree.status();
  const auto file = ReadSettings(*tree, "defaults", {});
  ASSERT_TRUE(file.ok()) << file.status();
  Settings settings;
  for (const Assignment& each : file->assignments) {
    ASSERT_TRUE(settings.Assign(each).ok()) << each.option->key;
  }
  EXPECT_TRUE(settings.entry("database.memory_limit").value == Value());
}

TEST(ShownSettings, AreAFileThatGivesTheSameSettings) {
  const auto settings = Load({.usual_files = {},
                              .environment = {{"PINTAIL_LOG_LEVELS", "flight=debug"}},
                              .flags = {{"--http-listen", {"127.0.0.1:1", "127.0.0.1:2"}},
                                        {"--statement-timeout", {"1500ms"}},
                                        {"--log-path", {"a \"quoted\" \\ path"}}}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  const auto tree = ParseToml(ShowToml(*settings), "shown");
  ASSERT_TRUE(tree.ok()) << tree.status() << ShowToml(*settings);
  const auto file = ReadSettings(*tree, "shown", {});
  ASSERT_TRUE(file.ok()) << file.status();
  Settings again;
  for (const Assignment& each : file->assignments) {
    ASSERT_TRUE(again.Assign(each).ok()) << each.option->key;
  }
  for (const Settings::Entry& entry : again.entries()) {
    EXPECT_TRUE(entry.value == settings->entry(entry.option->key).value)
        << entry.option->key;
  }
}

TEST(ShownSettings, SayWhereEachCameFrom) {
  const auto settings =
      Load({.usual_files = {}, .flags = {{"--http-listen", {"127.0.0.1:1"}}}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(ShowToml(*settings),
              HasSubstr("listen = [\"127.0.0.1:1\"]  # --http-listen\n"));
  EXPECT_THAT(ShowTable(*settings),
              ::testing::ContainsRegex("http.listen +127.0.0.1:1 +--http-listen\n"));
}

}  // namespace
}  // namespace pintail::config
