// What tools read first: catalogs, schemas, tables, keys, types and facts about the
// server.
#include <algorithm>
#include <set>
#include <string>

#include "arrow/array/array_binary.h"
#include "arrow/flight/sql/column_metadata.h"
#include "arrow/flight/sql/server.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/reader.h"
#include "arrow/scalar.h"
#include "flight/testing/door_fixture.h"
#include "google/protobuf/any.pb.h"

namespace pintail::flight {
namespace {

using arrow::flight::sql::SqlInfoOptions;
using arrow::flight::sql::TableRef;
using namespace testing;  // NOLINT(google-build-using-namespace)

class MetadataTest : public DoorTest {
 protected:
  void SetUp() override {
    DoorTest::SetUp();
    ASSERT_OK(client
                  ->ExecuteUpdate(
                      {},
                      "CREATE SCHEMA shop; "
                      "CREATE TABLE shop.customer (id BIGINT PRIMARY KEY, name VARCHAR); "
                      "CREATE TABLE shop.item (a INT, b INT, PRIMARY KEY (a, b)); "
                      "CREATE TABLE shop.sale (customer BIGINT NOT NULL REFERENCES "
                      "shop.customer (id), a INT, b INT, price DECIMAL(9, 2), "
                      "FOREIGN KEY (a, b) REFERENCES shop.item (a, b)); "
                      "COMMENT ON COLUMN shop.sale.price IS 'in euros'; "
                      "CREATE VIEW shop.names AS SELECT name FROM shop.customer; "
                      "CREATE TABLE shop.under_score (x INT)")
                  .status());
  }

  std::string Get(FlightResult info) {
    auto rows = Rows(*client, std::move(info));
    return rows.ok() ? *rows : rows.status().ToString();
  }
};

TEST_F(MetadataTest, ListsCatalogs) {
  const std::string catalogs = "\n" + Get(client->GetCatalogs({})) + "\n";
  EXPECT_NE(catalogs.find("\nmemory\n"), std::string::npos) << catalogs;
}

TEST_F(MetadataTest, ListsSchemasByPattern) {
  const std::string catalog = "memory";
  const std::string all = "sh%";
  EXPECT_EQ(Get(client->GetDbSchemas({}, &catalog, &all)), "memory|shop");
  const std::string none = "sh_";
  EXPECT_EQ(Get(client->GetDbSchemas({}, &catalog, &none)), "");
  EXPECT_NE(Get(client->GetDbSchemas({}, nullptr, nullptr)).find("memory|main"),
            std::string::npos);
}

TEST_F(MetadataTest, ListsTablesByPatternAndType) {
  const std::string catalog = "memory";
  const std::string schema = "shop";
  const auto tables = [&](const char* pattern, const std::vector<std::string>* types) {
    const std::string name = pattern;
    return Get(client->GetTables({}, &catalog, &schema, &name, false, types));
  };
  EXPECT_EQ(tables("%", nullptr),
            "memory|shop|customer|TABLE\nmemory|shop|item|TABLE\nmemory|shop|names|VIEW\n"
            "memory|shop|sale|TABLE\nmemory|shop|under_score|TABLE");
  EXPECT_EQ(tables("_ale", nullptr), "memory|shop|sale|TABLE");
  EXPECT_EQ(tables("under\\_s%", nullptr), "memory|shop|under_score|TABLE");
  const std::vector<std::string> views = {"VIEW"};
  EXPECT_EQ(tables("%", &views), "memory|shop|names|VIEW");
}

TEST_F(MetadataTest, TakesANulByteInAFilterForWhatItIs) {
  const std::string cut("sale\0' OR true --", 18);
  const std::vector<std::string> types = {cut};
  EXPECT_EQ(Get(client->GetTables({}, nullptr, nullptr, &cut, true, nullptr)), "");
  EXPECT_EQ(Get(client->GetTables({}, nullptr, &cut, nullptr, true, nullptr)), "");
  EXPECT_EQ(Get(client->GetTables({}, &cut, nullptr, nullptr, true, nullptr)), "");
  EXPECT_EQ(Get(client->GetTables({}, nullptr, nullptr, nullptr, true, &types)), "");
  EXPECT_EQ(Get(client->GetDbSchemas({}, &cut, nullptr)), "");
  EXPECT_EQ(Get(client->GetDbSchemas({}, nullptr, &cut)), "");
  EXPECT_EQ(Get(client->GetPrimaryKeys({}, TableRef{cut, cut, cut})), "");
  EXPECT_EQ(Get(client->GetCrossReference({}, TableRef{cut, cut, cut},
                                          TableRef{cut, cut, cut})),
            "");
}

TEST_F(MetadataTest, TablesTellTheirColumns) {
  const std::string name = "sale";
  ASSERT_OK_AND_ASSIGN(auto info,
                       client->GetTables({}, nullptr, nullptr, &name, true, nullptr));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       client->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK_AND_ASSIGN(auto batches, stream->ToRecordBatches());
  ASSERT_EQ(batches.size(), 1u);
  ASSERT_EQ(batches[0]->num_rows(), 1);
  const auto& bytes = static_cast<const arrow::BinaryArray&>(
      *batches[0]->GetColumnByName("table_schema"));
  arrow::io::BufferReader input(arrow::Buffer::FromString(bytes.GetString(0)));
  arrow::ipc::DictionaryMemo memo;
  ASSERT_OK_AND_ASSIGN(auto schema, arrow::ipc::ReadSchema(&input, &memo));
  EXPECT_EQ(schema->field_names(),
            (std::vector<std::string>{"customer", "a", "b", "price"}));
  EXPECT_FALSE(schema->field(0)->nullable());
  EXPECT_TRUE(schema->field(1)->nullable());
  const arrow::flight::sql::ColumnMetadata price(schema->field(3)->metadata());
  EXPECT_EQ(price.GetTypeName().ValueOr(""), "DECIMAL(9,2)");
  EXPECT_EQ(price.GetPrecision().ValueOr(0), 9);
  EXPECT_EQ(price.GetScale().ValueOr(0), 2);
  EXPECT_EQ(price.GetRemarks().ValueOr(""), "in euros");
  EXPECT_EQ(price.GetTableName().ValueOr(""), "sale");
}

TEST_F(MetadataTest, ListsTableTypes) {
  const std::string types = "\n" + Get(client->GetTableTypes({})) + "\n";
  for (const char* type : {"TABLE", "VIEW", "LOCAL TEMPORARY"}) {
    EXPECT_NE(types.find("\n" + std::string(type) + "\n"), std::string::npos) << types;
  }
}

TEST_F(MetadataTest, TellsPrimaryKeysInOrder) {
  const std::string keys =
      Get(client->GetPrimaryKeys({}, TableRef{"memory", "shop", "item"}));
  EXPECT_TRUE(keys.starts_with("memory|shop|item|a|1|")) << keys;
  EXPECT_NE(keys.find("\nmemory|shop|item|b|2|"), std::string::npos) << keys;
  EXPECT_EQ(Get(client->GetPrimaryKeys({}, TableRef{std::nullopt, "shop", "sale"})), "");
}

TEST_F(MetadataTest, TellsForeignKeysFromBothEnds) {
  const std::string imported =
      Get(client->GetImportedKeys({}, TableRef{std::nullopt, "shop", "sale"}));
  EXPECT_NE(imported.find("memory|shop|customer|id|memory|shop|sale|customer|1|"),
            std::string::npos)
      << imported;
  EXPECT_NE(imported.find("memory|shop|item|b|memory|shop|sale|b|2|"), std::string::npos)
      << imported;
  EXPECT_EQ(std::ranges::count(imported, '\n'), 2) << imported;
  EXPECT_TRUE(imported.ends_with("|3|3")) << imported;

  const std::string exported =
      Get(client->GetExportedKeys({}, TableRef{std::nullopt, std::nullopt, "customer"}));
  EXPECT_TRUE(
      exported.starts_with("memory|shop|customer|id|memory|shop|sale|customer|1|"))
      << exported;
  EXPECT_EQ(std::ranges::count(exported, '\n'), 0) << exported;

  const std::string crossed =
      Get(client->GetCrossReference({}, TableRef{std::nullopt, "shop", "item"},
                                    TableRef{std::nullopt, "shop", "sale"}));
  EXPECT_EQ(std::ranges::count(crossed, '\n'), 1) << crossed;
  EXPECT_EQ(Get(client->GetCrossReference({}, TableRef{std::nullopt, "shop", "sale"},
                                          TableRef{std::nullopt, "shop", "item"})),
            "");
}

TEST_F(MetadataTest, NamesAreBoundAndNotExecuted) {
  EXPECT_EQ(Get(client->GetPrimaryKeys({}, TableRef{std::nullopt, std::nullopt,
                                                    "x'; DROP TABLE shop.item; --"})),
            "");
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM shop.item").ValueOr(""), "0");
}

TEST_F(MetadataTest, DescribesTypes) {
  const std::string all = Get(client->GetXdbcTypeInfo({}));
  EXPECT_NE(all.find("DECIMAL|2|38|"), std::string::npos) << all;
  const std::string only = Get(client->GetXdbcTypeInfo({}, 4));
  EXPECT_TRUE(only.starts_with("INTEGER|4|10|")) << only;
  EXPECT_EQ(std::ranges::count(only, '\n'), 1) << only;
  EXPECT_EQ(Get(client->GetXdbcTypeInfo({}, 12345)), "");
}

TEST_F(MetadataTest, DescribesEveryKindOfTypeThatAColumnCanHave) {
  const std::string all = "\n" + Get(client->GetXdbcTypeInfo({}));
  for (const char* name : {"TIME WITH TIME ZONE", "TIME_NS", "BIGNUM", "ENUM", "LIST",
                           "ARRAY", "STRUCT", "MAP", "UNION"}) {
    EXPECT_NE(all.find(std::string("\n") + name + "|"), std::string::npos) << name;
  }
}

TEST_F(MetadataTest, SqlInfoBoundsNoConnections) {
  const std::string rows =
      Get(client->GetSqlInfo({}, {SqlInfoOptions::SQL_MAX_CONNECTIONS}));
  EXPECT_NE(rows.find('0'), std::string::npos) << rows;
  EXPECT_EQ(rows.find("512"), std::string::npos) << rows;
}

TEST_F(MetadataTest, EveryIdOfSqlInfoHasAValue) {
  ASSERT_OK_AND_ASSIGN(auto info, client->GetSqlInfo({}, {}));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       client->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK_AND_ASSIGN(auto batches, stream->ToRecordBatches());
  std::set<int> ids;
  for (const auto& batch : batches) {
    ASSERT_OK(batch->ValidateFull());
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      ids.insert(std::stoi(batch->column(0)->GetScalar(row).ValueOrDie()->ToString()));
    }
  }
  std::set<int> expected;
  for (int id = SqlInfoOptions::FLIGHT_SQL_SERVER_NAME;
       id <= SqlInfoOptions::FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED; ++id) {
    expected.insert(id);
  }
  expected.insert(SqlInfoOptions::FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT);
  expected.insert(SqlInfoOptions::FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT);
  for (int id = SqlInfoOptions::SQL_DDL_CATALOG;
       id <= SqlInfoOptions::SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED; ++id) {
    expected.insert(id);
  }
  EXPECT_EQ(ids, expected);
}

TEST_F(MetadataTest, SqlInfoLeavesOutIdsOfALaterProtocol) {
  const std::string rows =
      Get(client->GetSqlInfo({}, {SqlInfoOptions::FLIGHT_SQL_SERVER_NAME, 4'711,
                                  SqlInfoOptions::SQL_IDENTIFIER_QUOTE_CHAR}));
  EXPECT_NE(rows.find("Pintail"), std::string::npos) << rows;
  EXPECT_NE(rows.find('"'), std::string::npos) << rows;
  EXPECT_EQ(std::ranges::count(rows, '\n'), 1) << rows;
}

TEST_F(MetadataTest, SqlInfoListsFunctionsAndKeywordsOfDuckDb) {
  const auto list = [&](int id) { return Get(client->GetSqlInfo({}, {id})); };
  EXPECT_NE(list(SqlInfoOptions::SQL_KEYWORDS).find("QUALIFY"), std::string::npos);
  EXPECT_NE(list(SqlInfoOptions::SQL_NUMERIC_FUNCTIONS).find("sqrt"), std::string::npos);
  EXPECT_NE(list(SqlInfoOptions::SQL_STRING_FUNCTIONS).find("upper"), std::string::npos);
  EXPECT_NE(list(SqlInfoOptions::SQL_DATETIME_FUNCTIONS).find("date_trunc"),
            std::string::npos);
  EXPECT_NE(list(SqlInfoOptions::SQL_SYSTEM_FUNCTIONS).find("version"),
            std::string::npos);
}

TEST_F(MetadataTest, AListenerMayKeepQuietAboutTransactions) {
  Start(
      {.listen = {{.advertise_transactions = true}, {.advertise_transactions = false}}});
  const std::vector<int> ids = {SqlInfoOptions::FLIGHT_SQL_SERVER_TRANSACTION};
  const std::vector<int> supported = {SqlInfoOptions::SQL_TRANSACTIONS_SUPPORTED};
  EXPECT_NE(Get(client->GetSqlInfo({}, supported)).find("true"), std::string::npos);
  EXPECT_NE(Get(client->GetSqlInfo({}, ids)).find('1'), std::string::npos);
  auto quiet = ConnectSql(1);
  auto rows = Rows(*quiet, quiet->GetSqlInfo({}, ids));
  ASSERT_OK(rows.status());
  EXPECT_NE(rows->find('0'), std::string::npos) << *rows;
  rows = Rows(*quiet, quiet->GetSqlInfo({}, supported));
  ASSERT_OK(rows.status());
  EXPECT_NE(rows->find("false"), std::string::npos) << *rows;
  ASSERT_OK_AND_ASSIGN(auto transaction, quiet->BeginTransaction({}));
  ASSERT_OK(quiet->Commit({}, transaction));
}

// Commands of a later protocol, of another one, and those that belong to another call.
TEST_F(MetadataTest, RefusesACommandItDoesNotKnowByItsName) {
  using arrow::flight::FlightDescriptor;
  const auto any = [](const std::string& type) {
    google::protobuf::Any message;
    message.set_type_url("type.googleapis.com/" + type);
    return message.SerializeAsString();
  };
  auto plain = Connect();
  const auto batch = Numbers("a", {1});
  for (const std::string type : {"arrow.flight.protocol.sql.CommandGetTheMoon",
                                 "arrow.flight.protocol.sql.ActionBeginSavepointRequest",
                                 "google.protobuf.StringValue"}) {
    const auto descriptor = FlightDescriptor::Command(any(type));
    const arrow::Status put = [&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(auto upload, plain->DoPut({}, descriptor, batch->schema()));
      ARROW_RETURN_NOT_OK(upload.writer->DoneWriting());
      std::shared_ptr<arrow::Buffer> answer;
      ARROW_RETURN_NOT_OK(upload.reader->ReadMetadata(&answer));
      return upload.writer->Close();
    }();
    const std::pair<const char*, arrow::Status> kAnswers[] = {
        {"GetFlightInfo", plain->GetFlightInfo({}, descriptor).status()},
        {"GetSchema", plain->GetSchema({}, descriptor).status()},
        {"DoGet", plain->DoGet({}, arrow::flight::Ticket{any(type)}).status()},
        {"DoPut", put}};
    for (const auto& [method, status] : kAnswers) {
      EXPECT_TRUE(status.IsInvalid()) << method << ": " << status;
      const std::string expected =
          std::string(method) + " takes no message of the type '" + type + "'";
      EXPECT_NE(status.message().find(expected), std::string::npos)
          << method << ": " << status;
    }
  }
  const arrow::Status misplaced =
      plain
          ->GetFlightInfo({}, FlightDescriptor::Command(any(
                                  "arrow.flight.protocol.sql.CommandStatementUpdate")))
          .status();
  EXPECT_NE(misplaced.message().find("CommandStatementUpdate'"), std::string::npos)
      << misplaced;
}

}  // namespace
}  // namespace pintail::flight
