#include "config/expand.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"

namespace pintail::config {
namespace {

using ::testing::HasSubstr;

TEST(Expand, ReplacesVariablesAndFiles) {
  const std::string path = ::testing::TempDir() + "/expand_secret";
  std::ofstream(path) << "s3cret\n";
  const auto expanded =
      Expand("a ${env:WHO} b ${file:" + path + "} c", {{"WHO", "${env:WHO}"}});
  ASSERT_TRUE(expanded.ok()) << expanded.status();
  EXPECT_EQ(expanded->text, "a ${env:WHO} b s3cret c");
  EXPECT_TRUE(expanded->referred);
  std::filesystem::remove(path);
}

TEST(Expand, LeavesOtherDollarsAlone) {
  const auto expanded = Expand("$5 $${env:X} $", {});
  ASSERT_TRUE(expanded.ok()) << expanded.status();
  EXPECT_EQ(expanded->text, "$5 ${env:X} $");
  EXPECT_FALSE(expanded->referred);
}

TEST(Expand, SaysWhatCannotBeResolved) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"${env:NOT_SET}", "NOT_SET"}, {"${file:/no/such/file}", "/no/such/file"},
      {"${file:/tmp}", "/tmp"},      {"${NAME}", "${env:NAME}"},
      {"${env:", "without its }"},
  };
  for (const auto& [text, expected] : table) {
    SCOPED_TRACE(text);
    const auto expanded = Expand(text, {});
    ASSERT_FALSE(expanded.ok());
    EXPECT_THAT(expanded.status().message(), HasSubstr(expected));
  }
}

}  // namespace
}  // namespace pintail::config
