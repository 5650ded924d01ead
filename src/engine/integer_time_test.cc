#include "engine/integer_time.h"

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

class IntegerTimeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto status = Execute(*connection_, R"(
      CREATE TABLE metrics (id VARCHAR, timestamp BIGINT NOT NULL, seen TIMESTAMP,
                            PRIMARY KEY (id, timestamp));
      INSERT INTO metrics
        SELECT 'new', epoch_ns(now()), now()::TIMESTAMP
        UNION ALL SELECT 'old', epoch_ns(TIMESTAMP '2020-01-01'), '2020-01-01')");
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  std::string Ids(const std::string& condition, const ParameterRow& row = {}) {
    return Cell(*connection_,
                "SELECT string_agg(id, ',' ORDER BY id) FROM metrics WHERE " + condition,
                row);
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(IntegerTimeTest, ABigintComparedWithATimeCountsNanoseconds) {
  const std::pair<const char*, const char*> cases[] = {
      {"timestamp >= NOW() - INTERVAL '1 hour'", "new"},
      {"NOW() - INTERVAL '1 hour' <= timestamp", "new"},
      {"timestamp < NOW() - INTERVAL '1 hour'", "old"},
      {"timestamp = TIMESTAMP '2020-01-01'", "old"},
      {"timestamp <> TIMESTAMP '2020-01-01'", "new"},
      {"timestamp < DATE '2021-01-01'", "old"},
      {"timestamp IS NOT DISTINCT FROM TIMESTAMP '2020-01-01'", "old"},
      {"timestamp BETWEEN TIMESTAMP '2019-01-01' AND TIMESTAMP '2021-01-01'", "old"},
      {"timestamp BETWEEN NOW() - INTERVAL 1 HOUR AND NOW() + INTERVAL 1 HOUR", "new"},
      {"seen > 1600000000000000000", "new"},
      {"seen > timestamp - 1000000000 AND id = 'old'", "old"},
      {"timestamp >= (SELECT max(seen) - INTERVAL 1 HOUR FROM metrics)", "new"},
      {"timestamp >= NOW() - INTERVAL '1 hour' AND id IN ('new', 'x') AND 1 < 2", "new"},
      {"id IN (SELECT id FROM metrics WHERE timestamp < NOW() - INTERVAL '1 hour')",
       "old"},
  };
  for (const auto& [condition, ids] : cases) {
    EXPECT_EQ(Ids(condition), ids) << condition;
  }
}

TEST_F(IntegerTimeTest, HoldsInEveryKindOfStatement) {
  EXPECT_EQ(Cell(*connection_,
                 "WITH recent AS (SELECT * FROM metrics WHERE timestamp > "
                 "NOW() - INTERVAL 1 HOUR) SELECT id FROM recent"),
            "new");
  EXPECT_EQ(Cell(*connection_,
                 "SELECT CASE WHEN timestamp > NOW() - INTERVAL 1 HOUR THEN "
                 "'yes' ELSE 'no' END FROM metrics WHERE id = 'old'"),
            "no");
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE VIEW recent AS SELECT * FROM metrics WHERE "
                      "timestamp > NOW() - INTERVAL 1 HOUR")
                  .ok());
  EXPECT_EQ(Cell(*connection_, "SELECT id FROM recent"), "new");
  auto changed =
      Value(connection_->Run("DELETE FROM metrics WHERE timestamp < NOW() - "
                             "INTERVAL 1 HOUR"));
  EXPECT_EQ(changed->rows_changed(), 1);
}

TEST_F(IntegerTimeTest, LeavesTheTypesOfParametersAlone) {
  auto prepared = Prepare(*connection_,
                          "SELECT id FROM metrics WHERE timestamp >= NOW() - "
                          "INTERVAL '1 hour' AND id = ? AND timestamp < ?");
  ASSERT_EQ(prepared->parameters().size(), 2);
  EXPECT_TRUE(prepared->parameters()[0].type->Equals(arrow::utf8()));
  EXPECT_TRUE(prepared->parameters()[1].type->Equals(arrow::int64()));
  for (int round = 0; round < 2; ++round) {
    auto rows =
        Value(Value(prepared->Execute(
                        Parameters({{"0", arrow::utf8(), "\"new\""},
                                    {"1", arrow::int64(), "9000000000000000000"}}),
                        {}))
                  ->ToTable());
    EXPECT_EQ(rows->num_rows(), 1);
  }
}

TEST_F(IntegerTimeTest, ATimeMayBeGivenForABigintAndTheOtherWayRound) {
  auto time =
      Parameters({{"0", arrow::timestamp(arrow::TimeUnit::MICRO), "1600000000000000"}});
  auto number = Parameters({{"0", arrow::int64(), "1600000000000000000"}});
  auto real = Parameters({{"0", arrow::float64(), "1600000000000000000"}});
  for (const auto& row : {time, number, real}) {
    EXPECT_EQ(Ids("timestamp >= ?", row), "new");
    EXPECT_EQ(Ids("seen >= ?", row), "new");
  }
}

TEST_F(IntegerTimeTest, FiltersAreStillPushedIntoTheScan) {
  auto plan = testing::Rows(*connection_,
                            "EXPLAIN SELECT * FROM metrics WHERE timestamp "
                            ">= NOW() - INTERVAL '1 hour'");
  const std::string text = Value(plan->column(1)->GetScalar(0))->ToString();
  EXPECT_EQ(text.find("pintail_align"), std::string::npos) << text;
  EXPECT_NE(text.find("Filters"), std::string::npos) << text;
}

TEST_F(IntegerTimeTest, OtherTypesAreRefusedAsBefore) {
  for (const char* condition : {"seen > 5", "seen > 1.5", "id > seen", "[1] = 5",
                                "timestamp > 'x'::BLOB", "timestamp > TIME '12:00:00'"}) {
    auto status =
        Execute(*connection_, std::string("SELECT * FROM metrics WHERE ") + condition);
    EXPECT_FALSE(status.ok()) << condition;
    EXPECT_EQ(status.message().find("pintail_align"), std::string::npos)
        << condition << ": " << status.message();
  }
}

TEST_F(IntegerTimeTest, NestedComparisonsStaySmall) {
  std::string condition = "timestamp > NOW()";
  for (int i = 0; i < 40; ++i) condition = "((" + condition + ") = (1 < 2))";
  EXPECT_EQ(Ids(condition), "null");
}

}  // namespace
}  // namespace pintail::engine
