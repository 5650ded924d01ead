#include <gtest/gtest.h>

#include "engine/testing/sql.h"
#include "engine/testing/tail.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using std::chrono::seconds;
using testing::Batch;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::Value;

const auto kSchema =
    arrow::schema({arrow::field("i", arrow::int64()), arrow::field("s", arrow::utf8())});

base::Clock::Wall At(int64_t second) { return base::Clock::Wall(seconds(second)); }

AppliedPut Put(const std::string& key, int64_t second) {
  return {.table = "main.t", .key = key, .rows = 2, .time = At(second)};
}

class AppliedPutsTest : public ::testing::Test {
 protected:
  AppliedPutsTest() {
    EXPECT_TRUE(Execute(*connection_, "CREATE TABLE t (i BIGINT, s VARCHAR)").ok());
    EXPECT_TRUE(tails_.OpenPositions().ok());
    EXPECT_TRUE(Known().empty());
  }

  std::vector<AppliedPut> Known(int64_t since = 0, int64_t most = 100) {
    return Value(tails_.OpenPuts(At(since), most));
  }
  std::string Keys() {
    std::string keys;
    for (const AppliedPut& put : Known()) keys += put.key;
    return keys;
  }
  void Arrives(const std::string& key, uint64_t position) {
    const auto target = Value(tails_.TargetFor(*connection_, {.table = "t"}, *kSchema));
    const auto batch = Batch(kSchema, R"([[1, "a"]])");
    const auto pass = Value(tails_.Enter(*target, std::chrono::milliseconds(0)));
    tails_.Add(*target, Value(tails_.Conform(*target, {batch, batch})), position,
               std::make_shared<AppliedPut>(Put(key, static_cast<int64_t>(position))));
  }
  void Do(const std::string& sql) {
    const auto status = Execute(*connection_, sql);
    EXPECT_TRUE(status.ok()) << sql << ": " << status;
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  Tails& tails_ = database_->tails();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(AppliedPutsTest, AreWrittenWithTheRowsThatAreMoved) {
  Arrives("a", 1);
  Arrives("b'\"\n", 2);
  EXPECT_EQ(Keys(), "");
  EXPECT_EQ(Value(tails_.Move({.schema = "main", .table = "t"}, 1)), 2);
  EXPECT_EQ(Keys(), "a");
  EXPECT_EQ(testing::MoveAll(*database_, "t"), 2);
  EXPECT_EQ(Known(), (std::vector{Put("a", 1), Put("b'\"\n", 2)}));
}

TEST_F(AppliedPutsTest, BelongToTheTransactionThatTakesTheRowsForItself) {
  Arrives("a", 1);
  ASSERT_TRUE(connection_->Begin().ok());
  Do("UPDATE t SET i = 2");
  ASSERT_TRUE(connection_->Rollback().ok());
  EXPECT_EQ(Keys(), "");
  ASSERT_TRUE(connection_->Begin().ok());
  Do("UPDATE t SET i = 2");
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_EQ(Keys(), "a");
}

TEST_F(AppliedPutsTest, AreWrittenInTheTransactionOfAConnection) {
  ASSERT_TRUE(connection_->Begin().ok());
  ASSERT_TRUE(tails_.WritePut(*connection_, Put("gone", 1)).ok());
  ASSERT_TRUE(connection_->Rollback().ok());
  EXPECT_EQ(Keys(), "");
  ASSERT_TRUE(connection_->Begin().ok());
  ASSERT_TRUE(tails_.WritePut(*connection_, Put("kept", 1)).ok());
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_EQ(Keys(), "kept");
}

TEST_F(AppliedPutsTest, TheNewestAreReadAndTheOldestForgotten) {
  ASSERT_TRUE(connection_->Begin().ok());
  for (int second = 0; second < 5; ++second) {
    ASSERT_TRUE(tails_.WritePut(*connection_, Put(std::to_string(second), second)).ok());
  }
  ASSERT_TRUE(connection_->Commit().ok());
  EXPECT_EQ(Keys(), "01234");
  EXPECT_EQ(Known(/*since=*/3), (std::vector{Put("3", 3), Put("4", 4)}));
  EXPECT_EQ(Known(/*since=*/0, /*most=*/1), std::vector{Put("4", 4)});
  ASSERT_TRUE(tails_.ForgetPuts(At(2)).ok());
  EXPECT_EQ(Keys(), "234");
}

TEST_F(AppliedPutsTest, OnlyTheServerWritesThemDown) {
  for (const char* sql :
       {"DELETE FROM pintail_journal.repeats", "DROP TABLE pintail_journal.repeats",
        "INSERT INTO pintail_journal.repeats VALUES ('main.t', 'x', 1, now())"}) {
    EXPECT_EQ(KindOfFailure(Execute(*connection_, sql)), ErrorKind::kPermissionDenied)
        << sql;
  }
  // No rows of a client get there by way of a tail.
  const auto schema = arrow::schema({arrow::field("table_schema", arrow::utf8()),
                                     arrow::field("table_name", arrow::utf8()),
                                     arrow::field("position", arrow::uint64())});
  const TableName positions{.schema = "pintail_journal", .table = "positions"};
  EXPECT_EQ(Value(tails_.TargetFor(*connection_, positions, *schema)), nullptr);
}

}  // namespace
}  // namespace pintail::engine
