// Every Arrow type in, and out again; every DuckDB type out.

#include <gtest/gtest.h>

#include <limits>

#include "arrow/array.h"
#include "arrow/array/builder_run_end.h"
#include "arrow/array/concatenate.h"
#include "arrow/builder.h"
#include "arrow/extension/json.h"
#include "arrow/extension/opaque.h"
#include "arrow/extension/uuid.h"
#include "arrow/json/from_string.h"
#include "arrow/util/float16.h"
#include "engine/connection.h"
#include "engine/testing/sql.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Execute;
using testing::KindOfFailure;
using testing::Rows;
using testing::Value;
using TypePtr = std::shared_ptr<arrow::DataType>;

std::shared_ptr<arrow::Array> FromJson(const TypePtr& type, const std::string& json) {
  return Value(arrow::json::ArrayFromJSONString(type, json));
}

class TypesTest : public ::testing::Test {
 protected:
  // Makes a table for the array, inserts it, and reads it again.
  arrow::Result<std::shared_ptr<arrow::Array>> ThroughTable(
      const std::shared_ptr<arrow::Array>& array) {
    auto schema = arrow::schema({arrow::field("c", array->type())});
    ARROW_RETURN_NOT_OK(connection_->CreateTable({.table = "t"}, *schema, false,
                                                 /*or_replace=*/true, false));
    auto batch = arrow::RecordBatch::Make(schema, array->length(), {array});
    ARROW_ASSIGN_OR_RAISE(int64_t rows,
                          connection_->Insert({.table = "t"}, testing::Reader({batch})));
    EXPECT_EQ(rows, array->length());
    auto table = Rows(*connection_, "SELECT c FROM t");
    EXPECT_TRUE(table->ValidateFull().ok());
    return Value(arrow::Concatenate(table->column(0)->chunks()));
  }

  void ExpectThrough(const std::shared_ptr<arrow::Array>& in,
                     const std::shared_ptr<arrow::Array>& out) {
    auto got = ThroughTable(in);
    ASSERT_TRUE(got.ok()) << in->type()->ToString() << ": " << got.status().ToString();
    EXPECT_TRUE((*got)->type()->Equals(*out->type()))
        << in->type()->ToString() << " came out as " << (*got)->type()->ToString();
    EXPECT_TRUE((*got)->Equals(*out)) << in->type()->ToString() << " came out as\n"
                                      << (*got)->ToString() << "\ninstead of\n"
                                      << out->ToString();
  }

  std::unique_ptr<Database> database_ = testing::OpenInMemory();
  std::unique_ptr<Connection> connection_ = Value(database_->Connect());
};

TEST_F(TypesTest, ComeOutAsTheyWentIn) {
  using namespace arrow;  // NOLINT: types only, in a table of types
  struct Case {
    TypePtr type;
    const char* json;
  };
  const Case cases[] = {
      {boolean(), "[true, false, null]"},
      {int8(), "[-128, 127, null]"},
      {int16(), "[-32768, 32767, null]"},
      {int32(), "[-2147483648, 2147483647, null]"},
      {int64(), "[-9223372036854775808, 9223372036854775807, null]"},
      {uint8(), "[0, 255, null]"},
      {uint16(), "[0, 65535, null]"},
      {uint32(), "[0, 4294967295, null]"},
      {uint64(), "[0, 18446744073709551615, null]"},
      {float32(), "[-1.5, 0, 3.25, null]"},
      {float64(), "[-1.5, 1e300, null]"},
      {utf8(), R"(["", "short", "longer than twelve bytes", "äöü", null])"},
      {binary(), R"(["", "bytes", "more than twelve bytes", null])"},
      {decimal128(4, 1), R"(["1.5", "-999.9", null])"},
      {decimal128(9, 2), R"(["1.50", "-9999999.99", null])"},
      {decimal128(18, 3), R"(["1.500", "-999999999999999.999", null])"},
      {decimal128(38, 10), R"(["1.5000000000", "-9999999999999999999999999999.9999999999",
                               null])"},
      {date32(), "[0, -719162, 2932896, null]"},
      {time64(TimeUnit::MICRO), "[0, 86399999999, null]"},
      {time64(TimeUnit::NANO), "[0, 86399999999999, null]"},
      {timestamp(TimeUnit::SECOND), "[0, 1700000000, -1, null]"},
      {timestamp(TimeUnit::MILLI), "[0, 1700000000001, -1, null]"},
      {timestamp(TimeUnit::MICRO), "[0, 1700000000000001, -1, null]"},
      {timestamp(TimeUnit::NANO), "[0, 1700000000000000001, -1, null]"},
      {month_day_nano_interval(), "[[1, 2, 3000], [-1, 0, 0], null]"},
      {list(int32()), "[[1, 2], [], null, [null, 3]]"},
      {list(utf8()), R"([["a", "longer than twelve bytes"], [], null, [null]])"},
      {list(list(int8())), "[[[1], [], null], null, []]"},
      {fixed_size_list(float32(), 3), "[[1, 2, 3], null, [4, 5, null]]"},
      {fixed_size_list(fixed_size_list(int32(), 2), 2), "[[[1, 2], [3, 4]], null]"},
      {struct_({field("x", int32()), field("y", utf8())}),
       R"([[1, "a"], null, [null, "b"]])"},
      {list(struct_({field("x", list(int16()))})), "[[[[1, 2]], [null]], null, []]"},
      {map(utf8(), int64()), R"([[["a", 1], ["b", null]], [], null])"},
      {extension::json(), R"(["{\"a\": 1}", "[]", null])"},
  };
  for (const auto& [type, json] : cases) {
    std::shared_ptr<Array> array;
    if (type->id() == Type::EXTENSION) {
      array = ExtensionType::WrapArray(type, FromJson(utf8(), json));
    } else {
      array = FromJson(type, json);
    }
    ExpectThrough(array, array);
  }
}

TEST_F(TypesTest, ComeOutAsTheNearestType) {
  using namespace arrow;  // NOLINT
  struct Case {
    TypePtr in;
    TypePtr out;
    const char* json;
  };
  const Case cases[] = {
      {large_utf8(), utf8(), R"(["a", "longer than twelve bytes", null])"},
      {utf8_view(), utf8(), R"(["a", "longer than twelve bytes", null])"},
      {large_binary(), binary(), R"(["a", null])"},
      {binary_view(), binary(), R"(["a", "longer than twelve bytes", null])"},
      {fixed_size_binary(3), binary(), R"(["abc", null])"},
      {large_list(int32()), list(int32()), "[[1, 2], null, []]"},
      {list_view(int32()), list(int32()), "[[1, 2], null, []]"},
      {large_list_view(int32()), list(int32()), "[[1, 2], null, []]"},
      {decimal32(5, 2), decimal128(5, 2), R"(["1.50", null])"},
      {decimal64(15, 2), decimal128(15, 2), R"(["1.50", null])"},
      {decimal256(30, 2), decimal128(30, 2),
       R"(["1.50", "-9999999999999999999999999999.99", null])"},
      {time32(TimeUnit::SECOND), time64(TimeUnit::MICRO), "[0, 86399, null]"},
      {time32(TimeUnit::MILLI), time64(TimeUnit::MICRO), "[0, 86399999, null]"},
      {duration(TimeUnit::SECOND), month_day_nano_interval(), "[0, 1, null]"},
      {month_interval(), month_day_nano_interval(), "[14, null]"},
      {day_time_interval(), month_day_nano_interval(), "[[1, 2], null]"},
      {null(), int32(), "[null, null]"},
      {dictionary(int8(), utf8()), utf8(), R"(["a", "b", "a", null])"},
  };
  for (const auto& [in, out, json] : cases) {
    auto array = FromJson(in, json);
    auto expected = ThroughTable(array);
    ASSERT_TRUE(expected.ok()) << in->ToString() << ": " << expected.status().ToString();
    EXPECT_TRUE((*expected)->type()->Equals(*out))
        << in->ToString() << " came out as " << (*expected)->type()->ToString();
    EXPECT_EQ((*expected)->null_count(), 1 + (in->id() == Type::NA));
  }
  ExpectThrough(FromJson(large_utf8(), R"(["a", "äöü and more than that", null])"),
                FromJson(utf8(), R"(["a", "äöü and more than that", null])"));
  ExpectThrough(FromJson(decimal256(30, 2), R"(["-1.50", null])"),
                FromJson(decimal128(30, 2), R"(["-1.50", null])"));
  ExpectThrough(FromJson(time32(TimeUnit::MILLI), "[1, null]"),
                FromJson(time64(TimeUnit::MICRO), "[1000, null]"));
  ExpectThrough(FromJson(date64(), "[86400000, null]"), FromJson(date32(), "[1, null]"));
  ExpectThrough(FromJson(duration(TimeUnit::MILLI), "[1, null]"),
                FromJson(month_day_nano_interval(), "[[0, 0, 1000000], null]"));
  ExpectThrough(FromJson(month_interval(), "[14, -1, null]"),
                FromJson(month_day_nano_interval(), "[[14, 0, 0], [-1, 0, 0], null]"));
  const auto day_times =
      FromJson(day_time_interval(), "[[9, 9], [1, 2], [-3, -4], null]");
  ExpectThrough(
      day_times->Slice(1),
      FromJson(month_day_nano_interval(), "[[0, 1, 2000000], [0, -3, -4000000], null]"));
  ExpectThrough(FromJson(dictionary(int8(), utf8()), R"(["a", "b", "a", null])"),
                FromJson(utf8(), R"(["a", "b", "a", null])"));
  ExpectThrough(FromJson(list_view(int32()), "[[1, 2], null, []]"),
                FromJson(list(int32()), "[[1, 2], null, []]"));
  ExpectThrough(FromJson(timestamp(TimeUnit::MILLI, "Europe/Berlin"), "[1, null]"),
                FromJson(timestamp(TimeUnit::MICRO,
                                   testing::Cell(*connection_,
                                                 "SELECT current_setting('TimeZone')")),
                         "[1000, null]"));
}

TEST_F(TypesTest, HalfFloatsAreWidened) {
  arrow::HalfFloatBuilder builder;
  ASSERT_TRUE(builder.Append(arrow::util::Float16(1.5F).bits()).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  ExpectThrough(Value(builder.Finish()), FromJson(arrow::float32(), "[1.5, null]"));
}

TEST_F(TypesTest, RunsOfEqualValuesAreSpelledOut) {
  auto runs = Value(arrow::RunEndEncodedArray::Make(
      5, FromJson(arrow::int32(), "[2, 5]"), FromJson(arrow::utf8(), R"(["a", null])")));
  ExpectThrough(runs, FromJson(arrow::utf8(), R"(["a", "a", null, null, null])"));
}

TEST_F(TypesTest, UuidsComeOutAsTheyWentIn) {
  auto storage = FromJson(arrow::fixed_size_binary(16),
                          R"(["0123456789abcdef", "zzzzzzzzzzzzzzzz", null])");
  auto uuids = arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage);
  ExpectThrough(uuids, uuids);
  EXPECT_EQ(testing::Cell(*connection_, "SELECT c::VARCHAR FROM t LIMIT 1"),
            "30313233-3435-3637-3839-616263646566");
}

TEST_F(TypesTest, SparseUnionsComeOutAsTheyWentIn) {
  auto codes = FromJson(arrow::int8(), "[0, 1, 0]");
  auto unions = Value(
      arrow::SparseUnionArray::Make(*codes,
                                    {FromJson(arrow::int32(), "[1, null, 3]"),
                                     FromJson(arrow::utf8(), R"([null, "b", null])")},
                                    std::vector<std::string>{"number", "text"}));
  ExpectThrough(unions, unions);
}

TEST_F(TypesTest, SlicesAreReadFromWhereTheyBegin) {
  auto whole = FromJson(arrow::utf8(), R"(["x", null, "a", null, "b"])");
  ExpectThrough(whole->Slice(2), FromJson(arrow::utf8(), R"(["a", null, "b"])"));
  auto halves = FromJson(arrow::decimal256(10, 0), R"(["1", null, "3", "4"])");
  ExpectThrough(halves->Slice(1),
                FromJson(arrow::decimal128(10, 0), R"([null, "3", "4"])"));
  auto lists = FromJson(arrow::list(arrow::int32()), "[[9], [1, 2], null, [3]]");
  ExpectThrough(lists->Slice(1),
                FromJson(arrow::list(arrow::int32()), "[[1, 2], null, [3]]"));
}

TEST_F(TypesTest, WhatTheDatabaseHasNoTypeForIsRefusedByName) {
  using namespace arrow;  // NOLINT
  struct Case {
    TypePtr type;
    const char* in_message;
  };
  const Case cases[] = {
      {decimal256(50, 2), "decimal256(50, 2)"},
      {decimal128(10, -2), "decimal128(10, -2)"},
      {dense_union({field("a", int32())}), "dense_union"},
      {list(decimal256(10, 2)), "decimal256(10, 2)"},
      {list(float16()), "halffloat"},
      {extension::opaque(binary(), "bit", "DuckDB"), "opaque"},
      {struct_({}), "struct<>"},
  };
  for (const auto& [type, in_message] : cases) {
    auto schema = arrow::schema({field("good", int32()), field("bad", type)});
    auto status = connection_->CreateTable({.table = "t"}, *schema, false, true, false);
    EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument) << type->ToString();
    EXPECT_NE(status.message().find("\"bad\""), std::string::npos) << status.message();
    EXPECT_NE(status.message().find(in_message), std::string::npos) << status.message();
  }
}

TEST_F(TypesTest, NanosecondsThatWouldBeLostAreRefused) {
  using namespace arrow;  // NOLINT
  struct Case {
    TypePtr type;
    const char* whole;
    const char* lossy;
  };
  const Case cases[] = {
      {timestamp(TimeUnit::NANO, "UTC"), "[1000, null]", "[1000, 1001]"},
      {duration(TimeUnit::NANO), "[1000, null]", "[1001]"},
      {month_day_nano_interval(), "[[0, 0, 1000], null]", "[[0, 0, 1001]]"},
      {list(duration(TimeUnit::NANO)), "[[1000], null]", "[[1001]]"},
  };
  for (const auto& [type, whole, lossy] : cases) {
    EXPECT_TRUE(ThroughTable(FromJson(type, whole)).ok()) << type->ToString();
    auto status = ThroughTable(FromJson(type, lossy)).status();
    EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument) << type->ToString();
    EXPECT_NE(status.message().find("\"c\""), std::string::npos) << status.message();
  }
}

TEST_F(TypesTest, ValuesThatTheDatabaseCannotHoldAreRefusedByColumnAndRow) {
  using namespace arrow;  // NOLINT
  struct Case {
    TypePtr type;
    const char* largest;
    const char* too_large;
    const char* in_message;
  };
  const Case cases[] = {
      {duration(TimeUnit::SECOND), "[9223372036, -9223372036, null]",
       "[1, null, 9223372036855]",
       "duration[s] in microseconds, and row 2 has 9223372036855, which is too large"},
      {duration(TimeUnit::MILLI), "[9223372036854]", "[-9223372036854776]",
       "duration[ms] in microseconds, and row 0 has -9223372036854776"},
      {timestamp(TimeUnit::SECOND, "UTC"), "[9223372036]", "[0, 9223372036855]",
       "timestamp[s, tz=UTC] in microseconds, and row 1 has 9223372036855"},
      {timestamp(TimeUnit::MILLI, "UTC"), "[9223372036854]", "[9223372036854776]",
       "timestamp[ms, tz=UTC] in microseconds, and row 0 has 9223372036854776"},
      {date64(), "[172800000000]", "[0, 864000000000000000]",
       "date64[ms] in days of 32 bits, and row 1 has 864000000000000000"},
      {list(duration(TimeUnit::SECOND)), "[[1], null]", "[[1], [9223372036855]]",
       "duration[s] in microseconds"},
  };
  for (const auto& [type, largest, too_large, in_message] : cases) {
    EXPECT_TRUE(ThroughTable(FromJson(type, largest)).ok())
        << type->ToString() << ThroughTable(FromJson(type, largest)).status().ToString();
    auto status = ThroughTable(FromJson(type, too_large)).status();
    EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument) << type->ToString();
    EXPECT_TRUE(status.message().starts_with("column \"c\": ")) << status.message();
    EXPECT_NE(status.message().find(in_message), std::string::npos) << status.message();
  }
}

struct Query {
  const char* sql;
  const char* type;
  const char* value;
};

TEST_F(TypesTest, EachTypeOfTheDatabaseHasItsArrowType) {
  const Query queries[] = {
      {"SELECT sum(i) FROM range(10) r(i)", "decimal128(38, 0)", "45"},
      {"SELECT -170141183460469231731687303715884105::HUGEINT", "decimal128(38, 0)",
       "-170141183460469231731687303715884105"},
      {"SELECT 7::UHUGEINT", "decimal128(38, 0)", "7"},
      {"SELECT 1.5", "decimal128(2, 1)", "1.5"},
      {"SELECT 'b'::ENUM('a', 'b')", "string", "b"},
      {"SELECT NULL", "int32", "null"},
      {"SELECT TIME '12:30:00'", "time64[us]", "12:30:00.000000"},
      {"SELECT TIMESTAMP '2024-01-02 03:04:05'", "timestamp[us]",
       "2024-01-02 03:04:05.000000"},
      {"SELECT INTERVAL '1 month 2 days 3 seconds'", "month_day_nano_interval",
       "1M2d3000000000ns"},
      {"SELECT {'a': 1, 'b': [1, 2]}", "struct<a: int32, b: list<item: int32>>",
       "{a:int32 = 1, b:list<item: int32> = list<item: int32>[1, 2]}"},
      {"SELECT array_value(1.0::FLOAT, 2.0::FLOAT)", "fixed_size_list<item: float>[2]",
       "fixed_size_list<item: float>[2][1, 2]"},
  };
  for (const auto& [sql, type, value] : queries) {
    auto rows = Rows(*connection_, sql);
    EXPECT_EQ(rows->schema()->field(0)->type()->ToString(), type) << sql;
    EXPECT_EQ(testing::Cell(*connection_, sql), value) << sql;
  }
}

TEST_F(TypesTest, TypesWithoutArrowTypeCarryTheirName) {
  for (const char* name : {"BIT", "BIGNUM", "TIME WITH TIME ZONE"}) {
    const std::string value = std::string(name) == "BIT" ? "'0101'" : "NULL";
    auto rows = Rows(*connection_, "SELECT " + value + "::" + name);
    EXPECT_EQ(rows->schema()->field(0)->type()->id(), arrow::Type::EXTENSION) << name;
  }
}

TEST_F(TypesTest, TimesWithZoneHaveTheSessionsZone) {
  auto rows = Rows(*connection_,
                   "SET TimeZone = 'Asia/Tokyo'; "
                   "SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00'");
  EXPECT_TRUE(rows->schema()->field(0)->type()->Equals(
      arrow::timestamp(arrow::TimeUnit::MICRO, "Asia/Tokyo")));
}

TEST_F(TypesTest, ANumberTooWideForADecimalIsRefused) {
  auto status =
      Execute(*connection_, "SELECT 170141183460469231731687303715884105727::HUGEINT");
  EXPECT_EQ(KindOfFailure(status), ErrorKind::kInvalidArgument);
  EXPECT_NE(status.message().find("38 digits"), std::string::npos) << status.message();
}

TEST_F(TypesTest, ConstantsAndDictionariesAreWrittenAsTheirValues) {
  ASSERT_TRUE(Execute(*connection_,
                      "CREATE TABLE t AS SELECT i, ['x', 'a rather long word', NULL]"
                      "[1 + i % 3] AS s, [i, NULL] AS l, {'a': i, 'b': s} AS st "
                      "FROM range(5000) r(i)")
                  .ok());
  auto rows =
      Rows(*connection_,
           "SELECT a.s, a.l, a.st, 'same' AS c, NULL::INTEGER AS n, [1, 2] AS k, "
           "true AS b FROM t a JOIN t b ON a.i = b.i AND b.i % 2 = 0 ORDER BY a.i");
  ASSERT_TRUE(rows->ValidateFull().ok());
  ASSERT_EQ(rows->num_rows(), 2'500);
  auto cell = [&](int column, int64_t row) {
    return Value(rows->column(column)->GetScalar(row))->ToString();
  };
  EXPECT_EQ(cell(0, 1), "null");
  EXPECT_EQ(cell(0, 2), "a rather long word");
  EXPECT_EQ(cell(1, 2), "list<item: int64>[4, null]");
  EXPECT_EQ(cell(2, 2), "{a:int64 = 4, b:string = a rather long word}");
  EXPECT_EQ(cell(3, 2'499), "same");
  EXPECT_EQ(cell(4, 7), "null");
  EXPECT_EQ(cell(5, 7), "list<item: int32>[1, 2]");
  EXPECT_EQ(cell(6, 7), "true");
}

TEST_F(TypesTest, VectorsThatWereInsertedHaveDistances) {
  ASSERT_TRUE(
      ThroughTable(FromJson(arrow::fixed_size_list(arrow::float32(), 3), "[[1, 2, 3]]"))
          .ok());
  EXPECT_EQ(testing::Cell(*connection_,
                          "SELECT array_distance(c, [1, 2, 5]::FLOAT[3]) "
                          "FROM t"),
            "2");
}

TEST_F(TypesTest, EveryTypeOfTheDatabaseIsReadOrRefusedByName) {
  auto names = Rows(*connection_,
                    "SELECT column_name FROM (DESCRIBE SELECT * FROM test_all_types())");
  for (int64_t i = 0; i < names->num_rows(); ++i) {
    const std::string name = Value(names->column(0)->GetScalar(i))->ToString();
    auto status = Execute(*connection_, "SELECT \"" + name + "\" FROM test_all_types()");
    if (status.ok()) continue;
    EXPECT_NE(base::KindOf(status), ErrorKind::kInternal) << name << status.ToString();
    EXPECT_TRUE(name == "hugeint" || name == "uhugeint" || name == "interval")
        << name << ": " << status.ToString();
  }
}

}  // namespace
}  // namespace pintail::engine
