#include <set>

#include "config/option.h"
#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

struct Accepted {
  OptionType type;
  std::vector<std::string> texts;
  Value value;
  std::string shown;
};

TEST(OptionValues, AreReadAndShownAsPeopleWriteThem) {
  const std::vector<Accepted> table = {
      {OptionType::kInteger, {"1_000"}, int64_t{1000}, "1000"},
      {OptionType::kBytes, {"1GB"}, int64_t{1'000'000'000}, "1GB"},
      {OptionType::kBytes, {"1 GiB"}, int64_t{1} << 30, "1GiB"},
      {OptionType::kBytes, {"1.5kb"}, int64_t{1500}, "1500"},
      {OptionType::kBytes,
       {"9007199254740993"},
       int64_t{9007199254740993},
       "9007199254740993"},
      {OptionType::kDuration, {"1h30m"}, milliseconds(5'400'000), "1h30m"},
      {OptionType::kDuration, {"1500ms"}, milliseconds(1500), "1500ms"},
      {OptionType::kDuration, {"0.5s"}, milliseconds(500), "500ms"},
      {OptionType::kDuration, {"2d"}, milliseconds(172'800'000), "48h"},
      {OptionType::kDuration, {"0"}, milliseconds(0), "0s"},
      {OptionType::kSwitch, {"Yes"}, true, "true"},
      {OptionType::kSwitch, {"0"}, false, "false"},
      {OptionType::kList,
       {"a:1, b:2", "c:3"},
       std::vector<std::string>{"a:1", "b:2", "c:3"},
       "a:1, b:2, c:3"},
      {OptionType::kList, {"none"}, std::vector<std::string>{}, "none"},
      {OptionType::kMap,
       {"engine=Debug,http=warn"},
       Pairs{{"engine", "debug"}, {"http", "warn"}},
       "engine=debug, http=warn"},
      {OptionType::kText, {"  x "}, std::string("x"), "x"},
      {OptionType::kText, {""}, std::monostate(), ""},
  };
  for (const Accepted& row : table) {
    SCOPED_TRACE(row.texts.front());
    const Option option{.key = "a.b", .type = row.type};
    const auto value = ParseValue(option, row.texts);
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_TRUE(*value == row.value);
    EXPECT_EQ(FormatValue(option, *value), row.shown);
  }
}

TEST(OptionValues, AreRefusedWithTheKeyTheTextAndWhatWouldBeRight) {
  struct Row {
    OptionType type;
    std::string text;
    std::string expected;
  };
  const std::vector<Row> table = {
      {OptionType::kInteger, "many", "a whole number"},
      {OptionType::kInteger, "3.5", "a whole number"},
      {OptionType::kInteger, "99999999999999999999", "a whole number"},
      {OptionType::kInteger, "9", "between 10 and 20"},
      {OptionType::kBytes, "1 GX", "512MB"},
      {OptionType::kBytes, "-1", "512MB"},
      {OptionType::kBytes, "21", "between 10 and 20"},
      {OptionType::kDuration, "30", "30s"},
      {OptionType::kDuration, "5 fortnights", "30s"},
      {OptionType::kDuration, "5s", "between 10ms and 20ms"},
      {OptionType::kSwitch, "maybe", "true or false"},
      {OptionType::kChoice, "blue", "red or green"},
      {OptionType::kMap, "engine", "name=value"},
      {OptionType::kMap, "engine=blue", "red or green"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.text);
    const Option option{
        .key = "a.b", .type = row.type, .choices = "red|green", .min = 10, .max = 20};
    const auto value = ParseValue(option, {row.text});
    ASSERT_FALSE(value.ok());
    EXPECT_THAT(value.status().message(), HasSubstr("a.b = \""));
    EXPECT_THAT(value.status().message(), HasSubstr(row.expected));
  }
}

TEST(OptionValues, OfAMapWithKnownNamesMayHaveNoOther) {
  const Option option{
      .key = "a.b", .type = OptionType::kMap, .choices = "red|green", .names = "x|y"};
  EXPECT_TRUE(*ParseValue(option, {"X=red"}) == Value(Pairs{{"x", "red"}}));
  const auto refused = ParseValue(option, {"z=red"});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), HasSubstr("x or y"));
}

TEST(OptionValues, NeverShowASecret) {
  const Option option{.key = "a.token", .type = OptionType::kInteger, .secret = true};
  const auto refused = ParseValue(option, {"hunter2"});
  EXPECT_THAT(refused.status().message(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(FormatValue(option, Value(int64_t{42})), "********");
  EXPECT_EQ(FormatValue(option, Value()), "");
}

TEST(OptionValues, MaskThePasswordsOfAddresses) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"postgresql://me:p@ss@host/db", "postgresql://me:********@host/db"},
      {"a://u:p@h, b://u:q@h", "a://u:********@h, b://u:********@h"},
      {"grpc://host:50051/a@b", "grpc://host:50051/a@b"},
      {"postgresql://me@host:5432", "postgresql://me@host:5432"},
      {"plain", "plain"},
  };
  for (const auto& [text, masked] : table) EXPECT_EQ(MaskPasswords(text), masked);
}

TEST(Options, HaveDistinctNamesASectionAHelpLineAndAValidDefault) {
  std::set<std::string> sections;
  for (const Section& section : Sections()) sections.emplace(section.name);
  std::set<std::string> names;
  for (const Option& option : Options()) {
    SCOPED_TRACE(option.key);
    const std::string section(option.key.substr(0, option.key.find('.')));
    EXPECT_TRUE(sections.contains(section));
    EXPECT_FALSE(option.help.empty());
    EXPECT_TRUE(names.insert(FlagOf(option)).second);
    EXPECT_TRUE(names.insert(VariableOf(option)).second);
    if (!option.short_flag.empty()) {
      EXPECT_TRUE(names.emplace(option.short_flag).second);
    }
    if (option.initial.empty()) {
      EXPECT_FALSE(option.unset.empty()) << "what does unset mean?";
    } else {
      const auto value = ParseValue(option, {std::string(option.initial)});
      EXPECT_TRUE(value.ok()) << value.status();
    }
  }
}

TEST(Options, FollowOneRuleForFlagAndVariable) {
  const Option* option = FindOption("flight.max_calls");
  ASSERT_NE(option, nullptr);
  EXPECT_EQ(FlagOf(*option), "--flight-max-calls");
  EXPECT_EQ(VariableOf(*option), "PINTAIL_FLIGHT_MAX_CALLS");
  EXPECT_EQ(FindOption("flight.max_cals"), nullptr);
}

}  // namespace
}  // namespace pintail::config
