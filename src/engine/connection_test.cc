#include "engine/connection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::Parameters;
using testing::Prepare;
using testing::Rows;
using testing::Value;

class ConnectionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

// DuckDB may look whether it was interrupted when it has committed.
TEST_F(ConnectionTest, ACommitThatIsInterruptedTellsWhetherItHappened) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE told (i BIGINT)").ok());
  int64_t expected = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(connection_->Begin().ok());
    ASSERT_TRUE(Execute(*connection_, "INSERT INTO told VALUES (1)").ok());
    std::atomic<bool> ready = false;
    std::jthread interrupts([&, wait = i * 20] {
      ready = true;
      for (std::atomic<int> passed = 0; passed < wait;) ++passed;
      connection_->Interrupt();
    });
    while (!ready) std::this_thread::yield();
    if (connection_->Commit().ok()) ++expected;
    interrupts.join();
    if (connection_->InTransaction()) {
      ASSERT_TRUE(connection_->Rollback().ok());
    }
  }
  EXPECT_EQ(Cell(*Value(database_->Connect()), "SELECT count(*) FROM told"),
            std::to_string(expected));
}

TEST_F(ConnectionTest, ATextIsCutIntoItsStatements) {
  auto statements = Value(connection_->Parse("SELECT 1 ;; \n SELECT ';' ; "));
  ASSERT_EQ(statements.size(), 2);
  EXPECT_EQ(statements[0]->text(), "SELECT 1");
  EXPECT_EQ(statements[1]->text(), "SELECT ';'");
  EXPECT_TRUE(Value(connection_->Parse("-- nothing")).empty());
}

TEST_F(ConnectionTest, ATextWithANulCharacterIsRefusedWhole) {
  using namespace std::string_view_literals;  // NOLINT
  ASSERT_TRUE(
      Execute(*connection_, "CREATE TABLE kept AS SELECT range AS i FROM range(3)").ok());
  const auto status =
      connection_->Run("DELETE FROM kept\0 WHERE i = 1"sv, {}, {}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidSql);
  EXPECT_NE(status.message().find("byte 16"), std::string::npos) << status.message();
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM kept"), "3");
}

// DuckDB plans with the statistics of the moment and leaves out what is empty then.
TEST_F(ConnectionTest, AKeptPlanFindsRowsThatCameAfterIt) {
  auto other = Value(database_->Connect());
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE later (i BIGINT)").ok());
  auto find = Prepare(*connection_, "SELECT i FROM later WHERE i = 2");
  auto remove = Prepare(*connection_, "DELETE FROM later WHERE i = 3");
  const auto found = [&] {
    auto rows = Value(find->Execute({}, {}));
    const auto batch = Value(rows->Next());
    return batch ? batch->num_rows() : 0;
  };
  EXPECT_EQ(found(), 0);
  ASSERT_TRUE(Execute(*other, "INSERT INTO later VALUES (2), (3)").ok());
  EXPECT_EQ(found(), 1);
  EXPECT_EQ(Value(remove->Execute({}, {}))->rows_changed(), 1);
  ASSERT_TRUE(Execute(*other, "DELETE FROM later").ok());

  // Within a transaction, what it has inserted itself; but not what others have.
  ASSERT_TRUE(connection_->Begin().ok());
  find = Prepare(*connection_, "SELECT i FROM later WHERE i = 2");
  EXPECT_EQ(found(), 0);
  ASSERT_TRUE(Execute(*other, "INSERT INTO later VALUES (2)").ok());
  EXPECT_EQ(found(), 0);
  ASSERT_TRUE(Execute(*connection_, "INSERT INTO later VALUES (2), (2)").ok());
  EXPECT_EQ(found(), 2);
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_EQ(found(), 3);
}

TEST_F(ConnectionTest, ASyntaxErrorShowsLineAndCaret) {
  auto status = connection_->Parse("SELECT 1;\nSELEKT 2").status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidSql);
  EXPECT_NE(status.message().find("SELEKT"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("^"), std::string::npos) << status.message();
}

TEST_F(ConnectionTest, WhatWouldFetchAnExtensionIsRefused) {
  for (const char* sql :
       {"INSTALL excel", "FORCE INSTALL excel", "INSTALL excel FROM 'http://localhost:1'",
        "UPDATE EXTENSIONS", "UPDATE EXTENSIONS (excel)",
        "SET autoinstall_known_extensions = true",
        "SET GLOBAL AutoInstall_Known_Extensions = true",
        "RESET autoinstall_known_extensions",
        "PRAGMA autoinstall_known_extensions = 1"}) {
    auto status = Execute(*connection_, sql);
    EXPECT_EQ(KindOfFailure(status), ErrorKind::kUnimplemented) << sql;
    EXPECT_NE(status.message().find("never"), std::string::npos) << status.message();
  }
  EXPECT_TRUE(Execute(*connection_, "LOAD icu; LOAD json; LOAD parquet").ok());
}

TEST_F(ConnectionTest, ErrorsHaveTheKindOfTheirCause) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE t (k INTEGER PRIMARY KEY, n INTEGER NOT NULL);"
                      "INSERT INTO t VALUES (1, 1)")
                  .ok());
  struct Case {
    const char* sql;
    ErrorKind kind;
  };
  const Case cases[] = {
      {"SELEC 1", ErrorKind::kInvalidSql},
      {"SELECT nothing FROM t", ErrorKind::kInvalidSql},
      {"SELECT no_function(1)", ErrorKind::kInvalidSql},
      {"SELECT * FROM missing", ErrorKind::kNotFound},
      {"DROP TABLE missing", ErrorKind::kNotFound},
      {"CREATE TABLE t (i INTEGER)", ErrorKind::kAlreadyExists},
      {"CREATE SCHEMA main", ErrorKind::kAlreadyExists},
      {"INSERT INTO t VALUES (1, 2)", ErrorKind::kAlreadyExists},
      {"INSERT INTO t VALUES (2, NULL)", ErrorKind::kInvalidArgument},
      {"SELECT CAST('x' AS INTEGER)", ErrorKind::kInvalidArgument},
      {"SELECT 200::TINYINT", ErrorKind::kInvalidArgument},
      {"SELECT error('mine')", ErrorKind::kInvalidArgument},
      {"SELECT * FROM read_csv('/no/such/file.csv')", ErrorKind::kNotFound},
      {"SET threads = 'many'", ErrorKind::kInvalidArgument},
      {"COMMIT", ErrorKind::kInvalidArgument},
  };
  for (const auto& [sql, kind] : cases) {
    auto status = Execute(*connection_, sql);
    ASSERT_FALSE(status.ok()) << sql;
    EXPECT_EQ(base::ErrorKindName(base::KindOf(status)), base::ErrorKindName(kind))
        << sql << ": " << status.message();
  }
}

TEST_F(ConnectionTest, TraitsAreThoseOfTheBoundStatement) {
  ASSERT_TRUE(
      Execute(*connection_, "CREATE TABLE t (i INTEGER); CREATE SEQUENCE s").ok());
  struct Case {
    const char* sql;
    StatementKind kind;
    bool returns_rows;
    bool read_only;
  };
  using enum StatementKind;
  const Case cases[] = {
      {"SELECT * FROM t", kQuery, true, true},
      {"VALUES (1)", kQuery, true, true},
      {"WITH x AS (SELECT 1) FROM x", kQuery, true, true},
      {"SELECT nextval('s')", kQuery, true, false},
      {"SHOW TABLES", kQuery, true, true},
      {"DESCRIBE t", kQuery, true, true},
      {"EXPLAIN SELECT * FROM t", kQuery, true, true},
      {"CALL pragma_version()", kQuery, true, true},
      {"PRAGMA table_info('t')", kQuery, true, true},
      {"INSERT INTO t VALUES (1)", kChange, false, false},
      {"INSERT INTO t VALUES (1) RETURNING i", kChange, true, false},
      {"UPDATE t SET i = 2", kChange, false, false},
      {"DELETE FROM t", kChange, false, false},
      {"CREATE TABLE u AS SELECT 1", kDefinition, false, false},
      {"DROP TABLE t", kDefinition, false, false},
      {"ATTACH ':memory:' AS other", kDefinition, false, true},
      {"BEGIN", kTransaction, false, true},
      {"SET threads = 2", kSetting, false, true},
      {"USE main", kSetting, false, true},
      {"COPY (SELECT 1) TO '/nowhere/x.csv'", kOther, false, true},
      {"CHECKPOINT", kQuery, true, true},
  };
  for (const auto& [sql, kind, returns_rows, read_only] : cases) {
    auto prepared = Prepare(*connection_, sql);
    EXPECT_EQ(prepared->traits().kind, kind) << sql;
    EXPECT_EQ(prepared->traits().returns_rows, returns_rows) << sql;
    EXPECT_EQ(prepared->traits().read_only, read_only) << sql;
    EXPECT_FALSE(prepared->traits().verb.empty()) << sql;
  }
}

TEST_F(ConnectionTest, RowsChangedAreReported) {
  auto changed = [&](const std::string& sql) {
    return Value(connection_->Run(sql))->rows_changed();
  };
  EXPECT_EQ(changed("CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER)"), std::nullopt);
  EXPECT_EQ(changed("INSERT INTO t SELECT i, i FROM range(10) r(i)"), 10);
  EXPECT_EQ(changed("UPDATE t SET v = 0 WHERE k < 3"), 3);
  EXPECT_EQ(changed("DELETE FROM t WHERE k >= 8"), 2);
  EXPECT_EQ(changed("MERGE INTO t USING (SELECT 1 AS k, 5 AS v) s USING (k) "
                    "WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT"),
            1);
  EXPECT_EQ(changed("INSERT INTO t VALUES (20, 1), (21, 2) RETURNING k"), 2);
  EXPECT_EQ(changed("SELECT * FROM t"), std::nullopt);
}

TEST_F(ConnectionTest, InsertReturningGivesItsRows) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i INTEGER)").ok());
  EXPECT_EQ(Cell(*connection_, "INSERT INTO t VALUES (7) RETURNING i + 1"), "8");
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM t"), "7");
}

TEST_F(ConnectionTest, EveryStatementOfATextRunsInOrder) {
  EXPECT_EQ(Cell(*connection_,
                 "CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1); "
                 "UPDATE t SET i = 5; SELECT i FROM t"),
            "5");
}

TEST_F(ConnectionTest, PivotRunsThroughPrepare) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE sales (city VARCHAR, year INTEGER, n INTEGER);"
                      "INSERT INTO sales VALUES ('A', 2020, 1), ('A', 2021, 2)")
                  .ok());
  auto prepared = Prepare(*connection_, "PIVOT sales ON year USING sum(n)");
  EXPECT_TRUE(prepared->traits().returns_rows);
  EXPECT_EQ(prepared->schema()->field_names(),
            (std::vector<std::string>{"city", "2020", "2021"}));
  auto rows = Value(Value(prepared->Execute({}, {}))->ToTable());
  EXPECT_EQ(rows->num_rows(), 1);
}

TEST_F(ConnectionTest, ADatabaseIsExportedAndImported) {
  testing::TemporaryFolder folder;
  ASSERT_TRUE(
      Execute(*connection_, "CREATE TABLE t AS SELECT 42 AS i; EXPORT DATABASE '" +
                                folder.File("copy") + "'; DROP TABLE t")
          .ok());
  auto status = Execute(*connection_, "IMPORT DATABASE '" + folder.File("copy") + "'");
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM t"), "42");
  EXPECT_FALSE(connection_->InTransaction());
}

TEST_F(ConnectionTest, WhatRunsAsSeveralStatementsIsTakenBackWhole) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t AS SELECT 'x' AS i").ok());
  const std::string refused[] = {
      // The first of the statements fails, and the second.
      "ALTER TABLE t ADD COLUMN i BIGINT DEFAULT CAST('5' AS BIGINT)",
      "ALTER TABLE t ADD COLUMN j BIGINT DEFAULT CAST(concat('x') AS BIGINT)",
  };
  for (const std::string& sql : refused) {
    EXPECT_FALSE(Execute(*connection_, sql).ok()) << sql;
    EXPECT_FALSE(connection_->InTransaction()) << sql;
    EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM pragma_table_info('t')"), "1");
  }
  // A transaction that a client began is the client's to end.
  ASSERT_TRUE(connection_->Begin().ok());
  EXPECT_FALSE(Execute(*connection_, refused[0]).ok());
  EXPECT_TRUE(connection_->InTransaction());
  ASSERT_TRUE(connection_->Rollback().ok());
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM t"), "x");
}

TEST_F(ConnectionTest, AnExplainedStatementGivesItsPlan) {
  auto rows = Rows(*connection_, "EXPLAIN SELECT 42");
  EXPECT_EQ(rows->num_rows(), 1);
  EXPECT_EQ(rows->num_columns(), 2);
}

TEST_F(ConnectionTest, FilesAreWrittenAndReadByCopy) {
  testing::TemporaryFolder folder;
  const std::string file = folder.File("x.parquet");
  ASSERT_TRUE(Execute(*connection_, "COPY (SELECT 7 AS i) TO '" + file + "'").ok());
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i INTEGER)").ok());
  auto copied = Value(connection_->Run("COPY t FROM '" + file + "'"));
  EXPECT_EQ(copied->rows_changed(), 1);
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM t"), "7");
}

TEST_F(ConnectionTest, ARolledBackTransactionLeavesNothing) {
  ASSERT_TRUE(connection_->Begin().ok());
  EXPECT_TRUE(connection_->InTransaction());
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i INTEGER)").ok());
  ASSERT_TRUE(connection_->Rollback().ok());
  EXPECT_FALSE(connection_->InTransaction());
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT * FROM t")),
            ErrorKind::kNotFound);
}

TEST_F(ConnectionTest, ACommittedTransactionIsSeenByOthers) {
  auto other = Value(database_->Connect());
  ASSERT_TRUE(connection_->Begin().ok());
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t AS SELECT 1 AS i").ok());
  EXPECT_EQ(KindOfFailure(Execute(*other, "SELECT * FROM t")), ErrorKind::kNotFound);
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_EQ(Cell(*other, "SELECT i FROM t"), "1");
}

TEST_F(ConnectionTest, BeginInsideATransactionIsAConflict) {
  ASSERT_TRUE(connection_->Begin().ok());
  EXPECT_EQ(KindOfFailure(connection_->Begin()), ErrorKind::kInvalidArgument);
  EXPECT_TRUE(connection_->InTransaction());
}

TEST_F(ConnectionTest, WritersOfOneRowConflict) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t AS SELECT 1 AS i").ok());
  auto other = Value(database_->Connect());
  ASSERT_TRUE(connection_->Begin().ok());
  ASSERT_TRUE(other->Begin().ok());
  ASSERT_TRUE(Execute(*connection_, "UPDATE t SET i = 2").ok());
  EXPECT_EQ(KindOfFailure(Execute(*other, "UPDATE t SET i = 3")), ErrorKind::kConflict);
}

TEST_F(ConnectionTest, AForkSharesTemporaryTablesAndSettings) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE SCHEMA s; CREATE TEMP TABLE own AS SELECT 1 AS i;"
                      "CREATE TABLE s.t AS SELECT 2 AS i; SET search_path = 's';"
                      "SET VARIABLE x = 3; SET TimeZone = 'Asia/Tokyo'")
                  .ok());
  auto fork = Value(connection_->Fork());
  EXPECT_EQ(Cell(*fork, "SELECT i FROM own"), "1");
  EXPECT_EQ(Cell(*fork, "SELECT i FROM t"), "2");
  EXPECT_EQ(Cell(*fork, "SELECT getvariable('x')"), "3");
  EXPECT_EQ(Cell(*fork, "SELECT current_setting('TimeZone')"), "Asia/Tokyo");
  ASSERT_TRUE(Execute(*fork, "CREATE TEMP TABLE later AS SELECT 4 AS i").ok());
  EXPECT_EQ(Cell(*connection_, "SELECT i FROM later"), "4");
  auto other = Value(database_->Connect());
  EXPECT_EQ(KindOfFailure(Execute(*other, "SELECT * FROM own")), ErrorKind::kNotFound);
}

TEST_F(ConnectionTest, AForkWorksWhileAResultIsBeingRead) {
  auto stream = Value(connection_->Run("SELECT * FROM range(1000000)"));
  auto fork = Value(connection_->Fork());
  EXPECT_EQ(Cell(*fork, "SELECT 1"), "1");
  EXPECT_EQ(Value(stream->ToTable())->num_rows(), 1'000'000);
}

TEST_F(ConnectionTest, APreparedStatementFollowsChangesOfTheCatalog) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t AS SELECT 1 AS i").ok());
  auto prepared = Prepare(*connection_, "SELECT * FROM t");
  auto other = Value(database_->Connect());
  ASSERT_TRUE(Execute(*other, "ALTER TABLE t ADD COLUMN j INTEGER DEFAULT 5").ok());
  auto stream = Value(prepared->Execute({}, {}));
  EXPECT_EQ(stream->schema()->num_fields(), 2);
  EXPECT_EQ(Value(stream->ToTable())->num_rows(), 1);
}

TEST_F(ConnectionTest, EightThreadsWorkSideBySide) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (thread INTEGER, i INTEGER)").ok());
  std::vector<std::thread> threads;
  std::vector<std::string> sums(8);
  for (int n = 0; n < 8; ++n) {
    threads.emplace_back([&, n] {
      auto own = Value(database_->Connect());
      const std::string name = std::to_string(n);
      for (int round = 0; round < 5; ++round) {
        EXPECT_TRUE(
            Execute(*own, "INSERT INTO t SELECT " + name + ", i FROM range(1000) r(i)")
                .ok());
      }
      sums[static_cast<size_t>(n)] =
          Cell(*own, "SELECT count(*) FROM t WHERE thread = " + name);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& sum : sums) EXPECT_EQ(sum, "5000");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t"), "40000");
}

}  // namespace
}  // namespace pintail::engine
