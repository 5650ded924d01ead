// Files found by fuzzers and files of other writers, from the folder that the environment
// variable PINTAIL_CORPORA names: arrow-ipc-stream/, arrow-ipc-file/, parquet/ and csv/
// hold malformed files, gold/ valid ones. Without the variable the mutants of
// mutation_test.cc stand in for them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/io/file.h"
#include "base/error.h"
#include "columnar/testing/read_every_value.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

std::optional<fs::path> Corpora() {
  const char* folder = std::getenv("PINTAIL_CORPORA");
  if (folder == nullptr) {
    std::cout << "PINTAIL_CORPORA is not set: no corpora are read\n";
    return std::nullopt;
  }
  return fs::path(folder);
}

std::vector<fs::path> FilesOf(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() != "README.md") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  EXPECT_FALSE(files.empty()) << folder;
  return files;
}

std::shared_ptr<arrow::Buffer> Contents(const fs::path& path) {
  auto file = arrow::io::ReadableFile::Open(path.string()).ValueOrDie();
  return file->Read(file->GetSize().ValueOrDie()).ValueOrDie();
}

TEST(Corpora, MalformedFilesAreReadOrRefusedClearly) {
  const auto corpora = Corpora();
  if (!corpora) return;
  const struct {
    const char* folder;
    Format format;
  } kFolders[] = {{"arrow-ipc-stream", Format::kArrowStream},
                  {"arrow-ipc-file", Format::kArrowFile},
                  {"parquet", Format::kParquet},
                  {"csv", Format::kCsv}};
  for (const auto& [folder, format] : kFolders) {
    for (const fs::path& path : FilesOf(*corpora / folder)) {
      SCOPED_TRACE(path.filename().string());
      const auto rows = testing::ReadEveryValue(format, Contents(path));
      if (rows.ok()) continue;
      const ErrorKind kind = base::KindOf(rows.status());
      EXPECT_TRUE(kind == ErrorKind::kInvalidArgument ||
                  kind == ErrorKind::kResourceExhausted)
          << rows.status().ToString();
      EXPECT_FALSE(rows.status().message().empty());
    }
  }
}

// Gold files that are refused all the same, by a part of their name, and why.
struct Refusal {
  std::string_view file;
  std::string_view message;
};
constexpr Refusal kRefusedGold[] = {
    // Written before writers checked that values fit their type.
    {"1.0.0-bigendian__generated_decimal", "more digits than its decimal type"},
    {"1.0.0-littleendian__generated_decimal", "more digits than its decimal type"},
    {"1.0.0-littleendian__generated_datetime", "is not a whole day"},
    // Columns of one name cannot be told apart in a table.
    {"generated_union", "two columns are called"},
    {"generated_duplicate_fieldnames", "two columns are called"},
};

const Refusal* RefusalOf(const std::string& file) {
  for (const Refusal& refusal : kRefusedGold) {
    if (file.find(refusal.file) != std::string::npos) return &refusal;
  }
  return nullptr;
}

TEST(Corpora, GoldFilesAreReadOrOnTheListOfRefusals) {
  const auto corpora = Corpora();
  if (!corpora) return;
  for (const fs::path& path : FilesOf(*corpora / "gold")) {
    const Format format =
        path.extension() == ".stream" ? Format::kArrowStream : Format::kArrowFile;
    const auto rows = testing::ReadEveryValue(format, Contents(path));
    if (rows.ok()) continue;
    const Refusal* refusal = RefusalOf(path.filename().string());
    ASSERT_NE(refusal, nullptr) << path.filename() << rows.status().ToString();
    EXPECT_NE(rows.status().message().find(refusal->message), std::string::npos)
        << path.filename() << rows.status().ToString();
  }
}

}  // namespace
}  // namespace pintail::columnar
