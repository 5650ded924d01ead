#include "engine/insert.h"

#include <gtest/gtest.h>

#include "arrow/builder.h"
#include "engine/connection.h"
#include "engine/insert_place.h"
#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Batch;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::Numbers;
using testing::Reader;
using testing::Value;

const auto kSchema = testing::NumbersSchema();

// Gives the batches, then the error.
class FailingReader : public arrow::RecordBatchReader {
 public:
  FailingReader(arrow::RecordBatchVector batches, arrow::Status error)
      : batches_(std::move(batches)), error_(std::move(error)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return kSchema; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (next_ == batches_.size()) return error_;
    *batch = batches_[next_++];
    return arrow::Status::OK();
  }

 private:
  const arrow::RecordBatchVector batches_;
  const arrow::Status error_;
  size_t next_ = 0;
};

class InsertTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        Execute(*connection_, "CREATE TABLE t (i BIGINT, s VARCHAR DEFAULT 'none')")
            .ok());
  }
  arrow::Result<int64_t> Insert(arrow::RecordBatchVector batches) {
    return connection_->Insert({.table = "t"}, Reader(std::move(batches)));
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(InsertTest, BatchesOfEverySizeArriveWholeAndInOrder) {
  arrow::RecordBatchVector batches;
  int64_t next = 0;
  for (int64_t size : {1, 0, 3, 2'048, 100'000, 700'000, 5, 122'880}) {
    batches.push_back(Numbers(next, size));
    next += size;
  }
  EXPECT_EQ(Value(Insert(batches)), next);
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t WHERE s = i::VARCHAR"),
            std::to_string(next));
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t WHERE rowid <> i"), "0");
}

TEST_F(InsertTest, ColumnsGoByName) {
  auto turned = arrow::schema(
      {arrow::field("S", arrow::utf8()), arrow::field("I", arrow::int32())});
  EXPECT_EQ(Value(Insert({Batch(turned, R"([["a", 1]])")})), 1);
  EXPECT_EQ(Cell(*connection_, "SELECT s || i FROM t"), "a1");
}

TEST_F(InsertTest, AMissingColumnHasItsDefault) {
  auto part = arrow::schema({arrow::field("i", arrow::int64())});
  EXPECT_EQ(Value(Insert({Batch(part, "[[1]]")})), 1);
  EXPECT_EQ(Cell(*connection_, "SELECT s FROM t"), "none");
}

TEST_F(InsertTest, AnUnknownColumnIsRefused) {
  auto more = arrow::schema(
      {arrow::field("i", arrow::int64()), arrow::field("extra", arrow::int64())});
  auto status = Insert({Batch(more, "[[1, 2]]")}).status();
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("extra"), std::string::npos) << status.message();
}

TEST_F(InsertTest, TwoColumnsOfOneNameAreRefused) {
  auto twice = arrow::schema(
      {arrow::field("i", arrow::int64()), arrow::field("I", arrow::int64())});
  auto status = Insert({Batch(twice, "[[1, 2]]")}).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument);
}

TEST_F(InsertTest, AFailureLeavesNothingBehind) {
  ASSERT_TRUE(Execute(*connection_, "CREATE UNIQUE INDEX one ON t (i)").ok());
  arrow::RecordBatchVector batches;
  for (int n = 0; n < 10; ++n) batches.push_back(Numbers(n * 100'000, 100'000));
  batches.push_back(Numbers(5, 1));
  auto status = Insert(batches).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kAlreadyExists) << status.ToString();
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t"), "0");
  EXPECT_FALSE(connection_->InTransaction());
}

TEST_F(InsertTest, TheReadersOwnErrorIsGiven) {
  auto error = base::MakeError(ErrorKind::kDeadlineExceeded, "too slow");
  for (int64_t rows : {0, 10, 1'000'000}) {
    auto reader = std::make_shared<FailingReader>(
        arrow::RecordBatchVector{Numbers(0, rows)}, error);
    auto status = connection_->Insert({.table = "t"}, reader).status();
    EXPECT_EQ(KindOfFailure(status), ErrorKind::kDeadlineExceeded);
    EXPECT_EQ(status.message(), error.message());
    EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t"), "0");
  }
}

TEST_F(InsertTest, BelongsToTheTransactionThatIsOpen) {
  ASSERT_TRUE(connection_->Begin().ok());
  EXPECT_EQ(Value(Insert({Numbers(0, 500'000)})), 500'000);
  EXPECT_TRUE(connection_->InTransaction());
  ASSERT_TRUE(connection_->Rollback().ok());
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t"), "0");
}

TEST_F(InsertTest, NoBatchesInsertNothing) {
  auto reader = Value(arrow::RecordBatchReader::Make({}, kSchema));
  EXPECT_EQ(Value(connection_->Insert({.table = "t"}, reader)), 0);
}

TEST_F(InsertTest, NamesAreTakenAsTheyAre) {
  const std::string odd = "x\"; DROP TABLE t; --";
  auto schema = arrow::schema({arrow::field("select \"", arrow::int64())});
  const TableName name{.schema = "main", .table = odd};
  ASSERT_TRUE(connection_->CreateTable(name, *schema, false, false, false).ok());
  EXPECT_EQ(Value(connection_->Insert(name, Reader({Batch(schema, "[[1], [2]]")}))), 2);
  EXPECT_EQ(Value(connection_->TableSchema(name))->field(0)->name(), "select \"");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM " + QuoteName(odd)), "2");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t"), "0");
}

TEST_F(InsertTest, AMissingTableIsNotFound) {
  auto status = connection_->Insert({.table = "no"}, Reader({Numbers(0, 1)})).status();
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kNotFound);
  EXPECT_EQ(KindOfFailure(connection_->TableSchema({.table = "no"}).status()),
            ErrorKind::kNotFound);
}

TEST_F(InsertTest, ATableIsMadeFromASchema) {
  auto schema = arrow::schema({arrow::field("id", arrow::int64(), /*nullable=*/false),
                               arrow::field("v", arrow::list(arrow::float32()))});
  const TableName name{.table = "made"};
  ASSERT_TRUE(connection_->CreateTable(name, *schema, false, false, false).ok());
  auto got = Value(connection_->TableSchema(name));
  EXPECT_TRUE(got->Equals(*schema)) << got->ToString();
  EXPECT_EQ(KindOfFailure(connection_->CreateTable(name, *schema, false, false, false)),
            ErrorKind::kAlreadyExists);
  EXPECT_TRUE(connection_->CreateTable(name, *schema, false, false, true).ok());
  auto other = arrow::schema({arrow::field("x", arrow::utf8())});
  EXPECT_TRUE(connection_->CreateTable(name, *other, false, true, false).ok());
  EXPECT_TRUE(Value(connection_->TableSchema(name))->Equals(*other));
}

TEST_F(InsertTest, ATemporaryTableIsSeenByItsSessionOnly) {
  const TableName name{.table = "own"};
  ASSERT_TRUE(connection_->CreateTable(name, *kSchema, true, false, false).ok());
  EXPECT_EQ(Value(connection_->Insert(name, Reader({Numbers(0, 3)}))), 3);
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM own"), "3");
  auto other = Value(database_->Connect());
  EXPECT_EQ(KindOfFailure(other->TableSchema(name).status()), ErrorKind::kNotFound);
}

TEST_F(InsertTest, AViewHasASchemaToo) {
  ASSERT_TRUE(Execute(*connection_, "CREATE VIEW v AS SELECT i, 1.5 AS d FROM t").ok());
  EXPECT_EQ(Value(connection_->TableSchema({.table = "v"}))->ToString(),
            "i: int64\nd: decimal128(2, 1)");
}

class InsertPlaceTest : public InsertTest {
 protected:
  std::optional<std::string> Place(Connection& connection, const TableName& table) {
    return Value(InsertPlace(connection, table));
  }
  std::unique_ptr<Connection> other_ = Value(database_->Connect());
};

TEST_F(InsertPlaceTest, IsTheSameForTheSameTableAndSettings) {
  const auto place = Place(*connection_, {.table = "t"});
  ASSERT_TRUE(place);
  EXPECT_EQ(Place(*other_, {.table = "T"}), place);
  EXPECT_EQ(Place(*other_, {.schema = "main", .table = "t"}), place);
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE u (i INTEGER)").ok());
  EXPECT_NE(Place(*other_, {.table = "u"}), place);
  for (const char* setting : {"SET TimeZone = 'Asia/Tokyo'", "SET search_path = 'temp'",
                              "SET ieee_floating_point_ops = false"}) {
    const auto set = Value(database_->Connect());
    ASSERT_TRUE(Execute(*set, setting).ok()) << setting;
    const auto its = Place(*set, {.schema = "main", .table = "t"});
    EXPECT_NE(its, place) << setting;
    EXPECT_EQ(Place(*Value(set->Fork()), {.schema = "main", .table = "t"}), its);
  }
}

TEST_F(InsertPlaceTest, IsOnlyOfStoredTablesAndSessionsThatCanBeCompared) {
  EXPECT_EQ(Place(*connection_, {.table = "none"}), std::nullopt);
  ASSERT_TRUE(Execute(*connection_, "CREATE VIEW v AS SELECT 1").ok());
  EXPECT_EQ(Place(*connection_, {.table = "v"}), std::nullopt);
  ASSERT_TRUE(Execute(*connection_, "CREATE TEMP TABLE t (i INTEGER)").ok());
  EXPECT_EQ(Place(*connection_, {.table = "t"}), std::nullopt);
  EXPECT_TRUE(Place(*other_, {.table = "t"}));
  ASSERT_TRUE(Execute(*other_, "SET VARIABLE x = 1").ok());
  EXPECT_EQ(Place(*other_, {.table = "t"}), std::nullopt);
}

}  // namespace
}  // namespace pintail::engine
