#include "base/whole_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "gtest/gtest.h"

namespace pintail::base {
namespace {

namespace fs = std::filesystem;

class WholeFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/whole_file_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ / "file";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Content() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // With Commit or without.
  void Put(std::string_view text, bool commit) {
    auto file = WholeFile::Make(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Write(text).ok());
    if (commit) {
      ASSERT_TRUE((*file)->Commit().ok());
    }
  }
  int64_t Files() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(WholeFileTest, ReplacesWhatWasThereWhenItIsCommitted) {
  Put("old", true);
  Put("new and longer", true);
  EXPECT_EQ(Content(), "new and longer");
  EXPECT_EQ(Files(), 1);
}

TEST_F(WholeFileTest, ChangesNothingWithoutCommit) {
  Put("old", true);
  Put("new", false);
  EXPECT_EQ(Content(), "old");
  EXPECT_EQ(Files(), 1);
}

TEST_F(WholeFileTest, IsForItsOwnerOnly) {
  std::ofstream(path_.string() + ".new") << "left by another run";
  Put("secret", true);
  EXPECT_EQ(fs::status(path_).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(WholeFileTest, SaysWhichFileCannotBeMade) {
  const auto file = WholeFile::Make(folder_ / "missing" / "file");
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.status().message().find("missing/file.new"), std::string::npos);
}

}  // namespace
}  // namespace pintail::base
