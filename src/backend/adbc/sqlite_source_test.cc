// The ADBC source over the real SQLite driver, with a database file.
#include <filesystem>
#include <future>
#include <string>

#include "arrow/array.h"
#include "arrow/json/from_string.h"
#include "arrow/table.h"
#include "backend/make_source.h"
#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using engine::SourceScan;
using engine::SourceTableName;

class SqliteSource : public testing::Test {
 protected:
  SqliteSource() {
    std::string folder = testing::TempDir() + "sqlite_source_XXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    source_ = Make({});
    session_ = *source_->Lease({});
  }
  ~SqliteSource() override {
    session_.reset();
    source_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::shared_ptr<BackendSource> Make(SourceOptions options) {
    options.name = "shop";
    options.type = "adbc";
    options.driver = "sqlite";
    options.connection = (folder_ / "shop.db").string();
    return MakeSource(
               options,
               {.clock = clock_, .timers = timers_, .adbc_drivers = PINTAIL_ADBC_DRIVERS})
        .ValueOrDie();
  }
  void Run(const std::string& sql) {
    const auto done = session_->Execute(sql);
    ASSERT_TRUE(done.ok()) << done.status();
  }
  std::string Read(const arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>& rows) {
    if (!rows.ok()) return rows.status().ToString();
    const auto table = (*rows)->ToTable();
    if (!table.ok()) return table.status().ToString();
    std::string text;
    for (const auto& batch : *arrow::TableBatchReader(**table).ToRecordBatches()) {
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        for (const auto& column : batch->columns()) {
          text += (*column->GetScalar(row))->ToString() + " ";
        }
        text.back() = '\n';
      }
    }
    return text;
  }
  static std::shared_ptr<arrow::RecordBatchReader> Rows(arrow::FieldVector fields,
                                                        const std::string& json) {
    const auto schema = arrow::schema(std::move(fields));
    const auto structs =
        arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
    return *arrow::RecordBatchReader::Make(
        {*arrow::RecordBatch::FromStructArray(*structs)}, schema);
  }

  base::SystemClock clock_;
  base::Timers timers_{clock_};
  std::filesystem::path folder_;
  std::shared_ptr<BackendSource> source_;
  std::unique_ptr<engine::SourceSession> session_;
};

const SourceTableName kItems{.schema = "main", .table = "items"};

TEST_F(SqliteSource, TellsWhatItIs) {
  EXPECT_EQ(source_->name(), "shop");
  EXPECT_EQ(source_->type(), "adbc");
  EXPECT_EQ(source_->capabilities().dialect, engine::SqlDialect::kSqlite);
  EXPECT_EQ(source_->default_schema(), "main");
  EXPECT_EQ(source_->reachability().state, Reachability::State::kReachable);
  EXPECT_EQ(source_->pool_figures().leased, 1);
}

TEST_F(SqliteSource, ListsSchemasTablesAndColumns) {
  Run("CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(10), price REAL, "
      "stock BIGINT, pic BLOB, sold BOOLEAN, at TIMESTAMP, cost NUMERIC(10, 2), any)");
  Run("CREATE VIEW cheap AS SELECT * FROM items");
  EXPECT_EQ(*source_->Schemas({}), std::vector<std::string>{"main"});
  EXPECT_EQ(*source_->Tables("main", {}), (std::vector<std::string>{"cheap", "items"}));
  EXPECT_EQ((*source_->TableSchema(kItems, {}))->ToString(),
            "id: int64\nname: string\nprice: double\nstock: int64\npic: binary\n"
            "sold: bool\nat: string\ncost: double\nany: string");
}

TEST_F(SqliteSource, SaysThatATableIsMissing) {
  const arrow::Status status = source_->TableSchema(kItems, {}).status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kNotFound);
  EXPECT_EQ(status.message(), "source 'shop' has no table \"main\".\"items\"");
}

TEST_F(SqliteSource, ScansColumnsConditionsAndALimit) {
  Run("CREATE TABLE items (id INTEGER, name TEXT, price REAL)");
  Run("INSERT INTO items VALUES (1, 'pen', 1.5), (2, 'ink', 2), (3, NULL, NULL), "
      "(4, 'it''s', 4)");
  EXPECT_EQ(Read(session_->Scan({.table = kItems, .columns = {"name", "id"}})),
            "pen 1\nink 2\nnull 3\nit's 4\n");
  EXPECT_EQ(Read(session_->Scan({.table = kItems,
                                 .columns = {"id", "price"},
                                 .where = "\"price\" > 1.75",
                                 .limit = 1})),
            "2 2\n");
}

TEST_F(SqliteSource, GivesAColumnTheTypeItAnnouncedWhateverIsInIt) {
  Run("CREATE TABLE items (id INTEGER, name TEXT, price REAL, sold BOOLEAN)");
  const SourceScan scan{.table = kItems, .columns = {"id", "name", "price", "sold"}};
  const auto announced = *source_->TableSchema(kItems, {});
  EXPECT_TRUE((*session_->Scan(scan))->schema()->Equals(*announced));
  Run("INSERT INTO items VALUES (NULL, NULL, NULL, NULL)");
  EXPECT_TRUE((*session_->Scan(scan))->schema()->Equals(*announced));
  Run("INSERT INTO items VALUES (1, 2, 3, 1)");
  EXPECT_TRUE((*session_->Scan(scan))->schema()->Equals(*announced));
  EXPECT_EQ(Read(session_->Scan(scan)), "null null null null\n1 2 3 true\n");
}

TEST_F(SqliteSource, RefusesAValueThatItsColumnCannotHold) {
  Run("CREATE TABLE items (id INTEGER)");
  Run("INSERT INTO items VALUES ('many')");
  const std::string said = Read(session_->Scan({.table = kItems, .columns = {"id"}}));
  EXPECT_NE(said.find("source 'shop': column 'id' cannot be read as int64"),
            std::string::npos)
      << said;
}

TEST_F(SqliteSource, CountsChangedRows) {
  Run("CREATE TABLE items (id INTEGER)");
  EXPECT_EQ(*session_->Execute("INSERT INTO items VALUES (1), (2), (3)"), 3);
  EXPECT_EQ(*session_->Execute("UPDATE items SET id = 7 WHERE id > 1"), 2);
  EXPECT_EQ(*session_->Execute("DELETE FROM items"), 3);
}

TEST_F(SqliteSource, InsertsColumnsByName) {
  Run("CREATE TABLE items (id INTEGER, name TEXT, price REAL)");
  EXPECT_EQ(*session_->Insert(
                kItems, Rows({arrow::field("price", arrow::float64()),
                              arrow::field("id", arrow::int64())},
                             R"([{"price": 1.5, "id": 1}, {"price": null, "id": 2}])")),
            2);
  EXPECT_EQ(Read(session_->Query("SELECT * FROM items ORDER BY id")),
            "1 null 1.5\n2 null null\n");
}

TEST_F(SqliteSource, InsertsAllRowsOrNone) {
  Run("CREATE TABLE items (id INTEGER PRIMARY KEY)");
  const auto done = session_->Insert(
      kItems,
      Rows({arrow::field("id", arrow::int64())}, R"([{"id": 1}, {"id": 2}, {"id": 1}])"));
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(base::KindOf(done.status()), ErrorKind::kAlreadyExists) << done.status();
  EXPECT_EQ(Read(session_->Query("SELECT count(*) FROM items")), "0\n");
}

TEST_F(SqliteSource, ReturnsTheErrorOfTheRowsItself) {
  Run("CREATE TABLE items (id INTEGER)");
  class Failing final : public arrow::RecordBatchReader {
   public:
    std::shared_ptr<arrow::Schema> schema() const override {
      return arrow::schema({arrow::field("id", arrow::int64())});
    }
    arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>*) override {
      return base::MakeError(ErrorKind::kConflict, "the rows went away");
    }
  };
  const arrow::Status status =
      session_->Insert(kItems, std::make_shared<Failing>()).status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kConflict);
  EXPECT_EQ(status.message(), "the rows went away");
}

TEST_F(SqliteSource, CreatesAndDropsTables) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int32(), false),
                                     arrow::field("na\"me", arrow::utf8()),
                                     arrow::field("price", arrow::decimal128(10, 2)),
                                     arrow::field("pic", arrow::large_binary())});
  ASSERT_TRUE(session_->CreateTable(kItems, *schema, false).ok());
  EXPECT_EQ(base::KindOf(session_->CreateTable(kItems, *schema, false)),
            ErrorKind::kAlreadyExists);
  EXPECT_TRUE(session_->CreateTable(kItems, *schema, true).ok());
  EXPECT_EQ((*source_->TableSchema(kItems, {}))->ToString(),
            "id: int64\nna\"me: string\nprice: string\npic: binary");
  ASSERT_TRUE(session_->DropTable(kItems, false).ok());
  EXPECT_TRUE(session_->DropTable(kItems, true).ok());
  EXPECT_EQ(base::KindOf(session_->DropTable(kItems, false)), ErrorKind::kNotFound);
}

TEST_F(SqliteSource, CommitsAndRollsBack) {
  Run("CREATE TABLE items (id INTEGER)");
  ASSERT_TRUE(session_->Begin().ok());
  EXPECT_EQ(base::KindOf(session_->Begin()), ErrorKind::kInvalidArgument);
  Run("INSERT INTO items VALUES (1)");
  ASSERT_TRUE(session_->Rollback().ok());
  ASSERT_TRUE(session_->Begin().ok());
  Run("INSERT INTO items VALUES (2)");
  ASSERT_EQ(*session_->Insert(
                kItems, Rows({arrow::field("id", arrow::int64())}, R"([{"id": 3}])")),
            1);
  ASSERT_TRUE(session_->Commit().ok());
  EXPECT_EQ(base::KindOf(session_->Commit()), ErrorKind::kInvalidArgument);
  Run("INSERT INTO items VALUES (4)");
  EXPECT_EQ(Read((*source_->Lease({}))->Query("SELECT id FROM items")), "2\n3\n4\n");
}

TEST_F(SqliteSource, RollsBackWhatASessionLeavesOpen) {
  Run("CREATE TABLE items (id INTEGER)");
  ASSERT_TRUE(session_->Begin().ok());
  Run("INSERT INTO items VALUES (1)");
  session_.reset();
  session_ = *source_->Lease({});
  EXPECT_EQ(Read(session_->Query("SELECT count(*) FROM items")), "0\n");
  Run("INSERT INTO items VALUES (2)");
}

TEST_F(SqliteSource, GivesItsConnectionBackWhenTheLastRowIsRead) {
  auto rows = *session_->Query("SELECT 1 AS one");
  session_.reset();
  EXPECT_EQ(source_->pool_figures().leased, 1);
  EXPECT_EQ(Read(rows), "1\n");
  EXPECT_EQ(source_->pool_figures().leased, 0);
  EXPECT_EQ(source_->pool_figures().open, 1);
}

TEST_F(SqliteSource, GivesItsConnectionBackWhenTheRowsAreDropped) {
  auto rows = *session_->Query("SELECT 1 AS one");
  session_.reset();
  rows.reset();
  EXPECT_EQ(source_->pool_figures().leased, 0);
}

TEST_F(SqliteSource, EndsAnOpenReaderAtTheNextCall) {
  Run("CREATE TABLE items (id INTEGER)");
  auto rows = *session_->Query("SELECT 1 AS one");
  Run("INSERT INTO items VALUES (1)");
  std::shared_ptr<arrow::RecordBatch> batch;
  EXPECT_EQ(base::KindOf(rows->ReadNext(&batch)), ErrorKind::kCancelled);
}

TEST_F(SqliteSource, StopsReadingWhenItIsCancelled) {
  auto rows = *session_->Query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
  session_->Cancel();
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_TRUE(rows->ReadNext(&batch).ok());  // the one that was there already
  const arrow::Status status = rows->ReadNext(&batch);
  EXPECT_EQ(base::KindOf(status), ErrorKind::kCancelled);
  EXPECT_EQ(base::KindOf(session_->Query("SELECT 1").status()), ErrorKind::kCancelled);
}

TEST_F(SqliteSource, KeepsToItsNumberOfConnections) {
  const auto narrow =
      Make({.pool_max = 1, .lease_timeout = std::chrono::milliseconds(1)});
  auto held = *narrow->Lease({});
  EXPECT_EQ(base::KindOf(narrow->Lease({}).status()), ErrorKind::kResourceExhausted);
  held.reset();
  EXPECT_TRUE(narrow->Lease({}).ok());
}

TEST_F(SqliteSource, NamesItselfInErrors) {
  const arrow::Status status = session_->Query("SELEC 1").status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidSql) << status;
  EXPECT_TRUE(status.message().starts_with("source 'shop': ")) << status;
  EXPECT_EQ(base::KindOf(session_->Query("SELECT * FROM nowhere").status()),
            ErrorKind::kNotFound);
}

TEST(MakeSource, NamesTheTypesItKnows) {
  base::SystemClock clock;
  base::Timers timers(clock);
  const arrow::Status status =
      MakeSource({.name = "shop", .type = "oracle"}, {clock, timers}).status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_NE(status.message().find("adbc"), std::string::npos);
}

TEST(MakeSource, SaysWhichDriverIsMissing) {
  base::SystemClock clock;
  base::Timers timers(clock);
  const auto source =
      *MakeSource({.name = "shop", .type = "adbc", .driver = "nosuchdriver"},
                  {clock, timers, PINTAIL_ADBC_DRIVERS});
  const arrow::Status status = source->Lease({}).status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kNotFound) << status;
  EXPECT_NE(status.message().find("nosuchdriver"), std::string::npos);
}

}  // namespace
}  // namespace pintail::backend
