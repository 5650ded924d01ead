// Sessions over the wire: what belongs together, and what does not.
#include <string>
#include <thread>

#include "flight/testing/door_fixture.h"

namespace pintail::flight {
namespace {

using arrow::flight::SessionOptionValue;
using arrow::flight::SetSessionOptionErrorValue;
using namespace testing;  // NOLINT(google-build-using-namespace)

using SessionTest = DoorTest;

TEST_F(SessionTest, AConnectionWithoutCookiesIsASession) {
  ASSERT_OK(
      client->ExecuteUpdate({}, "CREATE TEMP TABLE mine AS SELECT 1 AS a").status());
  EXPECT_EQ(Query(*client, "SELECT a FROM mine").ValueOr(""), "1");
  EXPECT_FALSE(Query(*ConnectSql(), "SELECT a FROM mine").ok());
}

TEST_F(SessionTest, ACookieIsASession) {
  auto keeper = ConnectSql(0, /*keep_cookies=*/true);
  ASSERT_OK(
      keeper->ExecuteUpdate({}, "CREATE TEMP TABLE mine AS SELECT 1 AS a").status());
  EXPECT_EQ(Query(*keeper, "SELECT a FROM mine").ValueOr(""), "1");
}

TEST_F(SessionTest, HandlesWorkFromAnyConnection) {
  ASSERT_OK_AND_ASSIGN(auto info, client->Execute({}, "SELECT 5"));
  auto other = ConnectSql();
  EXPECT_EQ(Rows(*other, std::move(info)).ValueOr(""), "5");
}

TEST_F(SessionTest, OptionsAreSetAndTold) {
  ASSERT_OK(
      client->ExecuteUpdate({}, "CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 9 AS a")
          .status());
  ASSERT_OK_AND_ASSIGN(
      auto result,
      client->SetSessionOptions(
          {}, arrow::flight::SetSessionOptionsRequest(
                  {{"schema", SessionOptionValue(std::string("s"))},
                   {"statement_timeout", SessionOptionValue(int64_t{60'000})},
                   {"time_zone", SessionOptionValue(std::string("Asia/Tokyo"))}})));
  EXPECT_TRUE(result.errors.empty()) << result.ToString();
  EXPECT_EQ(Query(*client, "SELECT a FROM t").ValueOr(""), "9");
  ASSERT_OK_AND_ASSIGN(auto options, client->GetSessionOptions({}, {}));
  EXPECT_EQ(options.session_options.at("schema"), SessionOptionValue(std::string("s")));
  EXPECT_EQ(options.session_options.at("time_zone"),
            SessionOptionValue(std::string("Asia/Tokyo")));
}

TEST_F(SessionTest, OptionsThatDoNotFitAreNamed) {
  ASSERT_OK_AND_ASSIGN(
      auto result,
      client->SetSessionOptions(
          {},
          arrow::flight::SetSessionOptionsRequest(
              {{"no_such_option", SessionOptionValue(std::string("x"))},
               {"statement_timeout", SessionOptionValue(std::string("soon"))},
               {"search_path", SessionOptionValue(std::vector<std::string>{"a\"b"})}})));
  ASSERT_EQ(result.errors.size(), 3u) << result.ToString();
  EXPECT_EQ(result.errors["no_such_option"].value,
            SetSessionOptionErrorValue::kInvalidName);
  EXPECT_EQ(result.errors["statement_timeout"].value,
            SetSessionOptionErrorValue::kInvalidValue);
  EXPECT_EQ(result.errors["search_path"].value,
            SetSessionOptionErrorValue::kInvalidValue);
}

TEST_F(SessionTest, OptionsOfEveryTypeReachDuckDbAsTheyAre) {
  ASSERT_OK(
      client->ExecuteUpdate({}, "CREATE SCHEMA \"one, two\"; CREATE SCHEMA b").status());
  const auto set = [&](const char* name, SessionOptionValue value) {
    const auto result = client->SetSessionOptions(
        {}, arrow::flight::SetSessionOptionsRequest({{name, std::move(value)}}));
    EXPECT_TRUE(result.ok() && result->errors.empty()) << name;
  };
  const auto setting = [&](const std::string& name) {
    return Query(*client, "SELECT current_setting('" + name + "')").ValueOr("");
  };
  set("search_path", std::vector<std::string>{"one, two", "b"});
  EXPECT_EQ(setting("search_path"), "\"one, two\",b");
  EXPECT_EQ(Query(*client, "SELECT current_schema()").ValueOr(""), "one, two");
  set("schema", SessionOptionValue());
  EXPECT_EQ(Query(*client, "SELECT current_schema()").ValueOr(""), "main");
  set("index_scan_percentage", 0.000'000'123'4);
  EXPECT_EQ(setting("index_scan_percentage"), "1.234e-7");
  set("index_scan_percentage", SessionOptionValue());
  EXPECT_EQ(setting("index_scan_percentage"), "0.001");
  set("preserve_insertion_order", false);
  EXPECT_EQ(setting("preserve_insertion_order"), "false");
}

TEST_F(SessionTest, ClosingASessionDropsWhatItHas) {
  ASSERT_OK_AND_ASSIGN(auto transaction, client->BeginTransaction({}));
  ASSERT_OK(
      client->ExecuteUpdate({}, "CREATE TEMP TABLE mine AS SELECT 1 AS a").status());
  ASSERT_OK_AND_ASSIGN(auto result, client->CloseSession({}, {}));
  EXPECT_EQ(result.status, arrow::flight::CloseSessionStatus::kClosed);
  EXPECT_FALSE(Query(*client, "SELECT a FROM mine").ok());
  EXPECT_FALSE(client->Commit({}, transaction).ok());
  EXPECT_EQ(Query(*client, "SELECT 1").ValueOr(""), "1");
}

TEST_F(SessionTest, ASessionWithoutCookiesEndsWithItsConnection) {
  constexpr char kCount[] = "SELECT count(*) FROM pintail.sessions";
  auto leaving = ConnectSql();
  ASSERT_OK(leaving->ExecuteUpdate({}, "CREATE TEMP TABLE mine (a INT)").status());
  EXPECT_EQ(Query(*client, kCount).ValueOr(""), "2");
  leaving.reset();
  while (Query(*client, kCount).ValueOr("1") != "1") std::this_thread::yield();
}

// What began in a session must not go on in another one.
TEST_F(SessionTest, ATransactionThatExpiredIsToldBeforeAnythingElseRuns) {
  for (const bool keep_cookies : {false, true}) {
    Start({.listen = {ListenAddress{}},
           .session_idle_timeout = std::chrono::milliseconds(1)},
          {.session_idle_timeout = std::chrono::milliseconds(1)});
    constexpr char kTake[] = "INSERT INTO t VALUES (2)";
    auto mine = ConnectSql(0, keep_cookies);
    ASSERT_OK(mine->ExecuteUpdate({}, "CREATE TABLE t (a INT)").status());
    ASSERT_OK(mine->ExecuteUpdate({}, "BEGIN; INSERT INTO t VALUES (1)").status());
    constexpr char kOpen[] = "SELECT count(*) FROM pintail.sessions";
    while (Query(*client, kOpen).ValueOr("2") != "1") std::this_thread::yield();
    const arrow::Status told = mine->ExecuteUpdate({}, kTake).status();
    EXPECT_NE(told.message().find("session.idle_timeout"), std::string::npos) << told;
    EXPECT_NE(told.message().find("transaction"), std::string::npos) << told;
    EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "0");
    ASSERT_OK(mine->ExecuteUpdate({}, kTake).status());
    EXPECT_EQ(Query(*client, "SELECT count(*) FROM t").ValueOr(""), "1");
  }
}

TEST_F(SessionTest, ClientsThatLeftMakeRoomForNewOnes) {
  Start({.listen = {ListenAddress{}}}, {.max_sessions = 3});
  ASSERT_OK(Query(*client, "SELECT 1").status());
  for (int i = 0; i < 10; ++i) {
    auto passing = ConnectSql();
    // What left a moment ago counts as there for a second.
    while (!Query(*passing, "SELECT 1").ok()) std::this_thread::yield();
  }
}

}  // namespace
}  // namespace pintail::flight
