// Tables whose rows are sent on to a source: clients read them and change them by ingest.
#include "engine/sent_on_check.h"

#include <gtest/gtest.h>

#include "engine/tails.h"
#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::Value;

class SentOnCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* sql :
         {"CREATE SCHEMA s", "CREATE TABLE s.T (a INT)", "CREATE TABLE s.other (a INT)",
          "CREATE TABLE t (a INT)", "INSERT INTO s.T VALUES (1)"}) {
      ASSERT_TRUE(Execute(*connection_, sql).ok()) << sql;
    }
    database_->tails().SetSentOn(
        {{.table = {.schema = "S", .table = "t"}, .target = "pg.public.t"}});
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

constexpr const char* kChanges[] = {
    "INSERT INTO s.t VALUES (2)",
    "UPDATE memory.s.\"T\" SET a = 3",
    "DELETE FROM s.t",
    "TRUNCATE s.t",
    "MERGE INTO s.t USING s.other o ON o.a = t.a WHEN MATCHED THEN DELETE",
    "ALTER TABLE s.t ADD COLUMN b INT",
    "ALTER TABLE s.t RENAME TO u",
    "DROP TABLE s.t",
    "DROP SCHEMA s CASCADE",
    "CREATE OR REPLACE TABLE s.t (b INT)",
    "CREATE INDEX i ON s.t (a)",
};

TEST_F(SentOnCheckTest, RefusesWhatWouldChangeTheTable) {
  for (const char* sql : kChanges) {
    const auto status = Execute(*connection_, sql);
    EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument) << sql << status;
    EXPECT_NE(status.message().find("sent on to pg.public.t"), std::string::npos)
        << sql << status;
  }
  EXPECT_EQ(Cell(*connection_, "SELECT sum(a) FROM s.t"), "1");
}

TEST_F(SentOnCheckTest, LeavesOtherTablesAlone) {
  for (const char* sql :
       {"INSERT INTO t VALUES (1)", "DROP TABLE t", "UPDATE s.other SET a = 1",
        "ALTER TABLE s.other ADD b INT", "CREATE TABLE IF NOT EXISTS s.t (a INT)"}) {
    EXPECT_TRUE(Execute(*connection_, sql).ok()) << sql;
  }
}

TEST_F(SentOnCheckTest, TheServerMayDoAsItDoes) {
  {
    const auto acting = database_->tails().ActAsServer(*connection_);
    EXPECT_TRUE(Execute(*connection_, "INSERT INTO s.t VALUES (2)").ok());
    EXPECT_TRUE(Execute(*connection_, "ALTER TABLE s.t ADD COLUMN b INT").ok());
  }
  EXPECT_FALSE(Execute(*connection_, "INSERT INTO s.t (a) VALUES (2)").ok());
}

}  // namespace
}  // namespace pintail::engine
