#include "ingest/tier_time.h"

#include <gtest/gtest.h>

#include "engine/testing/sql.h"

namespace pintail::ingest {
namespace {

using engine::testing::Batch;
using engine::testing::Cell;

constexpr int64_t kNoon = 1'767'268'800;  // 2026-01-01 12:00:00 UTC

TEST(TierTime, RowsLeaveByTypesThatSourcesDoNotRound) {
  for (const char* type : {"BIGINT", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS",
                           "TIMESTAMP WITH TIME ZONE", "DATE"}) {
    EXPECT_TRUE(CheckTimeType(type).ok()) << type;
  }
  for (const char* type : {"TIMESTAMP_NS", "VARCHAR", "INTEGER", "TIME", "DOUBLE"}) {
    const auto status = CheckTimeType(type);
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument) << type;
    EXPECT_NE(status.message().find(type), std::string::npos) << status;
  }
}

// The text means the second in DuckDB, and the SQL finds the second in the text.
TEST(TierTime, DuckDbReadsTheBoundaryAsTheSameSecond) {
  const auto database = engine::testing::OpenInMemory();
  const auto connection = engine::testing::Value(database->Connect());
  for (const std::string type : {"BIGINT", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS",
                                 "TIMESTAMP WITH TIME ZONE", "DATE"}) {
    for (const int64_t second : {kNoon, int64_t{0}, int64_t{-1}, int64_t{-86'401}}) {
      const int64_t boundary = BoundaryAtOrBefore(type, second);
      EXPECT_LE(boundary, second);
      EXPECT_EQ(Cell(*connection,
                     "SELECT " + SecondInSql(type, "x") + " FROM (SELECT CAST('" +
                         BoundaryText(type, boundary) + "' AS " + type + ") AS x)"),
                std::to_string(boundary))
          << type;
    }
  }
  EXPECT_EQ(BoundaryAtOrBefore("DATE", kNoon), kNoon - 43'200);
  EXPECT_EQ(BoundaryAtOrBefore("TIMESTAMP", kNoon), kNoon);
  // A fraction before 1970 belongs to the second below.
  EXPECT_EQ(Cell(*connection, "SELECT " + SecondInSql("BIGINT", "(-1)::BIGINT")), "-1");
  EXPECT_EQ(
      Cell(*connection,
           "SELECT " + SecondInSql("TIMESTAMP", "TIMESTAMP '1969-12-31 23:59:59.9'")),
      "-1");
}

struct Row {
  std::shared_ptr<arrow::DataType> type;
  std::string values;
  bool is_below;
};

TEST(TierTime, ARowIsBelowTheBoundaryOrNot) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  const Row rows[] = {
      {micros, R"([["2026-01-01 12:00:00"]])", false},
      {micros, R"([["2026-01-01 12:00:00"], ["2026-01-01 11:59:59.999999"]])", true},
      {micros, "[[null]]", false},
      {micros, "[]", false},
      {arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"), R"([["2026-01-01 11:59:59Z"]])",
       true},
      {arrow::timestamp(arrow::TimeUnit::MILLI), R"([["2026-01-01 12:00:00.000"]])",
       false},
      {arrow::timestamp(arrow::TimeUnit::NANO), R"([["2026-01-01 11:59:59.999999999"]])",
       true},
      {arrow::int64(), "[[1767268799999999999]]", true},
      {arrow::int64(), "[[1767268800000000000]]", false},
      {arrow::date32(), "[[20454]]", true},
      {arrow::date32(), "[[20455]]", false},
      // Nobody can tell.
      {arrow::utf8(), R"([["2999-01-01"]])", true},
      {arrow::utf8(), "[[null]]", false},
  };
  for (const Row& row : rows) {
    const auto batch = Batch(arrow::schema({arrow::field("Ts", row.type)}), row.values);
    EXPECT_EQ(HasRowBelow(*batch, "tS", kNoon), row.is_below)
        << row.type->ToString() << row.values;
    EXPECT_FALSE(HasRowBelow(*batch, "other", kNoon));
    EXPECT_FALSE(HasRowBelow(*batch, "ts", kNoBoundary));
  }
}

}  // namespace
}  // namespace pintail::ingest
