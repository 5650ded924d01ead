// Small uploads of many clients to a table whose rows DuckDB has to check.
#include <thread>

#include "base/error.h"
#include "engine/insert_place.h"
#include "gmock/gmock.h"
#include "ingest/testing/write_path.h"

namespace pintail::ingest {
namespace {

using testing::Batch;
using ::testing::HasSubstr;
using testing::kAB;
using testing::LargeRow;
using testing::Reader;
using testing::StallingProducer;
using ::testing::StartsWith;
using testing::WritePathTest;

class JoinedUploadsTest : public WritePathTest {
 protected:
  struct Upload {
    base::CallContext call{{.request_id = "r", .protocol = "internal"}};
    std::string outcome;
    std::jthread thread;
  };

  // Keeps others from the table, by a change of it that fails on Release.
  void Hold() {
    const auto more = arrow::schema(
        {kAB->field(0), kAB->field(1), arrow::field("held", arrow::int64())});
    Order order = OrderFor("t");
    order.stream.policy.schema_policy = columnar::SchemaPolicy::kAddColumns;
    Hold(order, more, arrow::Status::Invalid("the client has gone"));
  }
  void Hold(Order order, const std::shared_ptr<arrow::Schema>& schema,
            const arrow::Status& end) {
    place_ = engine::InsertPlace(*Connect(), {.table = "t"}).ValueOrDie().value();
    order.stream.policy.chunk_rows = 1;
    holder_ = std::jthread([this, order, schema, end] {
      (void)IngestText(
          order, producer_.Reader([schema](int i) { return LargeRow(schema, i); }, end));
    });
    producer_.AwaitStall();
  }
  void Release() { producer_.Release(); }

  // Returns when the upload waits for others.
  std::unique_ptr<Upload> Start(const std::shared_ptr<arrow::RecordBatch>& batch,
                                const Order& order) {
    auto upload = std::make_unique<Upload>();
    const int64_t before = path_.joined().Waiting(place_);
    upload->thread = std::jthread([this, batch, order, upload = upload.get()] {
      const auto connection = Connect();
      const auto outcome =
          path_.Ingest(upload->call, *connection, order, Reader({batch}), {});
      upload->outcome =
          outcome.ok() ? std::to_string(outcome->rows) : testing::Text(outcome.status());
    });
    while (path_.joined().Waiting(place_) == before) std::this_thread::yield();
    return upload;
  }
  std::unique_ptr<Upload> Start(const std::string& json) {
    return Start(Batch(kAB, json), OrderFor("t", Mode::kAppend));
  }

  // The outcomes of uploads that come while the table is held. The first goes alone.
  std::vector<std::string> Together(const std::vector<std::string>& uploads) {
    std::vector<std::unique_ptr<Upload>> started;
    Hold();
    for (const std::string& json : uploads) started.push_back(Start(json));
    Release();
    std::vector<std::string> outcomes;
    for (auto& upload : started) {
      upload->thread.join();
      outcomes.push_back(upload->outcome);
    }
    return outcomes;
  }
  std::string Alone(const std::string& json) {
    return IngestText(OrderFor("t", Mode::kAppend), Reader({Batch(kAB, json)}));
  }

  void Make(const std::string& sql) {
    const auto made = Connect()->Run(sql);
    ASSERT_TRUE(made.ok()) << made.status();
  }
  double Count(const std::string& name) {
    return metrics_.GetCounter("joined_" + name + "_total", "").Value();
  }

  std::string place_;
  StallingProducer producer_;
  std::jthread holder_;
};

TEST_F(JoinedUploadsTest, ShareOneCommit) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  EXPECT_THAT(Together({"[[1, \"x\"]]", "[[2, \"x\"], [3, \"x\"]]", "[[4, null]]",
                        "[[5, \"x\"]]"}),
              ::testing::ElementsAre("1", "2", "1", "1"));
  EXPECT_EQ(Seen("SELECT count(*), sum(a), count(b) FROM t"), "5|15|4");
  EXPECT_EQ(Count("commits"), 1);
  EXPECT_EQ(Count("commit_parts"), 3);
}

class KeyedUploadsTest : public JoinedUploadsTest {
 protected:
  struct Keyed {
    std::string key;
    std::string number;
  };
  Order OrderOf(const Keyed& put) {
    Order order = OrderFor("t", Mode::kAppend);
    order.key = put.key;
    return order;
  }
  static std::shared_ptr<arrow::RecordBatch> RowOf(const Keyed& put) {
    return Batch(kAB, "[[" + put.number + ", null]]");
  }
  // Whether each was applied, of puts that come while the table is held.
  std::vector<bool> Together(const std::vector<Keyed>& puts) {
    Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
    std::vector<std::unique_ptr<Upload>> started;
    Hold();
    for (const Keyed& put : puts) started.push_back(Start(RowOf(put), OrderOf(put)));
    Release();
    std::vector<bool> applied;
    for (auto& upload : started) {
      upload->thread.join();
      applied.push_back(upload->outcome == "1");
    }
    return applied;
  }
  std::string Again(const Keyed& put) {
    return IngestText(OrderOf(put), Reader({RowOf(put)}));
  }
  std::string Keys() {
    return Seen("SELECT string_agg(key, ',' ORDER BY key) FROM pintail_journal.repeats");
  }
};

TEST_F(KeyedUploadsTest, WriteTheirKeysInTheCommitTheyShare) {
  const std::vector<Keyed> puts = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_THAT(Together(puts), ::testing::Each(true));
  EXPECT_EQ(Count("commits"), 1);
  EXPECT_EQ(Keys(), "a,b,c");
  for (const Keyed& put : puts) EXPECT_EQ(Again(put), "1");
  EXPECT_EQ(Seen("SELECT count(*), sum(a) FROM t"), "3|6");
}

TEST_F(KeyedUploadsTest, WriteTheirKeysWhenTheyGoAloneInTheEnd) {
  const std::vector<Keyed> puts = {{"a", "1"}, {"b", "2"}, {"refused", "2"}, {"c", "3"}};
  EXPECT_THAT(Together(puts), ::testing::ElementsAre(true, true, false, true));
  EXPECT_EQ(Count("commits_separated"), 1);
  EXPECT_EQ(Keys(), "a,b,c");
  for (const Keyed& put : {puts[0], puts[1], puts[3]}) EXPECT_EQ(Again(put), "1");
  EXPECT_EQ(Again({"refused", "4"}), "1");
  EXPECT_EQ(Seen("SELECT count(*), sum(a) FROM t"), "4|10");
}

TEST_F(JoinedUploadsTest, OfManyThreadsAreAllThere) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  constexpr int kThreads = 8;
  constexpr int kEach = 20;
  std::vector<std::string> outcomes(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < kEach; ++j) {
          outcomes[static_cast<size_t>(i)] +=
              Alone("[[" + std::to_string(i * kEach + j) + ", \"x\"]]");
        }
      });
    }
  }
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome, std::string(kEach, '1'));
  EXPECT_EQ(Seen("SELECT count(*), sum(a) FROM t"), "160|12720");
}

TEST_F(JoinedUploadsTest, WithAnErrorGetTheirOwnAndDoNotSpoilOthers) {
  struct Case {
    std::string table;
    std::string bad;
  };
  for (const Case& each : std::vector<Case>{
           {"(a BIGINT PRIMARY KEY, b VARCHAR)", "[[1, \"twice\"]]"},
           {"(a BIGINT UNIQUE, b VARCHAR)", "[[8, \"x\"], [8, \"twice\"]]"},
           {"(a BIGINT CHECK (a < 100), b VARCHAR)", "[[8, \"x\"], [100, \"x\"]]"},
           {"(a BIGINT REFERENCES parent (p), b VARCHAR)", "[[50, \"x\"]]"},
           {"(a BIGINT NOT NULL, b VARCHAR)", "[[null, \"x\"]]"}}) {
    SCOPED_TRACE(each.table);
    producer_ = {};
    Make(
        "DROP TABLE IF EXISTS t; CREATE OR REPLACE TABLE parent AS "
        "SELECT range AS p FROM range(10); ALTER TABLE parent ADD PRIMARY KEY (p); "
        "CREATE TABLE t " +
        each.table);
    const auto outcomes =
        Together({"[[1, \"x\"]]", "[[2, \"x\"]]", each.bad, "[[3, \"x\"]]"});
    holder_.join();
    EXPECT_EQ(outcomes[0] + outcomes[1] + outcomes[3], "111");
    EXPECT_EQ(outcomes[2], Alone(each.bad));
    EXPECT_THAT(outcomes[2], HasSubstr("onstraint"));
    EXPECT_EQ(Seen("SELECT count(*), sum(a) FROM t"), "3|6");
  }
  EXPECT_EQ(Count("commits"), 0);
  EXPECT_EQ(Count("commits_separated"), 5);
}

TEST_F(JoinedUploadsTest, NameTheRowOfTheUploadThatIsBad) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b INTEGER)");
  Order order = OrderFor("t", Mode::kAppend);
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kCoerce;
  Order holding = order;
  holding.mode = Mode::kReplace;
  Hold(holding, kAB, arrow::Status::Invalid("the client has gone"));
  const auto first = Start(Batch(kAB, R"([[1, "1"]])"), order);
  const auto second = Start(Batch(kAB, R"([[2, "2"]])"), order);
  const auto bad = Start(Batch(kAB, R"([[3, "3"], [4, "four"]])"), order);
  Release();
  for (const auto* upload : {&first, &second, &bad}) (*upload)->thread.join();
  EXPECT_EQ(first->outcome + second->outcome, "11");
  EXPECT_THAT(bad->outcome, HasSubstr("row 2, column \"b\" of the table"));
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "2");
}

TEST_F(JoinedUploadsTest, ThatAreCancelledWhileTheyWaitLeaveNothing) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  Hold();
  const auto first = Start("[[1, \"x\"]]");
  const auto cancelled = Start("[[2, \"x\"]]");
  const auto last = Start("[[3, \"x\"]]");
  cancelled->call.Cancel(base::ErrorKind::kCancelled, "not wanted any more");
  cancelled->thread.join();
  EXPECT_THAT(cancelled->outcome, StartsWith("cancelled: "));
  Release();
  first->thread.join();
  last->thread.join();
  EXPECT_EQ(first->outcome + last->outcome, "11");
  EXPECT_EQ(Seen("SELECT count(*), sum(a) FROM t"), "2|4");
}

TEST_F(JoinedUploadsTest, ThatNeedAColumnMakeIt) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  const auto more = arrow::schema({kAB->field(0), arrow::field("d", arrow::int64())});
  Order order = OrderFor("t", Mode::kAppend);
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kAddColumns;
  Hold();
  const auto first = Start("[[1, \"x\"]]");
  const auto second = Start(Batch(more, "[[2, 2]]"), order);
  const auto third = Start(Batch(more, "[[3, 3]]"), order);
  Release();
  for (const auto* upload : {&first, &second, &third}) {
    (*upload)->thread.join();
    EXPECT_EQ((*upload)->outcome, "1");
  }
  EXPECT_EQ(Seen("SELECT count(*), sum(d) FROM t"), "3|5");
}

TEST_F(JoinedUploadsTest, FollowATableThatIsReplacedMeanwhile) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  const auto other = arrow::schema(
      {arrow::field("x", arrow::int64()), arrow::field("y", arrow::utf8())});
  Hold(OrderFor("t", Mode::kReplace), other, arrow::Status::OK());
  std::vector<std::unique_ptr<Upload>> uploads;
  Order order = OrderFor("t", Mode::kAppend);
  order.stream.policy.schema_policy = columnar::SchemaPolicy::kStrict;
  for (int i = 0; i < 3; ++i) uploads.push_back(Start(Batch(kAB, "[[1, null]]"), order));
  Release();
  for (auto& upload : uploads) {
    upload->thread.join();
    EXPECT_THAT(upload->outcome, HasSubstr("column 'a'"));
  }
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "5");
}

TEST_F(JoinedUploadsTest, OfATableThatIsDroppedAreThereOrToldSo) {
  for (int round = 0; round < 10; ++round) {
    Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
    std::vector<std::string> outcomes(4);
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          outcomes[static_cast<size_t>(i)] =
              Alone("[[" + std::to_string(i) + ", \"x\"]]");
        });
      }
      // Refused while a commit to the table is on its way.
      while (!Connect()->Run("DROP TABLE t").ok()) {
      }
    }
    for (const auto& outcome : outcomes) {
      EXPECT_TRUE(outcome == "1" || outcome.starts_with("not_found: ") ||
                  outcome.starts_with("conflict: "))
          << outcome;
    }
  }
}

TEST_F(JoinedUploadsTest, ThatWaitTooLongForTheTableAreRefusedInTime) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  Hold();
  std::vector<std::unique_ptr<Upload>> uploads;
  for (int i = 0; i < 3; ++i) {
    uploads.push_back(Start("[[" + std::to_string(i) + ", \"x\"]]"));
  }
  clock_.Advance(std::chrono::seconds(10));
  timers_.RunDue();
  for (auto& upload : uploads) {
    upload->thread.join();
    EXPECT_THAT(upload->outcome,
                StartsWith("conflict: the table \"t\" cannot be written to now: "));
  }
  Release();
}

TEST_F(JoinedUploadsTest, CommitByTheirRuleAndAreCountedEach) {
  Make("CREATE TABLE t (a BIGINT PRIMARY KEY, b VARCHAR)");
  Order order = OrderFor("t", Mode::kAppend);
  order.stream.policy.commit_rows = 1;
  std::vector<int64_t> rows;
  const auto outcome =
      Ingest(order,
             Reader({Batch(kAB, "[[1, \"x\"]]"), Batch(kAB, "[[2, \"x\"]]"),
                     Batch(kAB, "[[2, \"twice\"]]")}),
             [&](const Commit& commit) {
               rows.push_back(commit.rows);
               return arrow::Status::OK();
             });
  EXPECT_THAT(testing::Text(outcome.status()),
              HasSubstr("after 2 rows were committed, and the rest was not"));
  EXPECT_THAT(rows, ::testing::ElementsAre(1, 2));
  EXPECT_EQ(Seen("SELECT count(*) FROM t"), "2");
}

}  // namespace
}  // namespace pintail::ingest
