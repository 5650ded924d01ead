#include "base/json_string.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace pintail::base {
namespace {

TEST(JsonString, EscapesWhatJsonDemandsAndKeepsTheRest) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } kCases[] = {
      {"", R"("")"},
      {"plain", R"("plain")"},
      {"say \"hi\"", R"("say \"hi\"")"},
      {"back\\slash", R"("back\\slash")"},
      {"line\nend\r\ttab\b\f", R"("line\nend\r\ttab\b\f")"},
      {std::string_view("nul\0\x1f", 5), R"("nul\u0000\u001f")"},
      {"Grüße, 世界 🦆", R"("Grüße, 世界 🦆")"},
      {"\x7f", "\"\x7f\""},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendJsonString(c.text, &out);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(JsonString, ReplacesBytesThatAreNotUtf8) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } kCases[] = {
      {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
      {"cut \xE4\xB8", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"overlong \xC0\x80", "\"overlong \xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"half \xED\xA0\x80", "\"half \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"ok \xC3\xBC then \x80", "\"ok \xC3\xBC then \xEF\xBF\xBD\""},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendJsonString(c.text, &out);
    EXPECT_EQ(out, c.expected);
  }
}

TEST(JsonString, AppendsToWhatIsThere) {
  std::string out = "[";
  AppendJsonString("x", &out);
  EXPECT_EQ(out, R"(["x")");
}

}  // namespace
}  // namespace pintail::base
