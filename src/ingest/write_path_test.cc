#include "ingest/write_path.h"

#include <atomic>
#include <functional>
#include <future>
#include <limits>
#include <optional>
#include <thread>

#include "arrow/array/util.h"
#include "base/error.h"
#include "catalog/testing/rows.h"
#include "columnar/target_column.h"
#include "engine/database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

using catalog::testing::Batch;
using catalog::testing::Reader;
using catalog::testing::Text;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

// A reader whose batches, and whatever else happens, come from a function.
class ScriptedReader final : public arrow::RecordBatchReader {
 public:
  using Script = std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>(int)>;
  ScriptedReader(std::shared_ptr<arrow::Schema> schema, Script script)
      : schema_(std::move(schema)), script_(std::move(script)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return script_(turn_++).Value(batch);
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const Script script_;
  int turn_ = 0;
};

const auto kAB =
    arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});

class WritePathTest : public ::testing::Test {
 protected:
  std::unique_ptr<engine::Connection> Connect() {
    return database_->Connect().ValueOrDie();
  }

  std::string Seen(const std::string& sql) {
    const auto rows = Connect()->Run(sql);
    return rows.ok() ? Text(**rows) : Text(rows.status());
  }

  Order OrderFor(const std::string& table, Mode mode = Mode::kCreateOrAppend) {
    Order order = path_.OrderFor(table, {}).ValueOrDie();
    order.mode = mode;
    return order;
  }

  arrow::Result<Outcome> Ingest(const Order& order,
                                std::shared_ptr<arrow::RecordBatchReader> batches,
                                const OnCommit& on_commit = {}) {
    const auto connection = Connect();
    return path_.Ingest(call_, *connection, order, std::move(batches), on_commit);
  }

  std::string IngestText(const Order& order,
                         std::shared_ptr<arrow::RecordBatchReader> batches) {
    const auto outcome = Ingest(order, std::move(batches));
    return outcome.ok() ? std::to_string(outcome->rows) : Text(outcome.status());
  }

  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  catalog::Streams streams_{clock_, {}, {}};
  std::unique_ptr<engine::Database> database_ = engine::Database::Open({}).ValueOrDie();
  WritePath path_{streams_, clock_, timers_, {.lock_timeout = 10s}};
  base::CallContext call_{{.request_id = "r", .protocol = "internal"}};
};

TEST_F(WritePathTest, MakesTheTableFromTheArrowSchemaAndAppendsToIt) {
  const auto batch = Batch(kAB, R"([{"a": 1, "b": "x"}, {"a": null, "b": "y"}])");
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({batch})), "2");
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({batch, batch})), "4");
  EXPECT_EQ(Seen("SELECT count(*), count(a), min(b) FROM t"), "6|3|x");
  const auto list = streams_.List();
  ASSERT_EQ(list.size(), 1);
  EXPECT_EQ(list[0].rows, 6);
  EXPECT_EQ(list[0].commits, 2);
  EXPECT_GT(list[0].bytes, 0);
}

TEST_F(WritePathTest, MakesTheTableOfAStreamWithoutRows) {
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({}, kAB)), "0");
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "0");
}

TEST_F(WritePathTest, RefusesColumnsThatSqlCannotNameBeforeItMakesAnything) {
  const auto number = [](const char* name) { return arrow::field(name, arrow::int64()); };
  const struct {
    std::shared_ptr<arrow::Schema> schema;
    std::string message;
  } kCases[] = {
      {arrow::schema({number("a"), number("")}),
       "invalid_argument: column 2 of 2 has no name; give every column one"},
      {arrow::schema({number("")}),
       "invalid_argument: column 1 of 1 has no name; give every column one"},
      {arrow::schema({number("ab"), number("Ab")}),
       "invalid_argument: two columns are called \"Ab\""},
  };
  for (const auto& c : kCases) {
    for (const Mode mode : {Mode::kCreateOrAppend, Mode::kCreate, Mode::kReplace}) {
      const auto refused = StartsWith(c.message);
      EXPECT_THAT(IngestText(OrderFor("t", mode), Reader({}, c.schema)), refused);
      arrow::ArrayVector columns(static_cast<size_t>(c.schema->num_fields()),
                                 arrow::MakeArrayOfNull(arrow::int64(), 1).ValueOrDie());
      const auto batch = arrow::RecordBatch::Make(c.schema, 1, std::move(columns));
      EXPECT_THAT(IngestText(OrderFor("t", mode), Reader({batch})), refused);
    }
  }
  EXPECT_EQ(Seen("SELECT count(*) FROM duckdb_tables()"), "0");
}

TEST_F(WritePathTest, MatchesColumnsByNameWithoutRegardToOrderOrCase) {
  IngestText(OrderFor("t"), Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}));
  const auto turned = arrow::schema(
      {arrow::field("B", arrow::utf8()), arrow::field("A", arrow::int64())});
  IngestText(OrderFor("t"), Reader({Batch(turned, R"([{"B": "y", "A": 2}])")}));
  EXPECT_EQ(Seen("SELECT a, b FROM t ORDER BY a"), "1|x\n2|y");
}

TEST_F(WritePathTest, KeepsModesApart) {
  const auto one = [&] { return Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}); };
  EXPECT_THAT(IngestText(OrderFor("t", Mode::kAppend), one()), StartsWith("not_found"));
  EXPECT_EQ(IngestText(OrderFor("t", Mode::kCreate), one()), "1");
  EXPECT_THAT(IngestText(OrderFor("t", Mode::kCreate), one()),
              StartsWith("already_exists"));
  EXPECT_EQ(IngestText(OrderFor("t", Mode::kAppend), one()), "1");
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "2");
  const auto other = arrow::schema({arrow::field("c", arrow::int32())});
  EXPECT_EQ(
      IngestText(OrderFor("t", Mode::kReplace), Reader({Batch(other, R"([{"c": 9}])")})),
      "1");
  EXPECT_EQ(Seen("SELECT * FROM t"), "9");
}

TEST_F(WritePathTest, AddsColumnsAndWidensNumbersInTheSameTransaction) {
  const auto narrow = arrow::schema({arrow::field("a", arrow::int32())});
  IngestText(OrderFor("t"), Reader({Batch(narrow, R"([{"a": 1}])")}));
  const auto wide = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("odd \"name", arrow::utf8()),
       arrow::field("l",
                    arrow::list(arrow::struct_({arrow::field("x", arrow::int16())})))});
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({Batch(wide, R"([
              {"a": 5000000000, "odd \"name": "v", "l": [{"x": 3}]}])")})),
            "1");
  EXPECT_EQ(Seen("SELECT a, \"odd \"\"name\", l[1].x FROM t ORDER BY a"),
            "1|null|null\n5000000000|v|3");
}

TEST_F(WritePathTest, RefusesWhatDoesNotFitAndLeavesTheTableAsItWas) {
  IngestText(OrderFor("t"), Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}));
  const auto other =
      arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("c", arrow::utf8())});
  const std::string refused =
      IngestText(OrderFor("t"), Reader({Batch(other, R"([{"a": "z", "c": "x"}])")}));
  EXPECT_THAT(refused, StartsWith("invalid_argument"));
  EXPECT_EQ(Seen("SELECT * FROM t"), "1|x");
  EXPECT_EQ(streams_.List().at(0).failures, 1);
}

TEST_F(WritePathTest, CastsUnderThePolicyCoerceOrFailsAsAWhole) {
  Order order = OrderFor("t");
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kCoerce;
  IngestText(order, Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}));
  const auto text = arrow::schema({arrow::field("a", arrow::utf8())});
  EXPECT_EQ(IngestText(order, Reader({Batch(text, R"([{"a": "2"}])")})), "1");
  EXPECT_THAT(IngestText(order, Reader({Batch(text, R"([{"a": "3"}, {"a": "four"}])")})),
              StartsWith("invalid_argument"));
  EXPECT_EQ(Seen("SELECT a FROM t ORDER BY a"), "1\n2");
}

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

TEST_F(WritePathTest, LeavesNothingBehindWhenTheStreamBreaks) {
  const auto batch = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  for (const int after : {0, 1, 5'000}) {
    const auto breaking = std::make_shared<ScriptedReader>(
        kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
          if (turn == after) return arrow::Status::IOError("the client went away");
          return batch;
        });
    Order order = OrderFor("t");
    order.stream.policy.chunk_rows = 100;
    EXPECT_THAT(IngestText(order, breaking), HasSubstr("the client went away")) << after;
    EXPECT_THAT(Seen("SELECT * FROM t"), StartsWith("not_found")) << after;
  }
}

TEST_F(WritePathTest, TakesAChunkWithoutBounds) {
  Order order = OrderFor("t");
  order.stream.policy.chunk_rows = std::numeric_limits<int64_t>::max();
  const auto batch = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  EXPECT_EQ(IngestText(order, Reader({batch, batch, batch})), "3");
}

TEST_F(WritePathTest, UndoesAnAddedColumnWhenTheStreamBreaks) {
  IngestText(OrderFor("t"), Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}));
  const auto more = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("c", arrow::int64())});
  Order order = OrderFor("t");
  order.stream.policy.chunk_rows = 1;
  const auto breaking = std::make_shared<ScriptedReader>(
      more, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn > 2) return arrow::Status::IOError("the client went away");
        return Batch(more, R"([{"a": 2, "c": 3}])");
      });
  EXPECT_FALSE(Ingest(order, breaking).ok());
  EXPECT_EQ(Seen("SELECT * FROM t"), "1|x");
}

TEST_F(WritePathTest, TakesOddNamesAsNames) {
  for (const char* name :
       {"x\"; DROP TABLE y; --", "sélect", "a.b", "'", "\\", "SELECT", " ", "📈"}) {
    EXPECT_EQ(IngestText(OrderFor(name), Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")})),
              "1")
        << name;
    EXPECT_EQ(Seen("SELECT count(*) FROM " + engine::QuoteName(name)), "1") << name;
  }
  EXPECT_EQ(Text(path_.OrderFor("", {}).status()).substr(0, 16), "invalid_argument");
  EXPECT_FALSE(path_.OrderFor(std::string("a\0b", 3), {}).ok());
}

TEST_F(WritePathTest, SendsADeclaredStreamToItsTarget) {
  catalog::StreamDeclaration declared;
  declared.name = "s";
  declared.target = engine::TableName{.catalog = "", .schema = "main", .table = "target"};
  catalog::Streams streams(clock_, {}, {declared});
  WritePath path(streams, clock_, timers_, {});
  const auto connection = Connect();
  const Order order = path.OrderFor("s", {}).ValueOrDie();
  ASSERT_TRUE(path.Ingest(call_, *connection, order,
                          Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}), {})
                  .ok());
  EXPECT_EQ(Seen("SELECT a FROM main.target"), "1");
}

TEST_F(WritePathTest, RefusesAViewAsTarget) {
  ASSERT_TRUE(Connect()->Run("CREATE VIEW v AS SELECT 1::BIGINT AS a, 'x' AS b").ok());
  const auto one = [&] { return Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}); };
  EXPECT_THAT(IngestText(OrderFor("v"), one()), HasSubstr("view"));
  EXPECT_EQ(Seen("SELECT * FROM v"), "1|x");
}

TEST_F(WritePathTest, CommitsByRowsAndAcknowledgesBeforeItReadsOn) {
  Order order = OrderFor("t");
  order.stream.policy.commit_rows = 2;
  std::vector<int64_t> acknowledged;
  const auto batch = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  // A producer that sends on only when its last two rows are acknowledged.
  const auto waiting = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        EXPECT_EQ(static_cast<int>(acknowledged.size()), turn / 2);
        return turn < 5 ? batch : nullptr;
      });
  const auto outcome = Ingest(order, waiting, [&](const Commit& commit) {
    EXPECT_EQ(commit.number, static_cast<int64_t>(acknowledged.size()) + 1);
    EXPECT_EQ(Seen("SELECT count(*) FROM t"), std::to_string(commit.rows));
    acknowledged.push_back(commit.rows);
    return arrow::Status::OK();
  });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(acknowledged, (std::vector<int64_t>{2, 4, 5}));
  EXPECT_EQ(outcome->commits, 3);
}

TEST_F(WritePathTest, CommitsByTimeThoughNothingMoreComes) {
  Order order = OrderFor("t");
  order.stream.policy.commit_interval = 100ms;
  std::atomic<bool> acknowledged = false;
  const auto stalling = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 0) return Batch(kAB, R"([{"a": 1, "b": "x"}])");
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (!acknowledged && std::chrono::steady_clock::now() < end) {
          clock_.Advance(101ms);
          timers_.RunDue();
        }
        return nullptr;
      });
  const auto outcome = Ingest(order, stalling, [&](const Commit& commit) {
    EXPECT_EQ(commit.rows, 1);
    acknowledged = true;
    return arrow::Status::OK();
  });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(acknowledged);
  EXPECT_EQ(outcome->commits, 1);
}

TEST_F(WritePathTest, KeepsWhatWasCommittedWhenTheStreamBreaksLater) {
  Order order = OrderFor("t");
  order.stream.policy.commit_rows = 1;
  const auto breaking = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 2) return arrow::Status::IOError("the client went away");
        return Batch(kAB, R"([{"a": 1, "b": "x"}])");
      });
  const std::string error = IngestText(order, breaking);
  EXPECT_THAT(error, HasSubstr("2 rows were committed"));
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "2");
}

TEST_F(WritePathTest, LetsConcurrentWritersMakeAndWidenOneTable) {
  constexpr int kWriters = 8;
  std::vector<std::string> outcomes(kWriters);
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) {
      writers.emplace_back([&, i] {
        // Each brings a column of its own, and every second one a wider number.
        const auto number = i % 2 == 0 ? arrow::int32() : arrow::int64();
        const auto schema =
            arrow::schema({arrow::field("n", number),
                           arrow::field("c" + std::to_string(i), arrow::utf8())});
        const auto batch = Batch(schema, "[{\"n\": " + std::to_string(i) + ", \"c" +
                                             std::to_string(i) + "\": \"v\"}]");
        for (int round = 0; round < 5; ++round) {
          outcomes[static_cast<size_t>(i)] += IngestText(OrderFor("t"), Reader({batch}));
        }
      });
    }
  }
  for (const std::string& outcome : outcomes) EXPECT_EQ(outcome, "11111");
  EXPECT_EQ(Seen("SELECT count(*), sum(n), count(c0), count(c7) FROM t"), "40|140|5|5");
}

// A producer that has sent more than a chunk, so that its upload has the table open, and
// sends no more until it is told to.
class StallingProducer {
 public:
  std::shared_ptr<arrow::RecordBatchReader> Reader(
      const std::shared_ptr<arrow::RecordBatch>& row) {
    return std::make_shared<ScriptedReader>(
        row->schema(),
        [this, row](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
          // Of chunks of one row two wait and two are inserted at a time: when the sixth
          // is asked for, the first is in the table.
          if (turn < kRows) return row;
          stalled_.set_value();
          released_.get_future().wait();
          return nullptr;
        });
  }
  void AwaitStall() { stalled_.get_future().wait(); }
  void Release() { released_.set_value(); }

  static constexpr int kRows = 5;

 private:
  std::promise<void> stalled_;
  std::promise<void> released_;
};

class SlowProducerTest : public WritePathTest {
 protected:
  // Uploads in another thread up to the stall.
  void Stall(const std::shared_ptr<arrow::RecordBatch>& row) {
    Order order = OrderFor("t");
    order.stream.policy.chunk_rows = 1;
    upload_ = std::jthread(
        [this, order, row] { slow_ = IngestText(order, producer_.Reader(row)); });
    producer_.AwaitStall();
  }
  // Lets the slow one come to its end; its outcome.
  std::string Finish() {
    producer_.Release();
    upload_.join();
    return slow_;
  }
  // The outcome of an upload while time passes by.
  std::string WhileTimePasses(const std::function<std::string()>& upload) {
    std::atomic<bool> done = false;
    std::jthread time([&] {
      while (!done) {
        clock_.Advance(10ms);
        timers_.RunDue();
        std::this_thread::yield();
      }
    });
    std::string outcome = upload();
    done = true;
    return outcome;
  }

  StallingProducer producer_;
  std::jthread upload_;
  std::string slow_;
};

TEST_F(SlowProducerTest, OfANewTableIsWaitedForNoLongerThanTheLockTimeout) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  Stall(row);
  const std::string refused = WhileTimePasses(
      [&] { return IngestText(OrderFor("T", Mode::kCreateOrAppend), Reader({row})); });
  EXPECT_THAT(refused, StartsWith("conflict: the table \"T\" cannot be written to now: "
                                  "another upload has had it open for "));
  EXPECT_THAT(refused, HasSubstr("ingest.lock_timeout allows (10000 ms); nothing has "
                                 "been changed, so it is safe to try again"));
  EXPECT_EQ(IngestText(OrderFor("u"), Reader({row})), "1") << "other tables are free";
  EXPECT_EQ(Finish(), "5");
  EXPECT_EQ(IngestText(OrderFor("T"), Reader({row})), "1");
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "6");
}

TEST_F(SlowProducerTest, DoesNotHoldUpOtherAppendersThoughAnotherWouldAddAColumn) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  ASSERT_EQ(IngestText(OrderFor("t"), Reader({row})), "1");
  Stall(row);
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({row})), "1");
  const auto more = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("c", arrow::int64())});
  EXPECT_THAT(WhileTimePasses([&] {
                return IngestText(OrderFor("t"),
                                  Reader({Batch(more, R"([{"a": 1, "c": 2}])")}));
              }),
              StartsWith("conflict: the table \"t\" cannot be written to now: "));
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({row})), "1");
  EXPECT_EQ(Finish(), "5");
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "8");
}

TEST_F(WritePathTest, LeavesTheTableToOthersUntilItsFirstChunkOrItsEndHasCome) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  for (const auto rule : {std::optional<int64_t>(), std::optional<int64_t>(100)}) {
    Order order = OrderFor("t", Mode::kReplace);
    order.stream.policy.commit_rows = rule;
    const auto slow = std::make_shared<ScriptedReader>(
        kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
          if (turn == 3) return nullptr;
          // As a change of the table needs it alone, it would wait for our end.
          EXPECT_EQ(IngestText(OrderFor("t", Mode::kReplace), Reader({row})), "1");
          return row;
        });
    EXPECT_EQ(IngestText(order, slow), "3");
  }
}

TEST_F(WritePathTest, GivesTheTableBackAtEachCommitUntilTheNextChunkHasCome) {
  const auto row = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  Order order = OrderFor("t");
  order.stream.policy.commit_rows = 2;
  const auto slow = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 5) return nullptr;
        EXPECT_EQ(IngestText(OrderFor("t", Mode::kReplace), Reader({row})), "1") << turn;
        return row;
      });
  EXPECT_EQ(IngestText(order, slow), "5");
}

TEST_F(WritePathTest, CommitsByTimeBeforeOthersGiveUpWaitingForTheTable) {
  Order order = OrderFor("t");
  order.stream.policy.commit_interval = std::chrono::hours(1);
  std::promise<void> acknowledged;
  const auto stalling = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 0) return Batch(kAB, R"([{"a": 1, "b": "x"}])");
        clock_.Advance(5s);  // half of the lock timeout
        timers_.RunDue();
        EXPECT_EQ(acknowledged.get_future().wait_for(60s), std::future_status::ready);
        return nullptr;
      });
  const auto outcome = Ingest(order, stalling, [&](const Commit&) {
    acknowledged.set_value();
    return arrow::Status::OK();
  });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->commits, 1);
}

TEST_F(WritePathTest, TellsAWriterOfADuplicateKeyAndNobodyElse) {
  ASSERT_TRUE(Connect()->Run("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)").ok());
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")})),
            "1");
  EXPECT_THAT(IngestText(OrderFor("t"), Reader({Batch(kAB, R"([{"a": 2, "b": "x"}])"),
                                                Batch(kAB, R"([{"a": 1, "b": "y"}])")})),
              HasSubstr("already_exists"));
  EXPECT_EQ(IngestText(OrderFor("t"), Reader({Batch(kAB, R"([{"a": 3, "b": "x"}])")})),
            "1");
  EXPECT_EQ(Seen("SELECT a FROM t ORDER BY a"), "1\n3");
}

TEST_F(WritePathTest, WorksInsideATransactionOfTheCaller) {
  const auto connection = Connect();
  ASSERT_TRUE(connection->Begin().ok());
  const auto outcome = path_.Ingest(call_, *connection, OrderFor("t"),
                                    Reader({Batch(kAB, R"([{"a": 1, "b": "x"}])")}), {});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->commits, 0);
  Order by_rows = OrderFor("t");
  by_rows.stream.policy.commit_rows = 1;
  EXPECT_THAT(
      Text(path_.Ingest(call_, *connection, by_rows, Reader({}, kAB), {}).status()),
      StartsWith("invalid_argument"));
  ASSERT_TRUE(connection->Rollback().ok());
  EXPECT_THAT(Seen("SELECT * FROM t"), StartsWith("not_found"));
}

TEST_F(WritePathTest, MakesTemporaryTablesThatOnlyTheConnectionSees) {
  const auto connection = Connect();
  Order order = OrderFor("t");
  order.temporary = true;
  const auto batch = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  for (int i = 0; i < 2; ++i) {
    const auto outcome = path_.Ingest(call_, *connection, order, Reader({batch}), {});
    ASSERT_TRUE(outcome.ok()) << outcome.status();
  }
  EXPECT_EQ(Text(**connection->Run("SELECT count(*) FROM temp.t")), "2");
  EXPECT_THAT(Seen("SELECT * FROM t"), StartsWith("not_found"));
}

TEST_F(WritePathTest, StopsWhenTheCallIsCancelled) {
  const auto batch = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  const auto endless = std::make_shared<ScriptedReader>(
      kAB, [&](int turn) -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        if (turn == 1'000) call_.Cancel(base::ErrorKind::kCancelled, "enough");
        return batch;
      });
  Order order = OrderFor("t");
  order.stream.policy.chunk_rows = 100;
  EXPECT_EQ(IngestText(order, endless), "cancelled: enough");
  EXPECT_THAT(Seen("SELECT * FROM t"), StartsWith("not_found"));
}

TEST_F(WritePathTest, TakesBatchesLargerAndSmallerThanAChunkWhole) {
  std::string rows = "[";
  for (int i = 0; i < 1'000; ++i) {
    rows += (i > 0 ? "," : "") + std::string("{\"a\": ") + std::to_string(i) +
            ", \"b\": \"x\"}";
  }
  const auto large = Batch(kAB, rows + "]");
  Order order = OrderFor("t");
  order.stream.policy.chunk_rows = 64;
  EXPECT_EQ(IngestText(order, Reader({large, large->Slice(3, 5), large->Slice(0, 0),
                                      large->Slice(7)})),
            std::to_string(1'000 + 5 + 993));
  EXPECT_EQ(Seen("SELECT count(*), sum(a) FROM t"),
            "1998|" + std::to_string(2 * 499'500 + 3 + 4 + 5 + 6 + 7 - 21));
}

}  // namespace
}  // namespace pintail::ingest
