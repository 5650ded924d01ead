// The types of a table against those of the batches that go into it.
#include "arrow/array/util.h"
#include "columnar/target_column.h"
#include "gmock/gmock.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using testing::Batch;
using ::testing::HasSubstr;
using testing::Reader;
using ::testing::StartsWith;
using testing::WritePathTest;

// Readers of CSV and JSON see whole numbers where a producer sent no fraction.
TEST_F(WritePathTest, PutsWholeNumbersIntoDoublesAsLongAsTheyAreExact) {
  const auto number = [](const std::shared_ptr<arrow::DataType>& type) {
    return arrow::schema({arrow::field("a", type)});
  };
  Order order = OrderFor("t");
  IngestText(order, Reader({Batch(number(arrow::float64()), R"([{"a": 0.5}])")}));
  const auto put = [&](const std::shared_ptr<arrow::DataType>& type, const char* rows) {
    return IngestText(order, Reader({Batch(number(type), rows)}));
  };
  EXPECT_EQ(put(arrow::int64(), R"([{"a": 9007199254740992}, {"a": null}])"), "2");
  EXPECT_EQ(put(arrow::int64(), R"([{"a": -9007199254740992}])"), "1");
  EXPECT_EQ(put(arrow::uint64(), R"([{"a": 9007199254740992}])"), "1");
  EXPECT_THAT(put(arrow::int64(), R"([{"a": 1}, {"a": 9007199254740993}])"),
              StartsWith("invalid_argument: column 'a' is double, which cannot hold "
                         "9007199254740993 as it is"));
  EXPECT_THAT(put(arrow::int64(), R"([{"a": -9007199254740993}])"),
              HasSubstr("-9007199254740993"));
  const auto encoded = arrow::dictionary(arrow::int8(), arrow::int64());
  EXPECT_THAT(put(encoded, R"([{"a": 9007199254740993}])"),
              HasSubstr("9007199254740993"));
  EXPECT_THAT(put(arrow::uint64(), R"([{"a": 18446744073709551615}])"),
              HasSubstr("18446744073709551615"));
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "5");
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kCoerce;
  EXPECT_EQ(put(arrow::int64(), R"([{"a": 9007199254740993}])"), "1");
}

TEST_F(WritePathTest, KeepsTheTypesOfTheTableUnderThePolicyCoerce) {
  Seen("CREATE TABLE t(a INTEGER PRIMARY KEY, f FLOAT)");
  Order order = OrderFor("t");
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kCoerce;
  const auto wide = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("f", arrow::float64())});
  EXPECT_EQ(IngestText(order, Reader({Batch(wide, R"([{"a": 1, "f": 0.5}])")})), "1");
  EXPECT_EQ(IngestText(order, Reader({Batch(wide, R"([{"a": 2, "f": 1}])"),
                                      Batch(wide, R"([{"a": 3000000000, "f": 1}])")})),
            "invalid_argument: row 2, column \"a\" of the table, which is INTEGER: "
            "3000000000 is no such value");
  EXPECT_EQ(Seen("SELECT a, f, typeof(a), typeof(f) FROM t"), "1|0.5|INTEGER|FLOAT");
}

TEST_F(WritePathTest, CountsTheRowsOfAllChunksWhenItNamesAValue) {
  Seen("CREATE TABLE t(a TINYINT)");
  Order order = OrderFor("t");
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kCoerce;
  order.stream.policy.chunk_rows = 2;
  const auto wide = arrow::schema({arrow::field("A", arrow::int64())});
  const auto good = Batch(wide, R"([{"A": 1}, {"A": 2}, {"A": 3}])");
  const auto bad = Batch(wide, R"([{"A": 4}, {"A": 500}])");
  EXPECT_EQ(IngestText(order, Reader({good, good, good, good, bad})),
            "invalid_argument: row 14, column \"a\" of the table, which is TINYINT: 500 "
            "is no such value");
}

TEST_F(WritePathTest, CastsColumnsThatWereTextUnderEveryPolicy) {
  Seen("CREATE TABLE t(d DATE, since TIMESTAMPTZ, v FLOAT[3], u UUID, ok BOOLEAN)");
  const auto marked = [](const char* name, std::shared_ptr<arrow::DataType> type) {
    return columnar::MarkedFromText(arrow::field(name, std::move(type)));
  };
  const auto text =
      arrow::schema({marked("d", arrow::utf8()), marked("since", arrow::utf8()),
                     marked("v", arrow::list(arrow::float32())),
                     marked("u", arrow::utf8()), marked("ok", arrow::utf8())});
  const auto row = [&](const std::string& day, const std::string& list) {
    return Reader({Batch(text, R"([{"d": ")" + day +
                                   R"(", "since": "2026-01-01T00:00:00Z", "v": )" + list +
                                   R"(, "u": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",)"
                                   R"( "ok": "t"}])")});
  };
  for (const auto policy :
       {columnar::SchemaPolicy::kStrict, columnar::SchemaPolicy::kAddColumns,
        columnar::SchemaPolicy::kCoerce}) {
    Order order = OrderFor("t");
    order.stream.policy.schema_policy = policy;
    EXPECT_EQ(IngestText(order, row("2026-01-01", "[1, 2, 3]")), "1");
    EXPECT_EQ(
        IngestText(order, row("soon", "[1, 2, 3]")),
        "invalid_argument: row 1, column \"d\" of the table, which is DATE: soon is "
        "no such value");
    EXPECT_THAT(IngestText(order, row("2026-01-01", "[1, 2]")),
                StartsWith("invalid_argument: "));
  }
  EXPECT_EQ(Seen("SELECT DISTINCT d, epoch(since), v::VARCHAR, ok FROM t"),
            "2026-01-01|1767225600|[1.0, 2.0, 3.0]|true");
}

TEST_F(WritePathTest, SaysWhyAColumnCannotBeWidenedAndWhatToDo) {
  const struct {
    std::string table;
    std::string reason;
  } kCases[] = {
      {"CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER)", "PRIMARY KEY(a)"},
      {"CREATE TABLE t(a INTEGER UNIQUE, b INTEGER)", "UNIQUE(a)"},
      {"CREATE TABLE t(a INTEGER CHECK (a > 0), b INTEGER)", "CHECK"},
      {"CREATE TABLE t(a INTEGER, b INTEGER); CREATE INDEX by_b ON t(b)",
       "the index by_b"},
      {"CREATE TABLE t(b INTEGER PRIMARY KEY, a INTEGER); "
       "CREATE TABLE child(b INTEGER REFERENCES t(b))",
       "the foreign key of table child"},
  };
  const auto wide = arrow::schema({arrow::field("A", arrow::int64())});
  for (const auto& c : kCases) {
    ASSERT_THAT(Seen("DROP TABLE IF EXISTS child; DROP TABLE IF EXISTS t"), "");
    ASSERT_THAT(Seen(c.table), "");
    EXPECT_THAT(IngestText(OrderFor("t"), Reader({Batch(wide, R"([{"A": 1}])")})),
                StartsWith("invalid_argument: column 'a' of \"t\" is int32 and the data "
                           "has int64, and the column cannot be widened because of " +
                           c.reason));
  }
}

}  // namespace
}  // namespace pintail::ingest
