#include "gateway/testing/world.h"

#include <utility>

#include "ingest/repeats.h"

namespace pintail::gateway::testing {

World::World(GatewayOptions options, catalog::StreamPolicy defaults)
    : timers(clock, /*start_thread=*/false), logs(base::SilentLogs()) {
  options.version = "0.1.0-test";
  database = engine::Database::Open({}).ValueOrDie();
  streams = std::make_unique<catalog::Streams>(clock, std::move(defaults),
                                               std::vector<catalog::StreamDeclaration>{});
  repeats = ingest::Repeats::Open({.tails = database->tails(),
                                   .clock = clock,
                                   .timers = timers,
                                   .metrics = metrics},
                                  {})
                .ValueOrDie();
  gateway = Gateway::Make({.database = *database,
                           .streams = *streams,
                           .clock = clock,
                           .timers = timers,
                           .logs = *logs,
                           .metrics = metrics,
                           .repeats = repeats.get()},
                          std::move(options))
                .ValueOrDie();
}

World::~World() = default;

CallPtr World::Call(const std::string& identity) {
  return std::make_shared<base::CallContext>(
      base::CallContext::Options{.request_id = base::NewRequestId(),
                                 .identity = identity,
                                 .peer = "test",
                                 .protocol = "internal",
                                 .method = "test",
                                 .deadline = std::nullopt});
}

SessionPtr World::Open(const std::string& key, const std::string& identity) {
  return gateway->OpenSession(Call(identity), key).ValueOrDie();
}

std::string World::Run(const SessionPtr& session, const std::string& sql,
                       const std::string& transaction_id) {
  const auto result =
      gateway->Execute(Call(), session, {.sql = sql, .transaction_id = transaction_id});
  return result.ok() ? Text(*result->rows) : Text(result.status());
}

std::string World::Fetch(const std::string& handle, const std::string& identity) {
  const auto result = gateway->Fetch(Call(identity), handle);
  return result.ok() ? Text(*result->rows) : Text(result.status());
}

std::string World::Seen(const std::string& sql) {
  const auto connection = database->Connect().ValueOrDie();
  const auto rows = connection->Run(sql);
  return rows.ok() ? Text(**rows) : Text(rows.status());
}

void World::Pass(std::chrono::milliseconds time) {
  clock.Advance(time);
  timers.RunDue();
}

}  // namespace pintail::gateway::testing
