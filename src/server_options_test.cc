#include "server_options.h"

#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "gmock/gmock.h"

namespace pintail {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

config::Settings Load(std::vector<config::FlagValue> flags) {
  return config::Load({.usual_files = {}, .flags = std::move(flags)}).ValueOrDie();
}

arrow::Result<ServerOptions> OptionsOf(std::vector<config::FlagValue> flags) {
  return MakeServerOptions(Load(std::move(flags)), "/extensions");
}

TEST(ServerOptions, TakeEveryDeclaredOption) {
  const config::Settings settings = Load({});
  ASSERT_TRUE(MakeServerOptions(settings, "").ok());
  for (const config::Option& option : config::Options()) {
    // The process itself reads where its ready file goes.
    if (option.key == "server.ready_file") continue;
    EXPECT_THAT(settings.keys_read(), Contains(option.key));
  }
}

TEST(ServerOptions, DeclareTableCopies) {
  config::Settings settings = Load({});
  settings.copies.push_back({.name = "orders",
                             .source = "shop.public.orders",
                             .refresh = "on_demand",
                             .cron = "0 3 * * *",
                             .where = "p:1"});
  const auto options = MakeServerOptions(settings, "");
  ASSERT_TRUE(options.ok()) << options.status();
  const cache::CopyTable& copy = options->copies.tables.at(0);
  EXPECT_EQ(copy.source, (engine::TableName{
                             .catalog = "shop", .schema = "public", .table = "orders"}));
  EXPECT_EQ(copy.refresh, cache::CopyRefresh::kOnDemand);
  EXPECT_TRUE(copy.cron.has_value());

  struct Row {
    config::CopySetting setting;
    std::string what;
  };
  for (const Row& row : {
           Row{{.name = "_x", .source = "a.b.c"}, "begin with _"},
           Row{{.name = "x", .source = "b.c"}, "source.schema.table"},
           Row{{.name = "x", .source = "a.b.c", .refresh = "append"}, "append_column"},
           Row{{.name = "x", .source = "a.b.c", .append_column = "i"}, "append_column"},
           Row{{.name = "x", .source = "a.b.c", .cron = "0 3 * *"}, "five"},
           Row{{.name = "x",
                .source = "a.b.c",
                .interval = std::chrono::minutes(1),
                .cron = "* * * * *"},
               "one of them"},
           Row{{.name = "x", .source = "a.b.c", .retention = std::chrono::hours(1)},
               "time_column"},
       }) {
    config::Settings wrong = Load({});
    wrong.copies = {row.setting};
    wrong.copies[0].where = "p:7";
    const auto refused = MakeServerOptions(wrong, "");
    ASSERT_FALSE(refused.ok()) << row.what;
    EXPECT_THAT(refused.status().message(), ::testing::StartsWith("p:7: "));
    EXPECT_THAT(refused.status().message(), HasSubstr(row.what));
  }
}

TEST(ServerOptions, AreWhatTheRoomsHaveByDefault) {
  const auto options = OptionsOf({});
  ASSERT_TRUE(options.ok()) << options.status();
  const flight::FlightDoorOptions flight;
  EXPECT_EQ(options->flight.max_message_bytes, flight.max_message_bytes);
  EXPECT_EQ(options->flight.max_metadata_bytes, flight.max_metadata_bytes);
  EXPECT_EQ(options->flight.max_calls, flight.max_calls);
  EXPECT_EQ(options->flight.buffer_bytes, flight.buffer_bytes);
  EXPECT_EQ(options->flight.stream_idle_timeout, flight.stream_idle_timeout);
  const http::HttpOptions http;
  EXPECT_EQ(options->http.listen, http.listen);
  EXPECT_EQ(options->http.max_body_bytes, http.max_body_bytes);
  EXPECT_EQ(options->http.max_document_bytes, http.max_document_bytes);
  EXPECT_EQ(options->http.document_budget_bytes, http.document_budget_bytes);
  EXPECT_EQ(options->http.request_time, http.request_time);
  EXPECT_EQ(options->http.rate_grace, http.rate_grace);
  EXPECT_EQ(options->http.linger_bytes, http.linger_bytes);
  EXPECT_EQ(options->http.body_queue_bytes, http.body_queue_bytes);
  EXPECT_EQ(options->http.answer_queue_bytes, http.answer_queue_bytes);
  // Else a full buffer would wait for the worker, and the worker for the buffer.
  EXPECT_LE(http.prefetch_bytes, config::FindOption("http.body_buffer")->min);
  const gateway::GatewayOptions gateway;
  EXPECT_EQ(options->gateway.max_running_statements, gateway.max_running_statements);
  EXPECT_EQ(options->gateway.max_running_ingests, gateway.max_running_ingests);
  EXPECT_EQ(options->gateway.session_idle_timeout, gateway.session_idle_timeout);
  const columnar::Limits limits;
  EXPECT_EQ(options->gateway.limits.max_batch_bytes, limits.max_batch_bytes);
  EXPECT_EQ(options->gateway.limits.max_compression_ratio, limits.max_compression_ratio);
  EXPECT_EQ(options->stream_defaults.chunk_rows, catalog::StreamPolicy().chunk_rows);
}

TEST(ServerOptions, TellListenersApartByWhetherTheyAdvertiseTransactions) {
  const auto options = OptionsOf({{"--flight-listen", {"127.0.0.1:1"}},
                                  {"--flight-listen-no-transactions", {"127.0.0.1:2"}}});
  ASSERT_TRUE(options.ok()) << options.status();
  ASSERT_EQ(options->flight.listen.size(), 2U);
  EXPECT_EQ(options->flight.listen[0].port, 1);
  EXPECT_TRUE(options->flight.listen[0].advertise_transactions);
  EXPECT_EQ(options->flight.listen[1].port, 2);
  EXPECT_FALSE(options->flight.listen[1].advertise_transactions);
}

TEST(ServerOptions, RefuseADatabaseWithTheNameOfTheSystemSchema) {
  const auto options = OptionsOf({{"--database", {"data/pintail.duckdb"}}});
  ASSERT_FALSE(options.ok());
  EXPECT_THAT(options.status().message(), HasSubstr("data/pintail.duckdb"));
}

TEST(ServerOptions, GiveDeclaredStreamsTheDefaultsForWhatTheyLeaveOut) {
  config::Settings settings = Load({{"--ingest-commit-rows", {"50"}}});
  settings.streams.push_back({.name = "clicks",
                              .target_table = "web.\"my clicks\"",
                              .schema_policy = "strict",
                              .chunk_size = 10});
  const auto options = MakeServerOptions(settings, "");
  ASSERT_TRUE(options.ok()) << options.status();
  ASSERT_EQ(options->streams.size(), 1U);
  const catalog::StreamDeclaration& stream = options->streams[0];
  EXPECT_EQ(stream.target,
            (engine::TableName{.catalog = "", .schema = "web", .table = "my clicks"}));
  EXPECT_EQ(stream.policy.schema_policy, columnar::SchemaPolicy::kStrict);
  EXPECT_EQ(stream.policy.chunk_rows, 10);
  EXPECT_EQ(stream.policy.commit_rows, 50);
}

TEST(ServerOptions, SayWhichStreamHasABadTable) {
  config::Settings settings = Load({});
  settings.streams.push_back(
      {.name = "clicks", .target_table = "a..b", .where = "pintail.toml:9"});
  const auto options = MakeServerOptions(settings, "");
  ASSERT_FALSE(options.ok());
  EXPECT_THAT(options.status().message(), HasSubstr("pintail.toml:9: "));
}

TEST(ServerOptions, UseTheBundledExtensionsUnlessAnotherFolderIsNamed) {
  EXPECT_EQ(OptionsOf({})->database.extension_directory, "/extensions");
  EXPECT_EQ(OptionsOf({{"--database-extension-directory", {"/mine"}}})
                ->database.extension_directory,
            "/mine");
}

}  // namespace
}  // namespace pintail
