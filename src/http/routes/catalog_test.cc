// GET /v1/tables, GET /v1/tables/{name}, and the state routes.
#include <gtest/gtest.h>

#include "http/testing/door_world.h"

namespace pintail::http {
namespace {

bool Has(const HttpReply& reply, std::string_view part) {
  return reply.body.find(part) != std::string::npos;
}

TEST(TablesRoute, ListsTablesByFilter) {
  DoorWorld world;
  world.Query("CREATE TABLE ducks (i INTEGER)");
  world.Query("CREATE VIEW duck_view AS SELECT 1 AS i");
  const HttpReply all = world.Ask("GET", "/v1/tables");
  EXPECT_EQ(all.status, 200);
  EXPECT_TRUE(all.body.starts_with("{\"tables\":["));
  EXPECT_TRUE(Has(all, "\"name\":\"ducks\",\"type\":\"TABLE\"")) << all.body;
  EXPECT_TRUE(Has(all, "\"name\":\"duck_view\",\"type\":\"VIEW\""));
  const HttpReply views = world.Ask("GET", "/v1/tables?type=VIEW&name=duck%25");
  EXPECT_TRUE(Has(views, "duck_view"));
  EXPECT_FALSE(Has(views, "\"ducks\""));
  EXPECT_EQ(world.Ask("GET", "/v1/tables?schema=nowhere").body, "{\"tables\":[]}\n");
}

TEST(TableRoute, DescribesColumns) {
  DoorWorld world;
  world.Query("CREATE TABLE ducks (i INTEGER NOT NULL, s VARCHAR)");
  world.Query("COMMENT ON COLUMN ducks.s IS 'what it says'");
  world.Query("INSERT INTO ducks VALUES (1, 'quack')");
  const HttpReply reply = world.Ask("GET", "/v1/tables/ducks");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(Has(reply, "\"name\":\"ducks\",\"type\":\"TABLE\"")) << reply.body;
  EXPECT_TRUE(Has(reply, "\"estimated_rows\":1"));
  EXPECT_TRUE(Has(reply, R"({"name":"i","type":"INTEGER","arrow_type":"int32",)"
                         R"("nullable":false,"remarks":null})"))
      << reply.body;
  EXPECT_TRUE(Has(reply, R"({"name":"s","type":"VARCHAR","arrow_type":"string",)"
                         R"("nullable":true,"remarks":"what it says"})"))
      << reply.body;
}

TEST(TableRoute, FindsNamesInParts) {
  DoorWorld world;
  world.Query("CREATE SCHEMA pond");
  world.Query("CREATE TABLE pond.ducks (i INTEGER)");
  world.Query("CREATE TABLE \"a.b\" (j INTEGER)");
  world.Query("CREATE TABLE pond.\"x.\"\"y\" (k INTEGER)");
  EXPECT_TRUE(Has(world.Ask("GET", "/v1/tables/pond.ducks"), "\"schema\":\"pond\""));
  EXPECT_TRUE(Has(world.Ask("GET", "/v1/tables/a.b"), "\"name\":\"j\""));
  EXPECT_TRUE(Has(world.Ask("GET", "/v1/tables/pond.%22x.%22%22y%22"), "\"name\":\"k\""));
  for (const char* missing : {"ducks", "pond.geese", "a..b", "%22open"}) {
    const HttpReply reply = world.Ask("GET", "/v1/tables/" + std::string(missing));
    EXPECT_EQ(reply.status, 404) << missing << " " << reply.body;
  }
}

TEST(StateRoutes, TellTheServersState) {
  DoorWorld world;
  EXPECT_EQ(world.Ask("GET", "/health").body, "{\"status\":\"ok\",\"warnings\":[]}\n");
  EXPECT_EQ(world.Ask("GET", "/ready").body, "{\"status\":\"ready\"}\n");
  EXPECT_TRUE(world.world.gateway->Drain(std::chrono::milliseconds(0)).ok());
  EXPECT_EQ(world.Ask("GET", "/health").status, 200);
  const HttpReply draining = world.Ask("GET", "/ready");
  EXPECT_EQ(draining.status, 503);
  EXPECT_TRUE(Has(draining, "\"status\":\"not_ready\""));
  EXPECT_EQ(world.Query("SELECT 1").substr(0, 3), "503");
}

TEST(StateRoutes, GiveFiguresUnderBothNames) {
  DoorWorld world;
  for (const char* path : {"/metrics", "/metrics/"}) {
    const HttpReply reply = world.Ask("GET", path);
    EXPECT_EQ(reply.Field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_TRUE(Has(reply, "pintail_active_connections{protocol=\"rest\"} 1"));
  }
}

TEST(TypedServiceRoutes, SayThatThereAreNone) {
  DoorWorld world;
  EXPECT_EQ(world.Ask("GET", "/fastflight/registered_data_types").body, "[]");
  const HttpReply reply =
      world.Ask("POST", "/fastflight/stream", "", "{\"param_type\":\"x\"}");
  EXPECT_EQ(reply.status, 501);
  EXPECT_TRUE(
      reply.body.starts_with("{\"detail\":\"this version of the server has no typed"));
}

}  // namespace
}  // namespace pintail::http
