// Parts of statements that our own sources compute: in which session, and what of them
// may go wrong.
#include <gtest/gtest.h>

#include <thread>

#include "engine/testing/source_test.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using testing::Execute;
using testing::KindOfFailure;
using testing::Rows;
using testing::Value;

class SourceQueries : public testing::SourceTest {
 protected:
  void SetUp() override {
    SourceTest::SetUp();
    Both(
        "CREATE TABLE t AS SELECT i, i % 7 AS k, CASE WHEN i % 5 > 0 THEN 'n' || (i % "
        "11) END AS s, (i / 8)::DECIMAL(9, 3) AS d, i % 2 = 0 AS b FROM range(3000) "
        "r(i)");
    Both("CREATE TABLE u AS SELECT i AS k, 'name ' || i AS name FROM range(5) r(i)");
  }
  // What was asked of the source in its own words.
  std::vector<std::string> Asked(const std::string& sql) {
    source_->TakeQueries();
    Run(sql);
    return source_->TakeQueries();
  }
  std::string Plan(const std::string& sql) {
    const auto plan = Rows(*connection_, "EXPLAIN " + sql);
    return Value(plan->column(1)->GetScalar(0))->ToString();
  }
};

TEST_F(SourceQueries, HaveTheAnswersOfLocalTables) {
  for (const std::string sql : {
           "SELECT count(*), sum(i), avg(d), min(s), max(s) FROM %t",
           "SELECT k, count(*), sum(d), avg(i) FROM %t WHERE i > 17 GROUP BY k",
           "SELECT DISTINCT s FROM %t",
           "SELECT s, b, count(DISTINCT k) FROM %t WHERE s <> 'n3' GROUP BY ALL",
           "SELECT t.i, u.name FROM %t t JOIN %u u USING (k) WHERE t.i < 20",
           "SELECT u.name, count(t.i) FROM %u u LEFT JOIN %t t USING (k) GROUP BY ALL",
           "SELECT i, s FROM %t ORDER BY s DESC NULLS LAST, i LIMIT 7 OFFSET 2",
           "SELECT i FROM %t WHERE k IN (SELECT k FROM %u WHERE name > 'name 2')",
           "SELECT sum(i) FROM %t WHERE false",
       }) {
    const auto in = [&](std::string text, const std::string& prefix) {
      for (size_t at; (at = text.find('%')) != text.npos;) text.replace(at, 1, prefix);
      return "SELECT * FROM (" + text + ") ORDER BY ALL";
    };
    const auto here = Rows(*connection_, in(sql, "memory.main."));
    source_->TakeQueries();
    const auto there = Rows(*connection_, in(sql, "shop.main."));
    EXPECT_TRUE(here->Equals(*there)) << sql << here->ToString() << there->ToString();
    if (sql.ends_with("false")) continue;
    EXPECT_EQ(source_->TakeQueries().size(), 1) << sql;
    EXPECT_TRUE(source_->TakeScans().empty()) << sql;
  }
}

TEST_F(SourceQueries, KeepTheConditionsOfTheirTables) {
  const auto asked = Asked("SELECT count(*) FROM shop.t WHERE i > 5 AND s = 'n1'");
  ASSERT_EQ(asked.size(), 1);
  EXPECT_NE(asked[0].find("\"i\" > CAST(5 AS BIGINT)"), std::string::npos) << asked[0];
  EXPECT_NE(asked[0].find("= 'n1'"), std::string::npos) << asked[0];
  // A part that cannot be said is looked at here, where the rest is then computed too.
  EXPECT_TRUE(
      Asked("SELECT count(*) FROM shop.t WHERE i > 5 AND upper(s) = 'N1'").empty());
  EXPECT_EQ(Here("SELECT count(*) FROM shop.t WHERE i > 5 AND upper(s) = 'N1'"),
            There("SELECT count(*) FROM t WHERE i > 5 AND upper(s) = 'N1'"));
}

TEST_F(SourceQueries, AreShownInExplain) {
  const std::string plan = Plan("SELECT count(*) FROM shop.t");
  EXPECT_NE(plan.find("Statement: "), std::string::npos) << plan;
  EXPECT_NE(plan.find("COUNT(*)"), std::string::npos) << plan;
  EXPECT_NE(plan.find("Source: shop"), std::string::npos) << plan;
  Run("SET pintail_push_down = false");
  EXPECT_EQ(Plan("SELECT count(*) FROM shop.t").find("Statement: "), std::string::npos);
}

TEST_F(SourceQueries, LeaveScansAndTheirLimitsToTheScan) {
  EXPECT_TRUE(Asked("SELECT i, s FROM shop.t WHERE i = 7").empty());
  EXPECT_TRUE(Asked("SELECT i FROM shop.t LIMIT 3").empty());
}

TEST_F(SourceQueries, StreamWithOneLeaseEach) {
  At("CREATE TABLE many AS SELECT i FROM range(300000) r(i)");
  const int before = source_->leases;
  auto result = Value(connection_->Run("SELECT DISTINCT i FROM shop.many"));
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(result->ReadNext(&batch).ok());
  EXPECT_EQ(source_->leases, before + 1);
  EXPECT_EQ(source_->begins, 0);
  result.reset();
  EXPECT_EQ(source_->open_sessions, 0);
}

TEST_F(SourceQueries, SeeOneSnapshotWithOtherReadsOfTheStatement) {
  const int before = source_->leases;
  const std::string both =
      "SELECT 1, count(*) FROM shop.t UNION ALL SELECT 2, sum(k) FROM shop.u UNION ALL "
      "SELECT 3, k FROM shop.u ORDER BY ALL";
  EXPECT_EQ(Rows(*connection_, both)->num_rows(), 7);
  EXPECT_EQ(source_->leases, before + 1);
  EXPECT_EQ(source_->begins, 1);
  EXPECT_EQ(source_->commits, 1);
}

TEST_F(SourceQueries, OfATransactionSeeItsSnapshotAndItsChanges) {
  Run("BEGIN");
  EXPECT_EQ(Here("SELECT i FROM shop.t WHERE i = 2999"), "2999");
  At("INSERT INTO u VALUES (77, 'later')");
  EXPECT_EQ(Here("SELECT count(*) FROM shop.u"), "5");
  Run("INSERT INTO shop.u VALUES (78, 'own'), (79, 'own')");
  EXPECT_EQ(Here("SELECT count(*) FROM shop.u WHERE name = 'own'"), "2");
  EXPECT_FALSE(source_->TakeQueries().empty());
  EXPECT_EQ(source_->begins, 1);
  Run("ROLLBACK");
  EXPECT_EQ(Here("SELECT count(*) FROM shop.u"), "6");
}

TEST_F(SourceQueries, MayBeWhatTheSourceIsChangedBy) {
  Run("INSERT INTO shop.u SELECT 1000 + count(*), s FROM shop.t GROUP BY s");
  EXPECT_EQ(There("SELECT count(*) FROM u WHERE k > 1000"), "12");
  Run("CREATE TABLE shop.made AS SELECT k, count(*) AS n FROM shop.t GROUP BY k");
  EXPECT_EQ(There("SELECT sum(n)::BIGINT FROM made"), "3000");
}

TEST_F(SourceQueries, ArePlannedAnewWhenATableHasChanged) {
  EXPECT_EQ(Here("SELECT max(k) FROM shop.u"), "4");
  At("ALTER TABLE u RENAME COLUMN name TO title");
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT max(name) FROM shop.u")),
            ErrorKind::kInvalidSql);
  At("DROP TABLE u; CREATE TABLE u AS SELECT 'text' AS k");
  clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(Here("SELECT max(k) FROM shop.u"), "text");
}

TEST_F(SourceQueries, ThatAreNotTakenSayWhatToDo) {
  Run("BEGIN");
  EXPECT_EQ(Here("SELECT count(*) FROM shop.u"), "5");
  Run("ROLLBACK");
  At("DROP TABLE u");
  Run("BEGIN");  // in a transaction nothing is tried again
  const auto failed = Execute(*connection_, "SELECT count(*) FROM shop.u");
  EXPECT_EQ(KindOfFailure(failed), ErrorKind::kNotFound);
  EXPECT_NE(failed.message().find("SET pintail_push_down = false"), std::string::npos)
      << failed;
  Run("ROLLBACK");
}

TEST_F(SourceQueries, EndWhenTheyAreInterrupted) {
  source_->Block();
  std::jthread interrupter([&] {
    source_->WaitUntilBlocked();
    connection_->Interrupt();
  });
  EXPECT_EQ(KindOfFailure(Execute(*connection_, "SELECT count(*) FROM shop.t")),
            ErrorKind::kCancelled);
  EXPECT_EQ(source_->open_sessions, 0);
  source_->Unblock();
  EXPECT_EQ(Here("SELECT count(*) FROM shop.t"), "3000");
}

}  // namespace
}  // namespace pintail::engine
