// Statements, prepared statements and transactions, by a real client over the wire.
#include <string>

#include "arrow/array/builder_primitive.h"
#include "flight/testing/door_fixture.h"

namespace pintail::flight {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace)

using StatementTest = DoorTest;

TEST_F(StatementTest, AnswersAQuery) {
  ASSERT_OK_AND_ASSIGN(auto info,
                       client->Execute({}, "SELECT 42 AS answer, 'x' AS name"));
  arrow::ipc::DictionaryMemo memo;
  ASSERT_OK_AND_ASSIGN(auto schema, info->GetSchema(&memo));
  EXPECT_EQ(schema->ToString(), "answer: int32\nname: string");
  ASSERT_EQ(info->endpoints().size(), 1u);
  EXPECT_TRUE(info->endpoints()[0].locations.empty());
  ASSERT_OK_AND_ASSIGN(auto rows, Rows(*client, std::move(info)));
  EXPECT_EQ(rows, "42|x");
}

TEST_F(StatementTest, StreamsManyBatches) {
  ASSERT_OK_AND_ASSIGN(auto info,
                       client->Execute({}, "SELECT range FROM range(1000000)"));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       client->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK_AND_ASSIGN(auto batches, stream->ToRecordBatches());
  EXPECT_GT(batches.size(), 1u);
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->num_rows();
  EXPECT_EQ(rows, 1'000'000);
}

TEST_F(StatementTest, ChangesTakeEffectOnceWhenTheFlightIsAskedFor) {
  ASSERT_OK(client->Execute({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, "INSERT INTO t VALUES (1), (2)"));
  EXPECT_EQ(info->total_records(), 2);
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "2");
  // Fetching gives the result that is there, twice too.
  ASSERT_OK(client->DoGet(Aligned(), info->endpoints()[0].ticket).status());
  ASSERT_OK(Rows(*client, std::move(info)).status());
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "2");
}

TEST_F(StatementTest, KeepsWhatAnInsertReturnsUntilItIsFetched) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto info,
                       client->Execute({}, "INSERT INTO t VALUES (7) RETURNING a + 1"));
  EXPECT_EQ(Query(*client, "SELECT a FROM t").ValueOr(""), "7");
  EXPECT_EQ(Rows(*client, std::move(info)).ValueOr(""), "8");
}

TEST_F(StatementTest, ResultsThatHaveServedTakeNoRoomFromNewOnes) {
  Start({.listen = {ListenAddress{}}}, {.max_parked_results = 4});
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto waiting, client->Execute({}, "SELECT 9"));
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(Query(*client, "SELECT 1").status());
    // Nobody fetches this one.
    ASSERT_OK(client->Execute({}, "INSERT INTO t VALUES (1)").status());
  }
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "20");
  // One that was fetched a moment ago can be fetched again.
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, "SELECT 7"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        Rows(*client, std::make_unique<arrow::flight::FlightInfo>(*info)).ValueOr(""),
        "7");
  }
  EXPECT_EQ(Rows(*client, std::move(waiting)).ValueOr("gave way"), "9");
}

TEST_F(StatementTest, OfATransactionKnowItsTablesAndOthersDoNot) {
  ASSERT_OK_AND_ASSIGN(auto transaction, client->BeginTransaction({}));
  ASSERT_OK(
      client->ExecuteUpdate({}, "CREATE TABLE fresh (a BIGINT)", transaction).status());
  const std::string sql = "SELECT a FROM fresh";
  ASSERT_OK(client->GetExecuteSchema({}, sql, transaction).status());
  ASSERT_OK_AND_ASSIGN(auto prepared, client->Prepare({}, sql, transaction));
  ASSERT_OK(prepared->Close());
  EXPECT_FALSE(client->GetExecuteSchema({}, sql).ok());
  EXPECT_FALSE(client->Prepare({}, sql).ok());
  // The protocol's listing names no transaction.
  const std::string name = "fresh";
  const auto listed = [&] {
    return Rows(*client, client->GetTables({}, nullptr, nullptr, &name, false, nullptr))
        .ValueOr("failed");
  };
  EXPECT_EQ(listed(), "");
  ASSERT_OK(client->Commit({}, transaction));
  EXPECT_EQ(listed(), "memory|main|fresh|TABLE");
}

TEST_F(StatementTest, UpdatesReportTheRowsTheyChanged) {
  EXPECT_EQ(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").ValueOr(-2), 0);
  EXPECT_EQ(
      client->ExecuteUpdate({}, "INSERT INTO t SELECT range FROM range(5)").ValueOr(0),
      5);
  EXPECT_EQ(client->ExecuteUpdate({}, "DELETE FROM t WHERE a > 2").ValueOr(0), 2);
  EXPECT_EQ(client->ExecuteUpdate({}, "UPDATE t SET a = 0 WHERE a > 99").ValueOr(-2), 0);
}

TEST_F(StatementTest, RunsSeveralStatementsOfOneTextInOrder) {
  ASSERT_OK_AND_ASSIGN(auto rows,
                       Query(*client,
                             "CREATE TABLE t (a INT); INSERT INTO t VALUES (1); "
                             "SELECT a FROM t"));
  EXPECT_EQ(rows, "1");
}

TEST_F(StatementTest, TellsTheSchemaWithoutRunning) {
  ASSERT_OK_AND_ASSIGN(auto result, client->GetExecuteSchema(
                                        {}, "SELECT 1::DOUBLE AS d, NULL::DATE AS e"));
  arrow::ipc::DictionaryMemo memo;
  ASSERT_OK_AND_ASSIGN(auto schema, result->GetSchema(&memo));
  EXPECT_EQ(schema->ToString(), "d: double\ne: date32[day]");
}

TEST_F(StatementTest, ErrorsSayWhatHappenedAndEndWithTheRequestId) {
  arrow::flight::FlightCallOptions options;
  options.headers.emplace_back("x-request-id", "from-the-test");
  const arrow::Status status = client->Execute(options, "SELEC 1").status();
  EXPECT_TRUE(status.IsInvalid()) << status;
  EXPECT_NE(status.message().find("SELEC"), std::string::npos) << status;
  EXPECT_NE(status.message().find("(request from-the-test)"), std::string::npos)
      << status;
  EXPECT_TRUE(client->Execute({}, "SELECT * FROM nowhere").status().ok() == false);
}

TEST_F(StatementTest, PreparedStatementsTellTheirSchemas) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT, b VARCHAR)").status());
  ASSERT_OK_AND_ASSIGN(auto query, client->Prepare({}, "SELECT a FROM t WHERE b = ?"));
  EXPECT_EQ(query->dataset_schema()->ToString(), "a: int64");
  ASSERT_OK_AND_ASSIGN(auto asked_again, query->GetSchema());
  arrow::ipc::DictionaryMemo memo;
  EXPECT_EQ(asked_again->GetSchema(&memo).ValueOrDie()->ToString(), "a: int64");
  ASSERT_EQ(query->parameter_schema()->num_fields(), 1);
  EXPECT_EQ(query->parameter_schema()->field(0)->type()->ToString(), "string");
  ASSERT_OK_AND_ASSIGN(auto insert, client->Prepare({}, "INSERT INTO t VALUES (?, ?)"));
  EXPECT_TRUE(insert->dataset_schema() == nullptr ||
              insert->dataset_schema()->num_fields() == 0);
  EXPECT_EQ(insert->parameter_schema()->num_fields(), 2);
  ASSERT_OK(query->Close());
  ASSERT_OK(insert->Close());
}

TEST_F(StatementTest, PreparedQueriesRunForBoundParameters) {
  ASSERT_OK(
      client->ExecuteUpdate({}, "CREATE TABLE t AS SELECT range AS a FROM range(10)")
          .status());
  ASSERT_OK_AND_ASSIGN(auto query, client->Prepare({}, "SELECT a FROM t WHERE a = ?"));
  for (const int64_t value : {3, 5}) {
    ASSERT_OK(query->SetParameters(Numbers("0", {value})));
    EXPECT_EQ(Rows(*client, query->Execute()).ValueOr(""), std::to_string(value));
  }
  ASSERT_OK(query->Close());
}

TEST_F(StatementTest, PreparedUpdatesRunOnceForEachRow) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto insert, client->Prepare({}, "INSERT INTO t VALUES (?)"));
  ASSERT_OK(insert->SetParameters(Numbers("0", {1, 2, 3})));
  EXPECT_EQ(insert->ExecuteUpdate().ValueOr(0), 3);
  EXPECT_EQ(Query(*client, "SELECT sum(a)::BIGINT FROM t").ValueOr(""), "6");
  ASSERT_OK(insert->Close());
}

// What the Python ADBC driver does: bind as for a query, then only ask for the flight.
TEST_F(StatementTest, PreparedChangesTakeEffectWhenTheFlightIsAskedFor) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto insert, client->Prepare({}, "INSERT INTO t VALUES (?)"));
  ASSERT_OK(insert->SetParameters(Numbers("0", {4})));
  ASSERT_OK(insert->Execute().status());
  ASSERT_OK(insert->Close());
  EXPECT_EQ(Query(*client, "SELECT a FROM t").ValueOr(""), "4");
}

TEST_F(StatementTest, RefusesParametersThatDoNotFit) {
  ASSERT_OK_AND_ASSIGN(auto query, client->Prepare({}, "SELECT ? + ?"));
  ASSERT_OK(query->SetParameters(Numbers("0", {1})));
  const arrow::Status status = query->Execute().status();
  EXPECT_TRUE(status.IsInvalid()) << status;
  ASSERT_OK(query->Close());
}

TEST_F(StatementTest, TransactionsCommitAndRollBack) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a BIGINT)").status());
  ASSERT_OK_AND_ASSIGN(auto kept, client->BeginTransaction({}));
  ASSERT_OK(client->ExecuteUpdate({}, "INSERT INTO t VALUES (1)", kept).status());
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "0");
  EXPECT_EQ(
      Rows(*client, client->Execute({}, "SELECT count(*) FROM t", kept)).ValueOr(""),
      "1");
  ASSERT_OK(client->Commit({}, kept));
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "1");

  ASSERT_OK_AND_ASSIGN(auto undone, client->BeginTransaction({}));
  ASSERT_OK(client->ExecuteUpdate({}, "INSERT INTO t VALUES (2)", undone).status());
  // Another connection may end it.
  auto other = ConnectSql();
  ASSERT_OK(other->Rollback({}, undone));
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "1");
  EXPECT_FALSE(client->Commit({}, undone).ok());
}

TEST_F(StatementTest, RefusesSavepoints) {
  ASSERT_OK_AND_ASSIGN(auto transaction, client->BeginTransaction({}));
  const arrow::Status status = client->BeginSavepoint({}, transaction, "here").status();
  EXPECT_TRUE(status.IsNotImplemented()) << status;
  ASSERT_OK(client->Rollback({}, transaction));
}

}  // namespace
}  // namespace pintail::flight
