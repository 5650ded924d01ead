#include "journal/testing/journal_home.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "base/call_context.h"
#include "columnar/testing/sample_batches.h"
#include "gtest/gtest.h"
#include "journal/recovery.h"

namespace pintail::journal::testing {
namespace {

std::filesystem::path NewFolder(Disk disk) {
  std::error_code error;
  std::filesystem::path parent = "/dev/shm";
  if (disk == Disk::kReal || !std::filesystem::is_directory(parent, error)) {
    parent = std::filesystem::temp_directory_path();
  }
  std::string name = (parent / "journal-XXXXXX").native();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

}  // namespace

JournalHome::JournalHome(Disk disk) : folder(NewFolder(disk)) {
  if (disk == Disk::kMemory) files.SkipSyncs();
}

JournalHome::~JournalHome() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

arrow::Result<std::unique_ptr<Journal>> JournalHome::Open(Journal::Options options) {
  options.folder = folder;
  replayed.clear();
  return Journal::Open(options, ground(), [&](Position position, Record record) {
    EXPECT_TRUE(replayed.empty() || replayed.rbegin()->first < position);
    replayed.emplace(position, std::move(record));
    return arrow::Status::OK();
  });
}

arrow::Status JournalHome::Reopen(Journal::Options options) {
  return Open(std::move(options)).status();
}

void JournalHome::Advance(std::chrono::nanoseconds by) {
  clock.Advance(by);
  timers.RunDue();
}

std::vector<std::filesystem::path> JournalHome::Segments() const {
  std::vector<std::filesystem::path> paths;
  for (const SegmentPath& segment : ListSegments(folder).ValueOrDie()) {
    paths.push_back(segment.path);
  }
  return paths;
}

Record RecordOf(const std::string& json, const std::string& table) {
  auto batch =
      columnar::testing::OneColumn(columnar::testing::FromJson(arrow::int64(), json));
  return {.table = table, .schema = batch->schema(), .batches = {batch}};
}

std::string ValuesOf(const Record& record) {
  std::string text;
  for (const auto& batch : record.batches) text += batch->column(0)->ToString();
  std::erase_if(text, [](char letter) { return letter == ' ' || letter == '\n'; });
  return text;
}

arrow::Result<Position> Append(Journal& journal, const Record& record,
                               Durability durability) {
  const base::CallContext call({});
  return journal.Append(call, record, durability, nullptr);
}

std::string BytesOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteBytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace pintail::journal::testing
