// Whole servers in this process, asked through the command line's own client.
#include "server.h"

#include <filesystem>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/shell.h"
#include "config/load.h"
#include "gmock/gmock.h"

namespace pintail {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

ServerOptions Options(std::vector<config::FlagValue> more = {}) {
  std::vector<config::FlagValue> flags = {{"--database", {":memory:"}},
                                          {"--flight-listen", {"127.0.0.1:0"}},
                                          {"--http-listen", {"127.0.0.1:0"}},
                                          {"--log-level", {"error"}}};
  for (config::FlagValue& flag : more) flags.push_back(std::move(flag));
  const auto settings = config::Load({.usual_files = {}, .flags = flags}).ValueOrDie();
  return MakeServerOptions(settings, "").ValueOrDie();
}

std::unique_ptr<Server> StartServer(std::vector<config::FlagValue> more = {}) {
  auto server = Server::Make(Options(std::move(more))).ValueOrDie();
  EXPECT_TRUE(server->Start().ok());
  return server;
}

// The answer of a statement as CSV, or the error's message.
std::string Ask(cli::Client& client, const std::string& sql) {
  auto answer = client.Run(sql, nullptr);
  if (!answer.ok()) return "error: " + cli::PlainMessage(answer.status());
  std::ostringstream out;
  const cli::Terminal terminal{.out = out, .err = out};
  const auto status =
      cli::WriteAnswer(*std::move(answer), {.format = columnar::Format::kCsv}, terminal);
  return status.ok() ? out.str() : "error: " + cli::PlainMessage(status);
}

std::unique_ptr<cli::Client> ClientOf(const Server& server) {
  return cli::Client::Connect(server.flight_addresses().front()).ValueOrDie();
}

TEST(Server, ServesBesideAnotherInTheSameProcess) {
  const auto first = StartServer();
  const auto second = StartServer();
  ASSERT_THAT(first->flight_addresses(), SizeIs(1));
  ASSERT_THAT(first->http_addresses(), SizeIs(1));
  EXPECT_NE(first->flight_addresses(), second->flight_addresses());
  const auto one = ClientOf(*first);
  const auto two = ClientOf(*second);
  EXPECT_EQ(Ask(*one, "CREATE TABLE t AS SELECT 1 AS x"), "");
  EXPECT_EQ(Ask(*one, "SELECT x FROM t"), "x\n1\n");
  EXPECT_THAT(Ask(*two, "SELECT x FROM t"), HasSubstr("error: "));
}

TEST(Server, HasTheMetricsTableUnlessItIsTurnedOff) {
  const auto with = StartServer();
  EXPECT_EQ(Ask(*ClientOf(*with), "SELECT count(*) AS n FROM metrics"), "n\n0\n");
  const auto without = StartServer({{"--metrics-table-enabled", {"false"}}});
  EXPECT_THAT(Ask(*ClientOf(*without), "SELECT count(*) FROM metrics"),
              HasSubstr("metrics"));
}

TEST(Server, KeepsWhatWasWrittenWhenItStopsAndStartsAgain) {
  const std::string folder = ::testing::TempDir() + "/server_test_data";
  std::filesystem::remove_all(folder);
  const std::string path = folder + "/hot.duckdb";
  {
    const auto server = StartServer({{"--database", {path}}});
    EXPECT_EQ(Ask(*ClientOf(*server), "CREATE TABLE t AS SELECT 1 AS x"), "");
    ASSERT_TRUE(server->Stop().ok());
    ASSERT_TRUE(server->Stop().ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path + ".wal"));
  const auto server = StartServer({{"--database", {path}}});
  EXPECT_EQ(Ask(*ClientOf(*server), "SELECT x FROM t"), "x\n1\n");
  ASSERT_TRUE(server->Stop().ok());
  std::filesystem::remove_all(folder);
}

TEST(Server, RefusesAnAddressThatOtherMachinesReach) {
  for (const char* flag : {"--flight-listen", "--http-listen"}) {
    const auto server = Server::Make(Options({{flag, {"0.0.0.0:0"}}}));
    ASSERT_FALSE(server.ok());
    EXPECT_EQ(base::KindOf(server.status()), base::ErrorKind::kPermissionDenied);
    EXPECT_EQ(server.status().message().find('\n'), std::string::npos);
  }
}

TEST(Server, RefusesToListenNowhere) {
  const auto server =
      Server::Make(Options({{"--flight-listen", {"none"}}, {"--http-listen", {"none"}}}));
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(server.status().message(), HasSubstr("nothing to listen on"));
}

TEST(Server, NamesAnAddressThatIsTakenAndMakesNoDatabase) {
  const auto first = StartServer();
  const std::string taken = first->flight_addresses().front();
  const std::string folder = ::testing::TempDir() + "/server_test_taken";
  std::filesystem::remove_all(folder);
  const auto second = Server::Make(
      Options({{"--flight-listen", {taken}}, {"--database", {folder + "/hot.duckdb"}}}));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(base::KindOf(second.status()), base::ErrorKind::kUnavailable);
  EXPECT_THAT(second.status().message(),
              ::testing::AllOf(HasSubstr(taken), HasSubstr("--flight-listen")));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Client, SaysHowToStartAServerWhenThereIsNone) {
  const std::string address = StartServer()->flight_addresses().front();
  const auto client = cli::Client::Connect(address).ValueOrDie();
  EXPECT_THAT(Ask(*client, "SELECT 1"),
              ::testing::AllOf(HasSubstr(address), HasSubstr("pintail serve")));
}

TEST(Client, RefusesAnAddressThatIsNone) {
  for (const char* bad : {"http://127.0.0.1:1", "grpc://", ""}) {
    EXPECT_FALSE(cli::Client::Connect(bad).ok()) << bad;
  }
}

TEST(Client, CancelsAStatementFromAnotherThread) {
  const auto server = StartServer();
  const auto client = ClientOf(*server);
  // Endless, so that only the cancellation can end it.
  const std::string endless =
      "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n % 7 FROM t) SELECT count(*) "
      "FROM t";
  for (const std::string& sql : {endless, "CREATE TABLE made AS " + endless}) {
    std::thread other([&] {
      const auto watcher = ClientOf(*server);
      while (Ask(*watcher,
                 "SELECT count(*) AS n FROM pintail.statements WHERE status = "
                 "'running' AND sql LIKE '%RECURSIVE%' AND sql NOT LIKE "
                 "'%pintail%'") == "n\n0\n") {
        std::this_thread::yield();
      }
      client->Cancel();
    });
    EXPECT_EQ(Ask(*client, sql), "error: cancelled");
    other.join();
  }
  EXPECT_EQ(Ask(*client, "SELECT 1 AS x"), "x\n1\n");
}

// Lines given to a shell, and all that it wrote.
std::string Converse(cli::Client& client, const std::vector<std::string>& lines) {
  std::ostringstream out;
  const cli::Terminal terminal{.out = out, .err = out};
  cli::Shell shell(client, terminal);
  for (const std::string& line : lines) {
    const auto status = shell.Take(line);
    if (!status.ok()) terminal.PrintError(status);
  }
  return out.str();
}

TEST(Shell, RunsStatementsAcrossLinesAndSeveralInOne) {
  const auto server = StartServer();
  const auto client = ClientOf(*server);
  EXPECT_EQ(Converse(*client, {"SELECT 1 AS x -- ;", ", ';' AS y;", ".mode csv",
                               "SELECT 2 AS x; SELECT 3 AS x;"}),
            " x | y\n---+---\n 1 | ;\n(1 row)\nx\n2\nx\n3\n");
}

TEST(Shell, KeepsTheSessionBetweenStatements) {
  const auto server = StartServer();
  const auto client = ClientOf(*server);
  EXPECT_EQ(Converse(*client, {".mode csv", "CREATE TEMP TABLE mine AS SELECT 7 AS x;",
                               "SELECT x FROM mine;"}),
            "x\n7\n");
}

TEST(Shell, ListsTablesAndShowsHowTheyWereMade) {
  const auto server = StartServer();
  const auto client = ClientOf(*server);
  const std::string said = Converse(
      *client, {"CREATE TABLE birds (name VARCHAR);", ".tables bird%", ".schema birds"});
  EXPECT_THAT(said, HasSubstr("| main   | birds\n"));
  EXPECT_THAT(said, HasSubstr("CREATE TABLE birds(\"name\" VARCHAR);"));
}

TEST(Shell, NamesTheNearestCommandAndGoesOnAfterErrors) {
  const auto server = StartServer();
  const auto client = ClientOf(*server);
  const std::string said =
      Converse(*client, {".tabels", "SELECT nothing;", ".mode csv", "SELECT 1 AS x;"});
  EXPECT_THAT(said, HasSubstr("did you mean .tables?"));
  EXPECT_THAT(said, HasSubstr("nothing"));
  EXPECT_THAT(said, ::testing::EndsWith("x\n1\n"));
}

}  // namespace
}  // namespace pintail
