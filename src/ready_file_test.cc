#include "ready_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "gmock/gmock.h"

namespace pintail {
namespace {

using ::testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

const ReadyState kState{.process_id = 7,
                        .version = "0.1.0",
                        .flight = {"127.0.0.1:1", "[::1]:2"},
                        .http = {}};

TEST(ReadyFile, TellsWhoServesAndWhere) {
  EXPECT_EQ(ReadyText(kState),
            "{\"pid\": 7, \"version\": \"0.1.0\", \"flight\": [\"127.0.0.1:1\", "
            "\"[::1]:2\"], \"http\": []}\n");
}

TEST(ReadyFile, IsThereWholeUntilItIsDestroyed) {
  const std::string path = ::testing::TempDir() + "/ready_file_test.json";
  std::ofstream(path) << "of an earlier server";
  {
    const auto file = ReadyFile::Write(path, kState);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(Read(path), ReadyText(kState));
    EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ReadyFile, ThatCannotBeWrittenIsAnErrorWithItsPath) {
  const auto file = ReadyFile::Write("/no/such/folder/ready.json", kState);
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(base::KindOf(file.status()), base::ErrorKind::kUnavailable);
  EXPECT_THAT(file.status().message(), HasSubstr("/no/such/folder/ready.json"));
}

}  // namespace
}  // namespace pintail
