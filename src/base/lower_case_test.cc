#include "base/lower_case.h"

#include <string>

#include "gtest/gtest.h"

namespace pintail::base {
namespace {

TEST(LowerCase, ChangesTheLettersOfAsciiAndNothingElse) {
  const struct {
    std::string text;
    std::string lower;
  } kCases[] = {
      {"", ""},
      {"AZaz", "azaz"},
      {"@[`{09_-", "@[`{09_-"},
      {"Ärger Ünü", "Ärger Ünü"},
      {std::string("A\0B", 3), std::string("a\0b", 3)},
      {"\xC1\xDA\xFF", "\xC1\xDA\xFF"},
  };
  for (const auto& c : kCases) EXPECT_EQ(LowerCase(c.text), c.lower);
}

TEST(LowerCase, LeavesEveryOtherByteAlone) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool upper = byte >= 'A' && byte <= 'Z';
    EXPECT_EQ(LowerCase(c), upper ? static_cast<char>(byte + 32) : c) << byte;
  }
}

}  // namespace
}  // namespace pintail::base
