// The door as a whole: where it listens, when it refuses, how it ends, what it counts.
#include <string>
#include <thread>

#include "flight/health.grpc.pb.h"
#include "flight/testing/door_fixture.h"
#include "flight/testing/raw_client.h"
#include "grpcpp/grpcpp.h"

namespace pintail::flight {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using namespace testing;  // NOLINT(google-build-using-namespace)

class FlightDoorTest : public DoorTest {
 protected:
  std::string Address() const { return door->addresses()[0].ToString(); }

  HealthCheckResponse::ServingStatus Check() {
    auto stub = Health::NewStub(RawChannel(Address()));
    grpc::ClientContext context;
    HealthCheckResponse response;
    const grpc::Status status = stub->Check(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }
};

TEST(ListenAddress, ReadsHostAndPort) {
  const struct {
    const char* text;
    const char* host;
    int port;
  } kTable[] = {{"127.0.0.1:50051", "127.0.0.1", 50051},
                {"localhost:0", "localhost", 0},
                {"[::1]:8815", "::1", 8815},
                {"0.0.0.0:65535", "0.0.0.0", 65535}};
  for (const auto& row : kTable) {
    auto address = ListenAddress::Parse(row.text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->host, row.host);
    EXPECT_EQ(address->port, row.port);
    EXPECT_EQ(address->ToString(), row.text);
  }
  for (const char* text : {"", "localhost", ":1", "localhost:", "localhost:x",
                           "localhost:65536", "localhost:-1", "::1:80", "a:1:2"}) {
    EXPECT_FALSE(ListenAddress::Parse(text).ok()) << text;
  }
}

TEST_F(FlightDoorTest, TellsThePortsItReallyListensOn) {
  Start({.listen = {ListenAddress{}, ListenAddress{}}});
  ASSERT_EQ(door->addresses().size(), 2u);
  EXPECT_NE(door->addresses()[0].port, 0);
  EXPECT_NE(door->addresses()[0].port, door->addresses()[1].port);
  auto second = ConnectSql(1);
  EXPECT_EQ(Query(*second, "SELECT 1").ValueOr(""), "1");
}

TEST_F(FlightDoorTest, NamesTheAddressThatIsInUse) {
  const int taken = door->addresses()[0].port;
  auto second = FlightDoor::Start({*gateway, clock, *logs, *metrics},
                                  {.listen = {ListenAddress{.port = taken}}});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(base::KindOf(second.status()), base::ErrorKind::kUnavailable);
  EXPECT_NE(second.status().message().find("127.0.0.1:" + std::to_string(taken)),
            std::string::npos)
      << second.status();
  EXPECT_EQ(second.status().message().find('\n'), std::string::npos);
  EXPECT_EQ(Query(*client, "SELECT 1").ValueOr(""), "1");
}

TEST_F(FlightDoorTest, SaysThatItIsHealthyUntilItDrains) {
  EXPECT_EQ(Check(), HealthCheckResponse::SERVING);
  auto stub = Health::NewStub(RawChannel(Address()));
  grpc::ClientContext context;
  auto watch = stub->Watch(&context, {});
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  door->Drain();
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(FlightDoorTest, HealthKnowsOnlyItsServices) {
  auto stub = Health::NewStub(RawChannel(Address()));
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service("some.other.Service");
  HealthCheckResponse response;
  EXPECT_EQ(stub->Check(&context, request, &response).error_code(), grpc::NOT_FOUND);
}

TEST_F(FlightDoorTest, RefusesNewCallsWhileItDrains) {
  door->Drain();
  const arrow::Status status = Query(*client, "SELECT 1").status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("shutting down"), std::string::npos) << status;
}

TEST_F(FlightDoorTest, StoppingWaitsForWhatRuns) {
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, "SELECT range FROM range(100000)"));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       client->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK(stream->Next().status());
  std::thread stopping([&] { door->Stop(std::chrono::seconds(60)); });
  int64_t rows = 0;
  while (true) {
    auto chunk = stream->Next();
    ASSERT_OK(chunk.status());
    if (!chunk->data) break;
    rows += chunk->data->num_rows();
  }
  stopping.join();
  EXPECT_GT(rows, 0);
  EXPECT_FALSE(Query(*client, "SELECT 1").ok());
}

TEST_F(FlightDoorTest, StoppingEndsWhatDoesNotEndInTime) {
  ASSERT_OK_AND_ASSIGN(auto info,
                       client->Execute({}, "SELECT range FROM range(100000000000)"));
  ASSERT_OK_AND_ASSIGN(auto stream,
                       client->DoGet(Aligned(), info->endpoints()[0].ticket));
  ASSERT_OK(stream->Next().status());
  door->Stop(std::chrono::milliseconds(0));
  EXPECT_FALSE(stream->ToRecordBatches().ok());
}

TEST_F(FlightDoorTest, RefusesMoreCallsThanItMayServe) {
  Start({.listen = {ListenAddress{}}, .max_calls = 2});
  ASSERT_OK_AND_ASSIGN(auto info,
                       client->Execute({}, "SELECT range FROM range(100000000000)"));
  const auto& ticket = info->endpoints()[0].ticket;
  ASSERT_OK_AND_ASSIGN(auto first, client->DoGet(Aligned(), ticket));
  ASSERT_OK(first->Next().status());
  ASSERT_OK_AND_ASSIGN(auto second, client->DoGet(Aligned(), ticket));
  ASSERT_OK(second->Next().status());
  const auto refused =
      RawCall(Address(), "/arrow.flight.protocol.FlightService/ListActions", "");
  EXPECT_EQ(refused.status.error_code(), grpc::RESOURCE_EXHAUSTED)
      << refused.status.error_message();
  // The server can still be asked how it is.
  EXPECT_EQ(Check(), HealthCheckResponse::SERVING);
  first->Cancel();
  second->Cancel();
}

TEST_F(FlightDoorTest, CountsCallsByMethodAndOutcome) {
  ASSERT_OK(Query(*client, "SELECT 1").status());
  EXPECT_FALSE(Query(*client, "SELEC").ok());
  const auto calls = [&](const char* method, const char* outcome) {
    return metrics
        ->GetCounter("flight_calls_total", "", {{"method", method}, {"status", outcome}})
        .Value();
  };
  EXPECT_EQ(calls("GetFlightInfo", "ok"), 1);
  EXPECT_EQ(calls("GetFlightInfo", "invalid_sql"), 1);
  EXPECT_EQ(calls("DoGet", "ok"), 1);
  EXPECT_EQ(metrics->GetGauge("flight_active_calls", "").Value(), 0);
}

TEST_F(FlightDoorTest, TakesLargeStatementsAndHeaders) {
  const std::string literal(8 << 20, 'x');
  EXPECT_EQ(Query(*client, "SELECT length('" + literal + "')").ValueOr(""), "8388608");
  arrow::flight::FlightCallOptions options;
  options.headers.emplace_back("x-large", std::string(64 * 1024, 'h'));
  ASSERT_OK(client->Execute(options, "SELECT 1").status());
}

TEST_F(FlightDoorTest, ErrorsCarryTheGrpcCodeOfTheirKind) {
  const auto info = [&](const std::string& cmd) {
    // FlightDescriptor { type = CMD, cmd }
    return RawCall(Address(), "/arrow.flight.protocol.FlightService/GetFlightInfo",
                   std::string("\x08\x02\x12") + static_cast<char>(cmd.size()) + cmd)
        .status;
  };
  EXPECT_EQ(info("nonsense").error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(RawCall(Address(), "/arrow.flight.protocol.FlightService/GetFlightInfo",
                    std::string("\x08\x01\x1a\x07nowhere", 11))
                .status.error_code(),
            grpc::NOT_FOUND);
}

}  // namespace
}  // namespace pintail::flight
