#include "engine/parameters.h"

#include <gtest/gtest.h>

#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Cell;
using testing::Execute;
using testing::KindOfFailure;
using testing::Parameters;
using testing::Prepare;
using testing::Value;

class ParametersTest : public ::testing::Test {
 protected:
  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(ParametersTest, GoByPosition) {
  EXPECT_EQ(
      Cell(*connection_, "SELECT ? || ?",
           Parameters({{"x", arrow::utf8(), "\"a\""}, {"y", arrow::utf8(), "\"b\""}})),
      "ab");
  EXPECT_EQ(
      Cell(*connection_, "SELECT $2 || $1",
           Parameters({{"0", arrow::utf8(), "\"a\""}, {"1", arrow::utf8(), "\"b\""}})),
      "ba");
}

TEST_F(ParametersTest, GoByNumberWhenAllNumbersAreThere) {
  EXPECT_EQ(
      Cell(*connection_, "SELECT $1 || $2",
           Parameters({{"2", arrow::utf8(), "\"b\""}, {"1", arrow::utf8(), "\"a\""}})),
      "ab");
}

TEST_F(ParametersTest, AValueUnderAnotherNameIsRefusedWithBothSides) {
  const auto status =
      Execute(*connection_, "SELECT $low - $high",
              Parameters({{"high", arrow::int32(), "1"}, {"lov", arrow::int32(), "2"}}));
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument);
  EXPECT_NE(status.message().find("$low, $high"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("high, lov"), std::string::npos) << status.message();
}

TEST_F(ParametersTest, GoByNameWhenAllNamesAreThere) {
  EXPECT_EQ(Cell(*connection_, "SELECT $first || $second",
                 Parameters({{"second", arrow::utf8(), "\"b\""},
                             {"FIRST", arrow::utf8(), "\"a\""}})),
            "ab");
  EXPECT_EQ(
      Cell(*connection_, "SELECT $first || $second",
           Parameters({{"0", arrow::utf8(), "\"a\""}, {"1", arrow::utf8(), "\"b\""}})),
      "ab");
}

TEST_F(ParametersTest, AnotherCountIsRefusedWithBoth) {
  auto status =
      Execute(*connection_, "SELECT ? + ?", Parameters({{"x", arrow::int32(), "1"}}));
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument);
  EXPECT_NE(status.message().find("2 parameters"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("1 value was"), std::string::npos) << status.message();
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT ?")),
            ErrorKind::kInvalidArgument);
}

TEST_F(ParametersTest, HaveTheTypeThatTheBinderDeduces) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i BIGINT, s VARCHAR)").ok());
  auto prepared = Prepare(*connection_, "SELECT * FROM t WHERE i > ? AND s = $2");
  ASSERT_EQ(prepared->parameters().size(), 2);
  EXPECT_EQ(prepared->parameters()[0].name, "1");
  EXPECT_TRUE(prepared->parameters()[0].type->Equals(arrow::int64()));
  EXPECT_TRUE(prepared->parameters()[1].type->Equals(arrow::utf8()));
  auto insert = Prepare(*connection_, "INSERT INTO t VALUES ($number, $text)");
  ASSERT_EQ(insert->parameters().size(), 2);
  EXPECT_EQ(insert->parameters()[0].name, "number");
  EXPECT_TRUE(insert->parameters()[0].type->Equals(arrow::int64()));
  auto unknown = Prepare(*connection_, "SELECT ?");
  EXPECT_TRUE(unknown->parameters().at(0).type->Equals(arrow::null()));
}

TEST_F(ParametersTest, OfEveryTypeComeBackEqual) {
  struct Case {
    std::shared_ptr<arrow::DataType> type;
    const char* json;
  };
  using namespace arrow;  // NOLINT
  const Case cases[] = {
      {boolean(), "true"},
      {int8(), "-5"},
      {uint64(), "18446744073709551615"},
      {float64(), "1.5"},
      {utf8(), "\"text\""},
      {large_utf8(), "\"text that is longer\""},
      {binary(), "\"bytes\""},
      {decimal128(20, 3), "\"1.500\""},
      {date32(), "19000"},
      {time64(TimeUnit::MICRO), "1000"},
      {timestamp(TimeUnit::NANO), "1700000000000000001"},
      {timestamp(TimeUnit::MICRO), "1700000000000001"},
      {month_day_nano_interval(), "[1, 2, 3000]"},
      {list(int32()), "[1, null, 3]"},
      {fixed_size_list(float32(), 2), "[1, 2]"},
      {struct_({field("a", int32()), field("b", utf8())}), "[1, \"x\"]"},
      {map(utf8(), int32()), "[[\"k\", 1]]"},
      {dictionary(int8(), utf8()), "\"d\""},
      {int32(), "null"},
      {utf8(), "null"},
  };
  for (const auto& [type, json] : cases) {
    auto row = Parameters({{"p", type, json}});
    auto table = testing::Rows(*connection_, "SELECT ? AS p", row);
    auto got = Value(table->column(0)->GetScalar(0));
    auto given = Value(row.batch->column(0)->GetScalar(0));
    EXPECT_EQ(got->is_valid, given->is_valid) << type->ToString();
    if (got->type->Equals(*given->type)) {
      EXPECT_TRUE(got->Equals(*given)) << type->ToString() << got->ToString();
    }
  }
}

TEST_F(ParametersTest, ADoubleMayStandForABigint) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE t (ts BIGINT); INSERT INTO t VALUES "
                      "(1700000000000000000), (1700000000000000001)")
                  .ok());
  auto prepared = Prepare(*connection_, "SELECT count(*) FROM t WHERE ts <= ?");
  auto rows =
      Value(Value(prepared->Execute(
                      Parameters({{"0", arrow::float64(), "1700000000000000000"}}), {}))
                ->ToTable());
  EXPECT_EQ(Value(rows->column(0)->GetScalar(0))->ToString(), "1");
  auto insert = Prepare(*connection_, "INSERT INTO t VALUES (?)");
  ASSERT_TRUE(insert->Execute(Parameters({{"0", arrow::float64(), "5"}}), {}).ok());
  EXPECT_EQ(Cell(*connection_, "SELECT min(ts) FROM t"), "5");
}

TEST_F(ParametersTest, AFractionIsNotRoundedForABigint) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t AS SELECT 1::BIGINT AS i").ok());
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t WHERE i >= ?",
                 Parameters({{"0", arrow::float64(), "0.6"}})),
            "1");
  EXPECT_EQ(Cell(*connection_, "SELECT count(*) FROM t WHERE i >= ?",
                 Parameters({{"0", arrow::float64(), "1.4"}})),
            "0");
}

TEST_F(ParametersTest, EachRowOfABatchIsAnExecution) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i INTEGER, s VARCHAR)").ok());
  auto schema = arrow::schema(
      {arrow::field("0", arrow::int64()), arrow::field("1", arrow::utf8())});
  auto batch = testing::Batch(schema, R"([[1, "a"], [2, null], [3, "c"]])");
  auto prepared = Prepare(*connection_, "INSERT INTO t VALUES (?, ?)");
  for (int64_t row = 0; row < 3; ++row) {
    auto stream = Value(prepared->Execute({.batch = batch, .row = row}, {}));
    EXPECT_EQ(stream->rows_changed(), 1);
  }
  EXPECT_EQ(Cell(*connection_, "SELECT sum(i) || string_agg(s, '') FROM t"), "6ac");
  EXPECT_FALSE(prepared->Execute({.batch = batch, .row = 3}, {}).ok());
}

TEST_F(ParametersTest, AValueThatDoesNotFitIsRefused) {
  ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i TINYINT)").ok());
  auto status = Execute(*connection_, "INSERT INTO t VALUES (?)",
                        Parameters({{"0", arrow::int64(), "1000"}}));
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace pintail::engine
