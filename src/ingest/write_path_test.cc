#include "ingest/write_path.h"

#include <limits>
#include <optional>

#include "arrow/array/util.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using testing::Batch;
using ::testing::HasSubstr;
using testing::kAB;
using testing::Reader;
using testing::ScriptedReader;
using ::testing::StartsWith;
using testing::Text;
using testing::WritePathTest;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

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
  EXPECT_EQ(Seen("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'main'"), "0");
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
  WritePath path(streams, nullptr, clock_, timers_, {});
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

TEST_F(WritePathTest, LeavesTheServersOwnTablesAlone) {
  const std::string keys =
      "SELECT count(*) FROM duckdb_columns() WHERE schema_name = "
      "'pintail_journal' AND table_name = 'repeats'";
  ASSERT_EQ(Seen(keys), "4");
  for (const Mode mode : {Mode::kReplace, Mode::kAppend, Mode::kCreateOrAppend}) {
    for (const char* table : {"repeats", "mine"}) {
      if (mode == Mode::kAppend && std::string(table) == "mine") continue;
      Order order = OrderFor("x", mode);
      order.table = {.schema = "pintail_journal", .table = table};
      const auto schema = arrow::schema({arrow::field("table_name", arrow::utf8())});
      EXPECT_THAT(IngestText(order, Reader({Batch(schema, R"([["t"]])")})),
                  HasSubstr("only the server changes it"));
    }
  }
  EXPECT_EQ(Seen(keys), "4");
  EXPECT_EQ(Seen("SELECT count(*) FROM pintail_journal.repeats"), "0");
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

TEST_F(WritePathTest, CommitsALongBatchInPieces) {
  Order order = OrderFor("t");
  order.stream.policy.commit_rows = 2;
  std::string rows = "[{\"a\": 0}";
  for (int i = 1; i < 7; ++i) rows += ", {\"a\": " + std::to_string(i) + "}";
  std::vector<int64_t> acknowledged;
  EXPECT_TRUE(Ingest(order, Reader({Batch(kAB, rows + "]")}), [&](const Commit& commit) {
                acknowledged.push_back(commit.rows);
                return arrow::Status::OK();
              }).ok());
  EXPECT_EQ(acknowledged, (std::vector<int64_t>{2, 4, 6, 7}));
}

TEST_F(WritePathTest, CommitsByRowsWhereABatchEnds) {
  const auto three = Batch(kAB, R"([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3}])");
  const auto acknowledged = [&](std::optional<std::chrono::milliseconds> interval) {
    Order order = OrderFor("t");
    order.stream.policy.commit_rows = 5;
    order.stream.policy.commit_interval = interval;
    std::vector<int64_t> rows;
    EXPECT_TRUE(Ingest(order, Reader({three, three, three, three, three}),
                       [&](const Commit& commit) {
                         rows.push_back(commit.rows);
                         return arrow::Status::OK();
                       })
                    .ok());
    return rows;
  };
  EXPECT_EQ(acknowledged(std::nullopt), (std::vector<int64_t>{6, 12, 15}));
  EXPECT_EQ(acknowledged(3600s), (std::vector<int64_t>{6, 12, 15}));
}

TEST_F(WritePathTest, DoesNotMakeATableAgainThatIsGoneAfterACommit) {
  const auto one = Batch(kAB, R"([{"a": 1, "b": "x"}])");
  const auto gone = [&](Mode mode) {
    EXPECT_TRUE(Connect()->Run("CREATE OR REPLACE TABLE t (a BIGINT, b VARCHAR)").ok());
    if (mode == Mode::kCreate) {
      EXPECT_TRUE(Connect()->Run("DROP TABLE t").ok());
    }
    Order order = OrderFor("t", mode);
    order.stream.policy.commit_rows = 1;
    int commits = 0;
    const auto status = Ingest(order, Reader({one, one, one}), [&](const Commit&) {
                          if (++commits == 2) {
                            EXPECT_TRUE(Connect()->Run("DROP TABLE t").ok());
                          }
                          return arrow::Status::OK();
                        }).status();
    EXPECT_EQ(commits, status.ok() ? 3 : 2);
    return status.ok() ? Seen("SELECT count(*) FROM t") : Text(status);
  };
  for (const Mode mode : {Mode::kAppend, Mode::kCreate, Mode::kReplace}) {
    EXPECT_THAT(gone(mode), StartsWith("not_found: after 2 rows were committed, and the "
                                       "rest was not: the table \"t\" is gone"));
    EXPECT_THAT(Seen("FROM t"), StartsWith("not_found"));
  }
  EXPECT_EQ(gone(Mode::kCreateOrAppend), "1");
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
