#include "cache/copies.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "engine/connection.h"
#include "engine/testing/sql.h"

namespace pintail::cache {
namespace {

using engine::testing::Cell;
using engine::testing::Execute;
using engine::testing::KindOfFailure;
using engine::testing::Prepare;
using engine::testing::Rows;
using engine::testing::Value;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

CopyTable OrdersCopy() {
  return {.name = "orders_copy",
          .source = {.catalog = "shop", .schema = "main", .table = "orders"}};
}

// A database with an attached one for the source. What changes that one here is seen as a
// write through Pintail.
class CopiesTest : public ::testing::Test {
 protected:
  void SetUp() override { OpenDatabase(":memory:"); }

  void OpenDatabase(const std::string& path) {
    database_ = Value(engine::Database::Open({.path = path, .clock = &clock_}));
    connection_ = Value(database_->Connect());
    Do("ATTACH ':memory:' AS shop");
    Do("CREATE TABLE shop.orders AS SELECT i AS id, i * 10 AS price, 'n' || i AS note "
       "FROM range(1, 4) r(i)");
  }
  void CloseDatabase() {
    copies_.reset();
    other_.reset();
    connection_.reset();
    database_.reset();
  }

  void Declare(std::vector<CopyTable> tables, Copies::Options options = {}) {
    options.tables = std::move(tables);
    copies_ = Value(Copies::Open({.database = *database_,
                                  .clock = clock_,
                                  .timers = timers_,
                                  .log = logs_->For("cache"),
                                  .metrics = metrics_},
                                 std::move(options)));
  }
  void Fill(const std::string& name = "orders_copy") {
    Value(copies_->Refresh(name, {}));
  }
  // Lets time pass, and what is due then happen.
  void Pass(std::chrono::nanoseconds time) {
    clock_.Advance(time);
    timers_.RunDue();
    copies_->WaitUntilIdle();
  }

  void Do(const std::string& sql) { Do(*connection_, sql); }
  static void Do(engine::Connection& connection, const std::string& sql) {
    const auto status = Execute(connection, sql);
    ASSERT_TRUE(status.ok()) << sql << ": " << status.ToString();
  }
  std::string Get(const std::string& sql) { return Cell(*connection_, sql); }
  bool ReadsCopy(const std::string& sql) { return ReadsCopy(*connection_, sql); }
  static bool ReadsCopy(engine::Connection& connection, const std::string& sql) {
    const auto plan = Rows(connection, "EXPLAIN (FORMAT json) " + sql);
    const auto text = Value(plan->column(1)->GetScalar(0))->ToString();
    return text.find("pintail_copies.orders_copy") != std::string::npos;
  }
  CopyReport Report(const std::string& name = "orders_copy") {
    for (CopyReport& report : copies_->List()) {
      if (report.table.name == name) return report;
    }
    throw std::runtime_error("no copy " + name);
  }

  base::ManualClock clock_;
  base::Timers timers_{clock_};
  base::Metrics metrics_{"pintail"};
  std::unique_ptr<base::Logs> logs_ = base::SilentLogs();
  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Connection> connection_;
  std::unique_ptr<engine::Connection> other_;
  std::unique_ptr<Copies> copies_;
};

constexpr const char* kSum = "SELECT sum(price) FROM shop.main.orders";

TEST_F(CopiesTest, StatementsReadTheCopyInPlaceOfItsTable) {
  Declare({OrdersCopy()});
  EXPECT_FALSE(ReadsCopy(kSum));
  Fill();
  for (const char* sql :
       {kSum, "SELECT sum(price) FROM shop.orders", "SELECT count(*) FROM shop.orders",
        "SELECT (SELECT max(id) FROM shop.main.orders)",
        "WITH o AS (SELECT * FROM shop.main.orders) SELECT sum(o.price) FROM o",
        "SELECT orders.note FROM shop.main.orders WHERE orders.id = 2"}) {
    EXPECT_TRUE(ReadsCopy(sql)) << sql;
  }
  EXPECT_EQ(Get(kSum), "60");
  EXPECT_EQ(Get("SELECT count(*) FROM shop.orders"), "3");
  EXPECT_EQ(Get("SELECT orders.note FROM shop.main.orders WHERE orders.id = 2"), "n2");
  Do("CREATE VIEW v AS SELECT price FROM shop.main.orders");
  EXPECT_TRUE(ReadsCopy("SELECT sum(price) FROM v"));
  // The row numbers are the table's own.
  EXPECT_FALSE(ReadsCopy("SELECT rowid FROM shop.orders"));
  Do("SET pintail_use_copies = false");
  EXPECT_FALSE(ReadsCopy(kSum));
}

TEST_F(CopiesTest, TablesAreReadWithoutTheirSource) {
  Declare({OrdersCopy()});
  Fill();
  auto prepared = Prepare(*connection_, kSum);
  Do("DETACH shop");
  EXPECT_EQ(Get(kSum), "60");
  EXPECT_TRUE(prepared->Execute({}, {}).ok());
  EXPECT_FALSE(Execute(*connection_, "SELECT rowid FROM shop.main.orders").ok());
}

TEST_F(CopiesTest, ACopyOfSomeRowsIsReadByItsOwnNameOnly) {
  auto cheap = OrdersCopy();
  cheap.filter = "price < 25 -- cheap ones";
  cheap.columns = {"id", "price"};
  Declare({cheap});
  Fill();
  EXPECT_EQ(Get("SELECT sum(price) FROM pintail_copies.orders_copy"), "30");
  EXPECT_FALSE(ReadsCopy(kSum));
  EXPECT_EQ(Get(kSum), "60");
}

TEST_F(CopiesTest, ACopyOfSomeColumnsIsReadWhenTheyAreEnough) {
  auto prices = OrdersCopy();
  prices.columns = {"price"};
  Declare({prices});
  Fill();
  EXPECT_TRUE(ReadsCopy(kSum));
  EXPECT_EQ(Get(kSum), "60");
  EXPECT_FALSE(ReadsCopy("SELECT note FROM shop.main.orders"));
}

TEST_F(CopiesTest, AWriteThroughPintailIsSeenAtOnce) {
  Declare({OrdersCopy()});
  Fill();
  auto prepared = Prepare(*connection_, kSum);
  other_ = Value(database_->Connect());
  Do(*other_, "INSERT INTO shop.orders VALUES (4, 40, 'n4')");
  EXPECT_FALSE(ReadsCopy(kSum));
  EXPECT_EQ(Get(kSum), "100");
  auto rows = Value(Value(prepared->Execute({}, {}))->ToTable());
  EXPECT_EQ(Value(rows->column(0)->GetScalar(0))->ToString(), "100");
  EXPECT_EQ(Report().status, CopyStatus::kStale);
  Fill();
  EXPECT_TRUE(ReadsCopy(kSum));
  EXPECT_EQ(Get(kSum), "100");
}

TEST_F(CopiesTest, AWriteThatIsRolledBackChangesNothing) {
  Declare({OrdersCopy()});
  Fill();
  other_ = Value(database_->Connect());
  Do(*other_, "BEGIN");
  Do(*other_, "UPDATE shop.orders SET price = 0");
  EXPECT_FALSE(ReadsCopy(kSum));
  EXPECT_EQ(Cell(*other_, kSum), "0") << "it sees its own change";
  EXPECT_EQ(Get(kSum), "60");
  Do(*other_, "ROLLBACK");
  EXPECT_TRUE(ReadsCopy(kSum));
  EXPECT_FALSE(Execute(*other_, "INSERT INTO shop.orders VALUES ('x', 1, '')").ok());
  EXPECT_TRUE(ReadsCopy(kSum));
}

TEST_F(CopiesTest, ARefreshDuringAWriteDoesNotHideIt) {
  Declare({OrdersCopy()});
  other_ = Value(database_->Connect());
  Do(*other_, "BEGIN");
  Do(*other_, "INSERT INTO shop.orders VALUES (4, 40, 'n4')");
  Fill();
  Do(*other_, "COMMIT");
  EXPECT_EQ(Get(kSum), "100");
  EXPECT_FALSE(ReadsCopy(kSum));
}

TEST_F(CopiesTest, OtherChangesOfTheSourceInvalidateItToo) {
  Declare({OrdersCopy()});
  Fill();
  Do("ALTER TABLE shop.orders ADD COLUMN extra INTEGER");
  EXPECT_FALSE(ReadsCopy(kSum));
}

TEST_F(CopiesTest, ATransactionKeepsTheRowsItHasBegunWith) {
  Declare({OrdersCopy()});
  Fill();
  other_ = Value(database_->Connect());
  Do(*other_, "BEGIN");
  EXPECT_EQ(Cell(*other_, kSum), "60");
  Do("INSERT INTO shop.orders VALUES (4, 40, 'n4')");
  Fill();
  EXPECT_EQ(Get(kSum), "100");
  EXPECT_EQ(Cell(*other_, kSum), "60");
  EXPECT_EQ(Cell(*other_, "SELECT sum(price) FROM pintail_copies.orders_copy"), "60");
  Do(*other_, "COMMIT");
  EXPECT_EQ(Cell(*other_, kSum), "100");
}

TEST_F(CopiesTest, IsRefreshedByInterval) {
  auto table = OrdersCopy();
  table.interval = minutes(5);
  Declare({table});
  copies_->Start();
  copies_->WaitUntilIdle();
  EXPECT_EQ(Report().rows, 3) << "an empty copy is filled at the start";
  const auto first = Report().last_refresh;
  Pass(minutes(4));
  EXPECT_EQ(Report().last_refresh, first);
  EXPECT_EQ(Report().age, minutes(4));
  Pass(minutes(1));
  EXPECT_EQ(*Report().last_refresh - *first, minutes(5));
}

TEST_F(CopiesTest, IsRefreshedByCron) {
  auto table = OrdersCopy();
  table.cron = Value(Cron::Parse("30 * * * *"));
  Declare({table});
  copies_->Start();
  copies_->WaitUntilIdle();
  const auto first = *Report().last_refresh;  // at midnight
  Pass(minutes(29));
  EXPECT_EQ(*Report().last_refresh, first);
  Pass(minutes(1));
  EXPECT_EQ(*Report().last_refresh - first, minutes(30));
}

TEST_F(CopiesTest, IsRefreshedAfterAWrite) {
  Declare({OrdersCopy()});
  copies_->Start();
  copies_->WaitUntilIdle();
  Do("DELETE FROM shop.orders WHERE id = 1");
  Pass(seconds(1));
  EXPECT_EQ(Report().rows, 2);
  EXPECT_TRUE(ReadsCopy(kSum));
}

TEST_F(CopiesTest, ARefreshThatFailsLeavesTheOldRowsAndIsTriedAgain) {
  auto table = OrdersCopy();
  table.interval = minutes(1);
  Declare({table});
  copies_->Start();
  copies_->WaitUntilIdle();
  Do("DETACH shop");
  Pass(minutes(1));
  EXPECT_EQ(Report().status, CopyStatus::kStale);
  EXPECT_NE(Report().last_error.find("shop"), std::string::npos) << Report().last_error;
  EXPECT_EQ(Get(kSum), "60");
  EXPECT_EQ(*Report().next_refresh - clock_.WallNow(), seconds(1));
  Pass(seconds(1));
  EXPECT_EQ(*Report().next_refresh - clock_.WallNow(), seconds(2));
  Do("ATTACH ':memory:' AS shop");
  Do("CREATE TABLE shop.orders AS SELECT 1 AS id, 7 AS price, '' AS note");
  Pass(seconds(2));
  EXPECT_EQ(Report().status, CopyStatus::kFresh);
  EXPECT_EQ(Report().last_error, "");
  EXPECT_EQ(Get(kSum), "7");
}

TEST_F(CopiesTest, IsMadeOnDemandByTheFirstStatementThatAsks) {
  auto table = OrdersCopy();
  table.refresh = CopyRefresh::kOnDemand;
  table.max_staleness = minutes(10);
  Declare({table});
  copies_->Start();
  Pass(minutes(1));
  EXPECT_EQ(Report().status, CopyStatus::kEmpty);
  EXPECT_EQ(Get(kSum), "60");
  Pass(seconds(1));
  EXPECT_EQ(Report().status, CopyStatus::kFresh);
  const auto first = *Report().last_refresh;
  Pass(minutes(11));
  EXPECT_EQ(Report().status, CopyStatus::kStale) << "nobody has asked since";
  EXPECT_FALSE(ReadsCopy(kSum)) << "it is too old";
  EXPECT_EQ(Get(kSum), "60");
  Pass(seconds(1));
  EXPECT_GT(*Report().last_refresh, first);
  EXPECT_TRUE(ReadsCopy(kSum));
}

TEST_F(CopiesTest, AppendFetchesWhatIsAboveTheHighest) {
  auto table = OrdersCopy();
  table.refresh = CopyRefresh::kAppend;
  table.append_column = "id";
  Declare({table});
  Fill();
  EXPECT_EQ(Report().rows, 3);
  Fill();
  EXPECT_EQ(Report().rows, 3);
  EXPECT_EQ(Get("SELECT sum(price) FROM pintail_copies.orders_copy"), "60");
}

TEST_F(CopiesTest, RetentionAndWindowBoundTheRowsByTime) {
  // The clock begins at 1970-01-02 00:00.
  Do("CREATE TABLE shop.events AS SELECT i AS id, TIMESTAMP '1970-01-01 12:00:00' + i * "
     "INTERVAL 1 HOUR AS at FROM range(12) r(i)");
  CopyTable window{.name = "recent",
                   .source = {.catalog = "shop", .schema = "main", .table = "events"},
                   .time_column = "at",
                   .data_window = std::chrono::hours(3)};
  CopyTable kept = window;
  kept.name = "kept";
  kept.data_window = std::nullopt;
  kept.retention = std::chrono::hours(6);
  kept.refresh = CopyRefresh::kAppend;
  kept.append_column = "id";
  Declare({window, kept});
  Fill("recent");
  Fill("kept");
  EXPECT_EQ(Report("recent").rows, 3);
  EXPECT_EQ(Report("kept").rows, 6);
  clock_.Advance(std::chrono::hours(2));
  Fill("kept");
  EXPECT_EQ(Report("kept").rows, 4);
  EXPECT_EQ(Get("SELECT min(id) FROM pintail_copies.kept"), "8");
}

TEST_F(CopiesTest, TheLongestUnusedOfThoseMadeOnDemandMakeRoom) {
  auto first = OrdersCopy();
  first.refresh = CopyRefresh::kOnDemand;
  auto second = first;
  second.name = "second";
  second.source.table = "more";
  Do("CREATE TABLE shop.more AS FROM shop.orders");
  Declare({first, second}, {.max_bytes = 80});
  Fill();
  EXPECT_EQ(Report().status, CopyStatus::kFresh);
  Fill("second");
  EXPECT_EQ(Report().status, CopyStatus::kEmpty);
  EXPECT_NE(Report().last_error.find("cache.copies_max_bytes"), std::string::npos);
  EXPECT_EQ(Report("second").status, CopyStatus::kFresh);
  EXPECT_EQ(Get(kSum), "60");
}

TEST_F(CopiesTest, ClientsReadCopiesAndDoNotChangeThem) {
  Declare({OrdersCopy()});
  Fill();
  for (const char* sql :
       {"DELETE FROM pintail_copies.orders_copy", "DROP TABLE pintail_copies.orders_copy",
        "CREATE TABLE pintail_copies.mine (i INTEGER)",
        "DROP SCHEMA pintail_copies CASCADE",
        "UPDATE pintail_copies._copies SET row_count = 0"}) {
    const auto status = Execute(*connection_, sql);
    ASSERT_FALSE(status.ok()) << sql;
    EXPECT_EQ(KindOfFailure(status), base::ErrorKind::kPermissionDenied) << sql;
  }
  EXPECT_EQ(Get("SELECT count(*) FROM pintail_copies.orders_copy"), "3");
}

TEST_F(CopiesTest, TheViewTellsOfEachCopy) {
  Declare({OrdersCopy()});
  Fill();
  clock_.Advance(seconds(90));
  EXPECT_EQ(Get("SELECT concat_ws(' ', name, source_table, refresh, state, rows, age_ms, "
                "bytes > 0, last_error IS NULL) FROM pintail.copies"),
            "orders_copy shop.main.orders full fresh 3 90000 true true");
  EXPECT_NE(metrics_.Render().find("pintail_copy_rows{copy=\"orders_copy\"} 3"),
            std::string::npos);
}

TEST_F(CopiesTest, AFunctionRefreshesNow) {
  Declare({OrdersCopy()});
  EXPECT_EQ(Get("SELECT concat_ws(' ', name, rows, duration_ms) FROM "
                "pintail.refresh('orders_copy')"),
            "orders_copy 3 0");
  EXPECT_TRUE(ReadsCopy(kSum));
  const auto status = Execute(*connection_, "CALL pintail.refresh('other')");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(KindOfFailure(status), base::ErrorKind::kNotFound);
}

TEST_F(CopiesTest, RefusesToRefreshWhatIsNotDeclared) {
  Declare({OrdersCopy()});
  const auto refreshed = copies_->Refresh("other", {});
  ASSERT_FALSE(refreshed.ok());
  EXPECT_EQ(KindOfFailure(refreshed.status()), base::ErrorKind::kNotFound);
}

TEST_F(CopiesTest, ReadersSeeOneRefreshOrAnotherAndNeverHalf) {
  CloseDatabase();
  const auto folder = std::filesystem::temp_directory_path() /
                      ("pintail-copies-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  OpenDatabase(folder / "hot.duckdb");
  Do("CREATE TABLE shop.pairs AS SELECT i, -i AS j FROM range(20000) r(i)");
  Declare({{.name = "pairs",
            .source = {.catalog = "shop", .schema = "main", .table = "pairs"}}});
  Fill("pairs");
  std::atomic<bool> done = false;
  const auto read = [&] {
    auto connection = Value(database_->Connect());
    auto prepared = Prepare(*connection, "SELECT sum(i + j) FROM pintail_copies.pairs");
    int64_t wrong = 0;
    while (!done) {
      auto rows = Value(Value(prepared->Execute({}, {}))->ToTable());
      if (Value(rows->column(0)->GetScalar(0))->ToString() != "0") ++wrong;
      wrong += Cell(*connection, "SELECT count(*) FROM pintail_copies.pairs") != "20000";
    }
    return wrong;
  };
  auto one = std::async(std::launch::async, read);
  auto two = std::async(std::launch::async, read);
  for (int i = 0; i < 20; ++i) {
    Fill("pairs");
    if (i % 5 == 0) (void)database_->Checkpoint();
  }
  done = true;
  EXPECT_EQ(one.get(), 0);
  EXPECT_EQ(two.get(), 0);
  CloseDatabase();
  std::filesystem::remove_all(folder);
}

TEST_F(CopiesTest, AreThereAfterARestartWithTheirAge) {
  CloseDatabase();
  const auto folder = std::filesystem::temp_directory_path() /
                      ("pintail-restart-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "hot.duckdb";
  OpenDatabase(path);
  auto gone = OrdersCopy();
  gone.name = "gone";
  auto changed = OrdersCopy();
  changed.name = "changed";
  Declare({OrdersCopy(), gone, changed});
  for (const char* name : {"orders_copy", "gone", "changed"}) Fill(name);
  CloseDatabase();
  clock_.Advance(minutes(7));
  OpenDatabase(path);
  changed.filter = "id > 1";
  Declare({OrdersCopy(), changed});
  EXPECT_EQ(Report().status, CopyStatus::kFresh);
  EXPECT_EQ(Report().rows, 3);
  EXPECT_EQ(Report().age, minutes(7));
  EXPECT_TRUE(ReadsCopy(kSum));
  EXPECT_EQ(Report("changed").status, CopyStatus::kEmpty);
  EXPECT_FALSE(Execute(*connection_, "FROM pintail_copies.gone").ok());
  // A write is remembered, though nobody has refreshed by the end.
  Do("DELETE FROM shop.orders");
  CloseDatabase();
  OpenDatabase(path);
  Declare({OrdersCopy()});
  EXPECT_EQ(Report().status, CopyStatus::kStale);
  EXPECT_FALSE(ReadsCopy(kSum));
  CloseDatabase();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace pintail::cache
