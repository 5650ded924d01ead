#include "engine/database.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::TemporaryFolder;
using testing::Value;

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Database, KeepsItsTablesInTheFile) {
  TemporaryFolder folder;
  const DatabaseOptions options{.path = folder.File("a/b/kept.duckdb")};
  {
    auto database = Value(Database::Open(options));
    auto connection = Value(database->Connect());
    ASSERT_TRUE(Execute(*connection, "CREATE TABLE t AS SELECT 42 AS i").ok());
    ASSERT_TRUE(database->Checkpoint().ok());
  }
  auto database = Value(Database::Open(options));
  auto connection = Value(database->Connect());
  EXPECT_EQ(Cell(*connection, "SELECT i FROM t"), "42");
  EXPECT_EQ(database->version(), "v1.5.5");
}

TEST(Database, AFileOfAnotherProgramIsRefusedAndKept) {
  TemporaryFolder folder;
  const std::string path = folder.File("letter.txt");
  const std::string text(5'000, 'x');
  std::ofstream(path) << text;
  auto status = Database::Open({.path = path}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnavailable);
  EXPECT_NE(status.message().find("not a DuckDB database"), std::string::npos)
      << status.message();
  EXPECT_NE(status.message().find(path), std::string::npos);
  EXPECT_EQ(Contents(path), text);
}

TEST(Database, AFileOfANewerVersionIsRefusedAndKept) {
  TemporaryFolder folder;
  const std::string path = folder.File("newer.duckdb");
  {
    Value(Database::Open({.path = path}));
  }
  std::string bytes = Contents(path);
  const uint64_t version = 9'999;
  std::memcpy(bytes.data() + 12, &version, sizeof(version));
  std::ofstream(path, std::ios::binary) << bytes;
  auto status = Database::Open({.path = path}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnavailable);
  EXPECT_NE(status.message().find("9999"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("newer"), std::string::npos) << status.message();
  EXPECT_EQ(Contents(path), bytes);
}

TEST(Database, AFileThatAnotherProcessHasOpenIsRefusedWithItsNumber) {
  TemporaryFolder folder;
  const std::string path = folder.File("held.duckdb");
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(done[1]);
    auto database = Database::Open({.path = path});
    const char answer = database.ok() ? 'y' : 'n';
    char ignored;
    if (write(ready[1], &answer, 1) != 1 || read(done[0], &ignored, 1) != 0) _exit(1);
    _exit(0);
  }
  close(done[0]);
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  auto status = Database::Open({.path = path}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnavailable);
  EXPECT_NE(status.message().find("process " + std::to_string(child)), std::string::npos)
      << status.message();
  close(done[1]);
  close(ready[0]);
  close(ready[1]);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(Database::Open({.path = path}).ok());
}

TEST(Database, AFileThatThisProcessHasOpenIsRefused) {
  TemporaryFolder folder;
  const DatabaseOptions options{.path = folder.File("once.duckdb")};
  auto database = Value(Database::Open(options));
  auto status = Database::Open(options).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnavailable);
  EXPECT_NE(status.message().find("this process"), std::string::npos) << status.message();
  database.reset();
  EXPECT_TRUE(Database::Open(options).ok());
}

TEST(Database, AFolderInPlaceOfAFileIsRefused) {
  TemporaryFolder folder;
  auto status = Database::Open({.path = folder.path()}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnavailable);
  EXPECT_NE(status.message().find("folder"), std::string::npos) << status.message();
}

TEST(Database, AParentThatIsAFileIsRefused) {
  TemporaryFolder folder;
  std::ofstream(folder.File("plain")) << "x";
  auto status = Database::Open({.path = folder.File("plain/db.duckdb")}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnavailable);
  EXPECT_NE(status.message().find("plain"), std::string::npos) << status.message();
}

TEST(Database, TwoInOneProcessKnowNothingOfEachOther) {
  auto one = testing::OpenInMemory();
  auto other = testing::OpenInMemory();
  auto connection = Value(one->Connect());
  auto other_connection = Value(other->Connect());
  ASSERT_TRUE(Execute(*connection, "CREATE TABLE t AS SELECT 1 AS i").ok());
  EXPECT_EQ(KindOfFailure(Execute(*other_connection, "SELECT * FROM t")),
            ErrorKind::kNotFound);
  EXPECT_EQ(Cell(*connection, "SELECT i FROM t"), "1");
}

TEST(Database, OptionsReachDuckDb) {
  auto database = testing::OpenInMemory(
      {.memory_limit_bytes = 512 << 20, .threads = 3, .max_expression_depth = 50});
  auto connection = Value(database->Connect());
  EXPECT_EQ(Cell(*connection, "SELECT current_setting('threads')"), "3");
  EXPECT_EQ(Value(database->Figures()).memory_limit_bytes, 512 << 20);
  std::string deep = "1";
  for (int i = 0; i < 100; ++i) deep = "(" + deep + " + 1)";
  EXPECT_EQ(KindOfFailure(Execute(*connection, "SELECT " + deep)),
            ErrorKind::kInvalidSql);
}

TEST(Database, MemoryThatRunsOutIsResourceExhausted) {
  auto database = testing::OpenInMemory(
      {.memory_limit_bytes = 32 << 20, .temp_directory = std::string()});
  auto connection = Value(database->Connect());
  auto status = Execute(*connection,
                        "CREATE TABLE t AS SELECT i, hash(i) AS h "
                        "FROM range(20000000) r(i) ORDER BY h");
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kResourceExhausted);
}

TEST(Database, WithoutExternalAccessFilesAreOutOfReach) {
  TemporaryFolder folder;
  auto database = testing::OpenInMemory({.external_access = false});
  auto connection = Value(database->Connect());
  auto status = Execute(*connection, "COPY (SELECT 1) TO '" + folder.File("x.csv") + "'");
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kPermissionDenied);
  EXPECT_EQ(KindOfFailure(Execute(*connection, "SET enable_external_access = true")),
            ErrorKind::kInvalidArgument);
}

TEST(Database, FiguresFollowWhatIsStored) {
  TemporaryFolder folder;
  auto database = Value(Database::Open({.path = folder.File("f.duckdb")}));
  auto connection = Value(database->Connect());
  ASSERT_TRUE(Execute(*connection,
                      "CREATE TABLE t AS SELECT random() AS r "
                      "FROM range(300000)")
                  .ok());
  ASSERT_TRUE(database->Checkpoint().ok());
  auto figures = Value(database->Figures());
  EXPECT_GT(figures.memory_bytes, 0);
  EXPECT_GT(figures.memory_limit_bytes, 0);
  EXPECT_GT(figures.database_bytes, 1'000'000);
  EXPECT_EQ(figures.wal_bytes, 0);
}

TEST(Database, PointersOfTheProcessCannotBeNamedInSql) {
  auto database = testing::OpenInMemory();
  auto connection = Value(database->Connect());
  for (const char* sql :
       {"SELECT * FROM arrow_scan(1, 2, 3)", "SELECT * FROM arrow_scan_dumb(1, 2, 3)",
        "SELECT * FROM arrow_scan(1::POINTER, 1::POINTER, 1::POINTER)"}) {
    EXPECT_FALSE(Execute(*connection, sql).ok()) << sql;
  }
}

}  // namespace
}  // namespace pintail::engine
