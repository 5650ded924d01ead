// Plain Flight: listings, paths, tickets, and the action sql.query.
#include <string>

#include "arrow/buffer.h"
#include "flight/testing/door_fixture.h"
#include "flight/testing/raw_client.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightDescriptor;
using arrow::flight::Ticket;
using namespace testing;  // NOLINT(google-build-using-namespace)

class PlainFlightTest : public DoorTest {
 protected:
  void SetUp() override {
    DoorTest::SetUp();
    plain = Connect();
    ASSERT_OK(client
                  ->ExecuteUpdate({},
                                  "CREATE SCHEMA s; CREATE TABLE s.t AS "
                                  "SELECT 1::BIGINT AS a, 'x''y' AS b")
                  .status());
  }

  arrow::Result<std::string> Fetch(const std::string& ticket) {
    ARROW_ASSIGN_OR_RAISE(auto stream, plain->DoGet(Ticket{ticket}));
    ARROW_ASSIGN_OR_RAISE(auto batches, stream->ToRecordBatches());
    if (batches.empty()) return "";
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::RecordBatchReader::Make(std::move(batches)));
    return RowsOf(*reader);
  }

  arrow::Result<std::string> Act(const std::string& type, const std::string& body) {
    arrow::flight::Action action{type, arrow::Buffer::FromString(body)};
    ARROW_ASSIGN_OR_RAISE(auto results, plain->DoAction(action));
    std::string text;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto result, results->Next());
      if (!result) return text;
      text += result->body->ToString() + "\n";
    }
  }

  std::unique_ptr<arrow::flight::FlightClient> plain;
};

TEST_F(PlainFlightTest, ListsTablesAsFlights) {
  ASSERT_OK_AND_ASSIGN(auto listing,
                       plain->ListFlights({}, arrow::flight::Criteria{"t"}));
  ASSERT_OK_AND_ASSIGN(auto info, listing->Next());
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->descriptor().path, (std::vector<std::string>{"memory", "s", "t"}));
  arrow::ipc::DictionaryMemo memo;
  ASSERT_OK_AND_ASSIGN(auto schema, info->GetSchema(&memo));
  EXPECT_EQ(schema->field_names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Fetch(info->endpoints()[0].ticket.ticket).ValueOr(""), "1|x'y");
  ASSERT_OK_AND_ASSIGN(info, listing->Next());
  EXPECT_EQ(info, nullptr);
}

TEST_F(PlainFlightTest, APathIsAWholeTable) {
  ASSERT_OK_AND_ASSIGN(auto info,
                       plain->GetFlightInfo(FlightDescriptor::Path({"s", "t"})));
  EXPECT_EQ(Fetch(info->endpoints()[0].ticket.ticket).ValueOr(""), "1|x'y");
  ASSERT_OK_AND_ASSIGN(auto schema, plain->GetSchema(FlightDescriptor::Path({"s.t"})));
  arrow::ipc::DictionaryMemo memo;
  EXPECT_EQ(schema->GetSchema(&memo).ValueOrDie()->num_fields(), 2);
  EXPECT_TRUE(
      plain->GetFlightInfo(FlightDescriptor::Path({"nowhere"})).status().IsKeyError());
}

TEST_F(PlainFlightTest, ATicketMayHoldTheSqlOrTheTable) {
  EXPECT_EQ(Fetch(R"({"sql": "SELECT 6 * 7"})").ValueOr(""), "42");
  EXPECT_EQ(Fetch(R"({"table": "s.t"})").ValueOr(""), "1|x'y");
  EXPECT_EQ(Fetch(R"({"table": ["s", "t"]})").ValueOr(""), "1|x'y");
}

TEST_F(PlainFlightTest, RefusesAServiceThatIsNotRegistered) {
  for (const char* key : {"param_type", "type", "kind"}) {
    const auto answer =
        RawCall(door->addresses()[0].ToString(),
                "/arrow.flight.protocol.FlightService/DoGet", [&] {
                  const std::string json =
                      std::string("{\"") + key + "\": \"some.module.Params\", \"n\": 1}";
                  return std::string("\x0a") + static_cast<char>(json.size()) + json;
                }());
    EXPECT_EQ(answer.status.error_code(), grpc::INTERNAL)
        << answer.status.error_message();
    EXPECT_NE(answer.status.error_message().find("some.module.Params"),
              std::string::npos);
    EXPECT_NE(answer.status.error_message().find("registered data services: none"),
              std::string::npos);
  }
}

TEST_F(PlainFlightTest, RefusesTicketsAndDescriptorsThatMeanNothing) {
  EXPECT_TRUE(Fetch("nonsense").status().IsInvalid());
  EXPECT_TRUE(Fetch("").status().IsInvalid());
  EXPECT_TRUE(Fetch("{").status().IsInvalid());
  EXPECT_TRUE(plain->GetFlightInfo(FlightDescriptor::Command("x")).status().IsInvalid());
  EXPECT_FALSE(plain->DoExchange(FlightDescriptor::Command("x")).ok() &&
               plain->DoExchange(FlightDescriptor::Command("x"))->reader->Next().ok());
}

TEST_F(PlainFlightTest, SqlQueryAnswersARowAResult) {
  const std::string expected = "{\"a\":1,\"b\":\"x'y\"}\n{\"a\":2,\"b\":null}\n";
  const std::string sql = "SELECT a, b FROM s.t UNION ALL SELECT 2, NULL ORDER BY a";
  EXPECT_EQ(Act("sql.query", sql).ValueOr(""), expected);
  EXPECT_EQ(Act("sql.query", R"({"type":"sql.query","data":")" + sql + "\"}").ValueOr(""),
            expected);
  EXPECT_EQ(Act("sql.query", "INSERT INTO s.t VALUES (3, 'z')").ValueOr(""),
            "{\"rows_affected\":1}\n");
  EXPECT_EQ(Act("sql.query", "SELECT 1 WHERE false").ValueOr("error"), "");
  EXPECT_TRUE(Act("sql.query", "{}").status().IsInvalid());
  EXPECT_TRUE(Act("sql.query", "SELEC").status().IsInvalid());
}

TEST_F(PlainFlightTest, ListsOnlyActionsThatDoSomething) {
  ASSERT_OK_AND_ASSIGN(auto actions, plain->ListActions());
  std::vector<std::string> names;
  for (const auto& action : actions) names.push_back(action.type);
  for (const char* name : {"sql.query", "CancelFlightInfo", "CancelQuery",
                           "BeginTransaction", "SetSessionOptions", "CloseSession"}) {
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
  EXPECT_EQ(std::ranges::find(names, "BeginSavepoint"), names.end());
  EXPECT_TRUE(Act("no.such.action", "").status().IsNotImplemented());
}

}  // namespace
}  // namespace pintail::flight
