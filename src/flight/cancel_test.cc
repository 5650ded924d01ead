// Calls that are cancelled, out of time, polled, or whose client stops reading.
#include <string>
#include <thread>

#include "engine/connection.h"
#include "flight/testing/door_fixture.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightDescriptor;
using arrow::flight::FlightStatusCode;
using arrow::flight::FlightStatusDetail;
using namespace testing;  // NOLINT(google-build-using-namespace)

// Nobody waits for its end.
constexpr char kEndless[] =
    "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
constexpr char kEndlessRows[] = "SELECT range FROM range(100000000000)";

class CancelTest : public DoorTest {
 protected:
  int64_t ActiveCalls() {
    return static_cast<int64_t>(metrics->GetGauge("flight_active_calls", "").Value());
  }
  void WaitUntilIdle() {
    while (ActiveCalls() > 0) std::this_thread::yield();
  }
  double Ended(const char* method, const char* outcome) {
    return metrics
        ->GetCounter("flight_calls_total", "", {{"method", method}, {"status", outcome}})
        .Value();
  }
};

TEST_F(CancelTest, ACancelledFetchStopsItsQuery) {
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, kEndless));
  std::unique_ptr<arrow::flight::FlightStreamReader> stream;
  std::thread fetching([&] {
    // Answers only when the query ends: the schema comes with the first message.
    auto opened = client->DoGet(Aligned(), info->endpoints()[0].ticket);
    if (opened.ok()) {
      EXPECT_FALSE((*opened)->ToRecordBatches().ok());
    }
  });
  while (ActiveCalls() == 0) std::this_thread::yield();
  auto other = ConnectSql();
  ASSERT_OK_AND_ASSIGN(auto result,
                       other->CancelFlightInfo(
                           {}, arrow::flight::CancelFlightInfoRequest(
                                   std::make_unique<arrow::flight::FlightInfo>(*info))));
  EXPECT_EQ(result.status, arrow::flight::CancelStatus::kCancelled);
  fetching.join();
  WaitUntilIdle();
}

TEST_F(CancelTest, AClientThatGoesAwayStopsItsQuery) {
  auto leaving = ConnectSql();
  ASSERT_OK_AND_ASSIGN(auto info, leaving->Execute({}, kEndlessRows));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       leaving->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK(stream->Next().status());
  stream->Cancel();
  stream.reset();
  leaving.reset();
  WaitUntilIdle();
  EXPECT_EQ(Ended("DoGet", "cancelled"), 1);
}

TEST_F(CancelTest, ADeadlineStopsAStatement) {
  ASSERT_OK(client->ExecuteUpdate({}, "CREATE TABLE t (a HUGEINT)").status());
  arrow::flight::FlightCallOptions options;
  options.timeout = arrow::flight::TimeoutDuration(0.2);
  const arrow::Status status =
      client->ExecuteUpdate(options, std::string("INSERT INTO t ") + kEndless).status();
  const auto detail = FlightStatusDetail::UnwrapStatus(status);
  ASSERT_NE(detail, nullptr) << status;
  EXPECT_EQ(detail->code(), FlightStatusCode::TimedOut) << status;
  WaitUntilIdle();
  EXPECT_EQ(Ended("DoPut", "deadline_exceeded"), 1);
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "0");
}

TEST_F(CancelTest, TheOlderCancelQueryWorksToo) {
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, kEndlessRows));
  ARROW_SUPPRESS_DEPRECATION_WARNING
  ASSERT_OK_AND_ASSIGN(const auto result, client->CancelQuery({}, *info));
  EXPECT_EQ(result, arrow::flight::sql::CancelResult::kCancelled);
  ARROW_UNSUPPRESS_DEPRECATION_WARNING
  EXPECT_FALSE(Rows(*client, std::move(info)).ok());
}

TEST_F(CancelTest, WhatIsUnknownCannotBeCancelled) {
  ASSERT_OK_AND_ASSIGN(auto info, client->GetCatalogs({}));
  ASSERT_OK_AND_ASSIGN(auto result,
                       client->CancelFlightInfo(
                           {}, arrow::flight::CancelFlightInfoRequest(std::move(info))));
  EXPECT_EQ(result.status, arrow::flight::CancelStatus::kNotCancellable);
}

TEST_F(CancelTest, AClientThatStopsReadingLosesItsCall) {
  Start({.listen = {ListenAddress{}},
         .stream_idle_timeout = std::chrono::milliseconds(50)});
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, kEndlessRows));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       client->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK(stream->Next().status());
  // It reads no further, and the call ends all the same.
  WaitUntilIdle();
  EXPECT_EQ(Ended("DoGet", "deadline_exceeded"), 1);
  EXPECT_EQ(Query(*client, "SELECT 1").ValueOr(""), "1");
}

TEST_F(CancelTest, AClientThatStopsSendingLosesItsCall) {
  Start({.listen = {ListenAddress{}},
         .upload_idle_timeout = std::chrono::milliseconds(50)});
  const auto batch = Numbers("a", {1});
  ASSERT_OK_AND_ASSIGN(
      auto put, client->DoPut({}, FlightDescriptor::Command(R"({"stream_name": "s"})"),
                              batch->schema()));
  ASSERT_OK(put.writer->WriteRecordBatch(*batch));
  while (Ended("DoPut", "deadline_exceeded") == 0) std::this_thread::yield();
  EXPECT_FALSE(put.writer->Close().ok());
  EXPECT_FALSE(Query(*client, "SELECT * FROM s").ok());
}

TEST_F(CancelTest, ADrainEndsUploadsThatWaitForTheirClient) {
  const auto batch = Numbers("a", {1});
  const auto open = [&](const char* command) {
    auto put = client->DoPut({}, FlightDescriptor::Command(command), batch->schema())
                   .ValueOrDie();
    EXPECT_TRUE(put.writer->WriteRecordBatch(*batch).ok());
    return put;
  };
  const auto silent = open(R"({"stream_name": "silent"})");
  const auto steady = open(R"({"stream_name": "steady", "commit_rows": 1})");
  std::shared_ptr<arrow::Buffer> acknowledged;
  ASSERT_OK(steady.reader->ReadMetadata(&acknowledged));
  ASSERT_NE(acknowledged, nullptr);
  while (ActiveCalls() < 2) std::this_thread::yield();

  ASSERT_OK(gateway->Drain(std::chrono::milliseconds(0)));
  WaitUntilIdle();
  EXPECT_FALSE(silent.writer->Close().ok());
  EXPECT_FALSE(steady.writer->Close().ok());
  ASSERT_OK_AND_ASSIGN(const auto connection, database->Connect());
  ASSERT_OK_AND_ASSIGN(const auto kept, connection->Run("FROM steady"));
  EXPECT_EQ(RowsOf(*kept).ValueOr(""), "1");
  EXPECT_FALSE(connection->Run("FROM silent").ok());
}

TEST_F(CancelTest, AnUploadEndsWithItsSession) {
  const auto batch = Numbers("a", {1});
  ASSERT_OK_AND_ASSIGN(
      auto put, client->DoPut({}, FlightDescriptor::Command(R"({"stream_name": "s"})"),
                              batch->schema()));
  ASSERT_OK(put.writer->WriteRecordBatch(*batch));
  const auto& ingests = metrics->GetGauge("running_ingests", "");
  while (ingests.Value() < 1) std::this_thread::yield();
  ASSERT_OK(client->CloseSession({}, {}).status());
  WaitUntilIdle();
  EXPECT_EQ(ingests.Value(), 0);
  EXPECT_EQ(Ended("DoPut", "cancelled"), 1);
  EXPECT_FALSE(put.writer->Close().ok());
}

// A writer that is only dropped ends its stream in order, so here the client's time is
// up.
TEST_F(CancelTest, AProducerThatGivesUpLeavesNothingBehind) {
  const auto batch = Numbers("a", {1});
  arrow::flight::FlightCallOptions options;
  options.timeout = arrow::flight::TimeoutDuration{0.2};
  ASSERT_OK_AND_ASSIGN(
      auto put,
      client->DoPut(options, FlightDescriptor::Command(R"({"stream_name": "s"})"),
                    batch->schema()));
  ASSERT_OK(put.writer->WriteRecordBatch(*batch));
  while (ActiveCalls() < 1) std::this_thread::yield();
  WaitUntilIdle();
  EXPECT_FALSE(put.writer->Close().ok());
  EXPECT_EQ(Query(*client, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 's'")
                .ValueOr(""),
            "0");
}

// The command of a client's FlightInfo, for polling.
FlightDescriptor PollOf(arrow::flight::sql::FlightSqlClient& client,
                        const std::string& sql) {
  auto info = client.Execute({}, sql);
  return (*info)->descriptor();
}

TEST_F(CancelTest, PollingEndsInAFlight) {
  auto plain = Connect();
  FlightDescriptor descriptor = PollOf(*client, "SELECT 7");
  std::unique_ptr<arrow::flight::FlightInfo> done;
  while (!done) {
    ASSERT_OK_AND_ASSIGN(auto poll, plain->PollFlightInfo(descriptor));
    ASSERT_NE(poll->info, nullptr);
    ASSERT_TRUE(poll->progress);
    EXPECT_GE(*poll->progress, 0.0);
    EXPECT_LE(*poll->progress, 1.0);
    if (poll->descriptor) {
      descriptor = *poll->descriptor;
    } else {
      done = std::move(poll->info);
    }
  }
  EXPECT_EQ(Rows(*client, std::move(done)).ValueOr(""), "7");
}

TEST_F(CancelTest, WhatIsPolledCanBeCancelled) {
  auto plain = Connect();
  ASSERT_OK_AND_ASSIGN(auto poll, plain->PollFlightInfo(PollOf(*client, kEndless)));
  ASSERT_TRUE(poll->descriptor);
  const FlightDescriptor next = *poll->descriptor;
  ASSERT_OK_AND_ASSIGN(
      auto result, client->CancelFlightInfo({}, arrow::flight::CancelFlightInfoRequest(
                                                    std::move(poll->info))));
  EXPECT_EQ(result.status, arrow::flight::CancelStatus::kCancelled);
  EXPECT_FALSE(plain->PollFlightInfo(next).ok());
}

TEST_F(CancelTest, PollingAStatementThatFailsTellsItsError) {
  auto plain = Connect();
  FlightDescriptor descriptor =
      PollOf(*client, "SELECT error('as it should') FROM range(10)");
  arrow::Status status;
  while (status.ok()) {
    auto poll = plain->PollFlightInfo(descriptor);
    status = poll.status();
    if (!status.ok()) break;
    if (!(*poll)->descriptor) {
      status = Rows(*client, std::move((*poll)->info)).status();
      break;
    }
    descriptor = *(*poll)->descriptor;
  }
  EXPECT_NE(status.message().find("as it should"), std::string::npos) << status;
}

}  // namespace
}  // namespace pintail::flight
