#include "config/flags.h"

#include "CLI/CLI.hpp"
#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::ElementsAre;

Sources Parse(std::vector<std::string> arguments) {
  CLI::App command;
  Flags flags;
  flags.AddTo(command);
  std::ranges::reverse(arguments);  // as the parser wants them
  command.parse(arguments);
  return flags.Read();
}

TEST(Flags, GatherListsAndKeepTheLastOfTheRest) {
  Sources sources = Parse({"--http-listen", "127.0.0.1:1", "--http-listen", "127.0.0.1:2",
                           "--log-level=warn", "--log-level", "debug", "--enable-cache",
                           "-c", "x.toml", "--memory-limit", "1GB"});
  EXPECT_EQ(sources.file, "x.toml");
  sources.file.reset();
  sources.usual_files.clear();
  const auto settings = Load(sources);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->List("http.listen"), ElementsAre("127.0.0.1:1", "127.0.0.1:2"));
  EXPECT_EQ(settings->Text("log.level"), "debug");
  EXPECT_EQ(settings->Integer("database.memory_limit"), 1'000'000'000);
}

TEST(Flags, ThatAreNotGivenSayNothing) {
  const Sources sources = Parse({});
  EXPECT_EQ(sources.file, std::nullopt);
  EXPECT_TRUE(sources.flags.empty());
}

TEST(Flags, ExistForEveryOption) {
  for (const Option& option : Options()) {
    SCOPED_TRACE(option.key);
    const std::string text =
        option.initial.empty() ? "17MB" : std::string(option.initial);
    const Sources sources = Parse({FlagOf(option), text});
    ASSERT_EQ(sources.flags.size(), 1U);
    EXPECT_EQ(sources.flags[0].flag,
              option.short_flag.empty() ? FlagOf(option) : option.short_flag);
  }
}

}  // namespace
}  // namespace pintail::config
