#include "server.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "access/listen_address.h"
#include "access/port_check.h"
#include "answers_stamp.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "cache/cache.h"
#include "cache/copies.h"
#include "catalog/metrics_table.h"
#include "catalog/sources.h"
#include "config/sources.h"
#include "engine/connection.h"
#include "http/http_door.h"
#include "ingest/intake.h"
#include "outside_source.h"

namespace pintail {
namespace {

// There is no login yet.
constexpr bool kHasAuthentication = false;
// How long calls have to hand their last answer over, once their work has ended.
constexpr std::chrono::milliseconds kFarewell{2'000};

arrow::Result<std::vector<access::WantedPort>> PortsOf(const ServerOptions& options) {
  std::vector<access::WantedPort> ports;
  for (const flight::ListenAddress& address : options.flight.listen) {
    ports.push_back({.host = address.host,
                     .port = address.port,
                     .door = "Flight",
                     .flag = "--flight-listen"});
  }
  for (const std::string& text : options.http.listen) {
    ARROW_ASSIGN_OR_RAISE(auto address, flight::ListenAddress::Parse(text));
    ports.push_back({.host = address.host,
                     .port = address.port,
                     .door = "HTTP",
                     .flag = "--http-listen"});
  }
  return ports;
}

arrow::Status CheckAddresses(const ServerOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto ports, PortsOf(options));
  if (ports.empty()) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "there is nothing to listen on: flight.listen and http.listen "
                           "are both none; give at least one an address");
  }
  for (const access::WantedPort& port : ports) {
    ARROW_RETURN_NOT_OK(access::CheckListenAddress(port.host, kHasAuthentication));
  }
  // Before the database is opened: a server that cannot listen makes no file.
  for (const access::WantedPort& port : ports) {
    ARROW_RETURN_NOT_OK(access::CheckPortIsFree(port));
  }
  return arrow::Status::OK();
}

bool HasJournal(const ingest::Intake::Options& intake) {
  std::error_code ignored;
  return intake.journal && std::filesystem::exists(intake.journal->folder, ignored);
}

// With those that were made at run time; a file that cannot be read is told about later.
std::vector<catalog::SourceDefinition> AllSources(const ServerOptions& options) {
  std::vector<catalog::SourceDefinition> sources = options.sources;
  std::error_code ignored;
  if (std::filesystem::exists(options.sources_file, ignored)) {
    std::ranges::move(config::ReadSourcesFile(options.sources_file).ValueOr({}),
                      std::back_inserter(sources));
  }
  return sources;
}

arrow::Result<std::unique_ptr<engine::Database>> OpenDatabase(
    const ServerOptions& options) {
  engine::DatabaseOptions database = options.database;
  if (!database.external_access) {
    database.extensions = catalog::ExtensionsFor(AllSources(options));
  }
  return engine::Database::Open(database);
}

catalog::Sources::Options SourcesOf(const ServerOptions& options,
                                    const backend::SourceRooms& rooms) {
  return {.declared = options.sources,
          .file = options.sources_file,
          .make = config::MakeSource,
          .format = config::SourcesFile,
          .read = config::ReadSourcesFile,
          .factory = [rooms](const catalog::SourceDefinition& source)
              -> arrow::Result<std::shared_ptr<engine::Source>> {
            return backend::MakeSource(OutsideOptions(source), rooms);
          }};
}

// Without them the server only has to ask again.
void RestoreAnswers(cache::Cache& cache, const std::string& file,
                    const std::string& stamp, base::Log& log) {
  if (file.empty()) return;
  const auto restored = cache.Restore(file, stamp);
  if (restored.ok()) {
    log.Info("kept answers were read", {{"answers", *restored}, {"file", file}});
  } else {
    log.Warn("kept answers could not be read, and are made anew",
             {{"file", file}, {"error", restored.status().message()}});
  }
}

}  // namespace

// In the order of building; destroyed from the top down.
struct Server::State {
  ServerOptions options;
  base::SystemClock clock;
  std::unique_ptr<base::Logs> logs;
  std::unique_ptr<base::Metrics> metrics;
  std::unique_ptr<base::Timers> timers;
  std::unique_ptr<engine::Database> database;
  std::shared_ptr<catalog::Sources> sources;
  std::unique_ptr<cache::Cache> cache;  // null: every statement is run
  std::unique_ptr<catalog::Streams> streams;
  std::unique_ptr<ingest::Repeats> repeats;
  std::unique_ptr<ingest::Intake> intake;  // null: no tails, and no journal
  std::unique_ptr<cache::Copies> copies;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<flight::FlightDoor> flight;
  std::unique_ptr<http::HttpDoor> http;
  bool stopped = false;
  bool stuck = false;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  const arrow::Status status = Stop();
  if (!status.ok()) log().Error("did not stop in order", {{"error", status.message()}});
}

arrow::Result<std::unique_ptr<Server>> Server::Make(ServerOptions options) {
  ARROW_RETURN_NOT_OK(CheckAddresses(options));
  auto state = std::make_unique<State>(std::move(options));
  const ServerOptions& given = state->options;
  ARROW_ASSIGN_OR_RAISE(state->logs, base::Logs::Make(given.logs));
  state->metrics = std::make_unique<base::Metrics>(given.metrics_prefix);
  state->timers = std::make_unique<base::Timers>(state->clock);
  // Before the database is opened, which may write its file.
  const std::string stamp =
      given.answers_file.empty() ? "" : AnswersStamp(given, AllSources(given));
  ARROW_ASSIGN_OR_RAISE(state->database, OpenDatabase(given));
  if (given.metrics_table) {
    ARROW_ASSIGN_OR_RAISE(const auto connection, state->database->Connect());
    ARROW_RETURN_NOT_OK(catalog::EnsureMetricsTable(*connection));
  }
  ARROW_ASSIGN_OR_RAISE(
      state->sources,
      catalog::Sources::Open(
          {.database = *state->database,
           .clock = state->clock,
           .log = state->logs->For("sources"),
           .metrics = *state->metrics},
          SourcesOf(given, {state->clock, *state->timers, given.adbc_drivers})));
  if (given.cache) {
    ARROW_ASSIGN_OR_RAISE(state->cache,
                          cache::Cache::Make({.clock = state->clock,
                                              .metrics = *state->metrics,
                                              .timers = state->timers.get()},
                                             *state->database, *given.cache));
    RestoreAnswers(*state->cache, given.answers_file, stamp, state->logs->For("cache"));
  }
  state->streams = std::make_unique<catalog::Streams>(state->clock, given.stream_defaults,
                                                      given.streams, given.max_streams);
  ARROW_ASSIGN_OR_RAISE(state->repeats,
                        ingest::Repeats::Open({.tails = state->database->tails(),
                                               .clock = state->clock,
                                               .timers = *state->timers,
                                               .metrics = *state->metrics},
                                              given.repeats));
  // Without tails it only stores what an earlier run has left in the journal.
  if (given.tail || HasJournal(given.intake)) {
    ingest::Intake::Options intake = given.intake;
    intake.outbox.sources = state->sources.get();
    ARROW_ASSIGN_OR_RAISE(state->intake,
                          ingest::Intake::Open({.database = *state->database,
                                                .timers = *state->timers,
                                                .clock = state->clock,
                                                .log = state->logs->For("ingest"),
                                                .metrics = *state->metrics,
                                                .repeats = state->repeats.get()},
                                               std::move(intake)));
    if (!given.tail) ARROW_RETURN_NOT_OK(state->intake->Stop());
  }
  ARROW_ASSIGN_OR_RAISE(state->copies,
                        cache::Copies::Open({.database = *state->database,
                                             .clock = state->clock,
                                             .timers = *state->timers,
                                             .log = state->logs->For("cache"),
                                             .metrics = *state->metrics},
                                            given.copies));
  ARROW_ASSIGN_OR_RAISE(
      state->gateway,
      gateway::Gateway::Make(
          {.database = *state->database,
           .streams = *state->streams,
           .clock = state->clock,
           .timers = *state->timers,
           .logs = *state->logs,
           .metrics = *state->metrics,
           .arrivals = given.tail ? &state->intake->arrivals() : nullptr,
           .warnings = state->intake ? &state->intake->warnings() : nullptr,
           .sources = state->sources.get(),
           .repeats = state->repeats.get(),
           .cache = state->cache.get()},
          given.gateway));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

arrow::Status Server::Start() {
  State& state = *state_;
  state.copies->Start();
  if (!state.options.flight.listen.empty()) {
    ARROW_ASSIGN_OR_RAISE(state.flight,
                          flight::FlightDoor::Start({.gateway = *state.gateway,
                                                     .clock = state.clock,
                                                     .logs = *state.logs,
                                                     .metrics = *state.metrics},
                                                    state.options.flight));
  }
  if (!state.options.http.listen.empty()) {
    ARROW_ASSIGN_OR_RAISE(state.http, http::HttpDoor::Start({.gateway = *state.gateway,
                                                             .clock = state.clock,
                                                             .timers = *state.timers,
                                                             .logs = *state.logs,
                                                             .metrics = *state.metrics},
                                                            state.options.http));
  }
  return arrow::Status::OK();
}

arrow::Status Server::Stop() {
  State& state = *state_;
  if (state.stopped) return arrow::Status::OK();
  state.stopped = true;
  if (state.flight) state.flight->Drain();
  if (state.http) state.http->Drain();
  arrow::Status status = state.gateway->Drain(state.options.drain_grace);
  if (!status.ok()) {
    state.stuck = true;
    log().Warn("not stopped in order: no checkpoint; the next start reads the log",
               {{"reason", std::string_view(status.message())}});
    state.logs->Flush();
    return status;
  }
  // The work has ended or is cancelled by now; only answers are still on their way.
  if (state.flight) state.flight->Stop(kFarewell);
  if (state.http) state.http->Stop(kFarewell);
  state.http.reset();
  state.flight.reset();
  state.copies->Stop();
  state.gateway.reset();
  if (state.intake) status &= state.intake->Stop();
  status &= state.database->Checkpoint(true);
  if (status.ok()) SaveAnswers();
  state.logs->Flush();
  return status;
}

void Server::SaveAnswers() {
  State& state = *state_;
  if (state.options.answers_file.empty()) return;
  const auto will_be = [&](const std::string& database) {
    return database == state.database->tails().database() ||
           state.sources->IsSource(database);
  };
  const arrow::Status saved =
      state.cache->Save(state.options.answers_file,
                        AnswersStamp(state.options, AllSources(state.options)), will_be);
  if (!saved.ok()) {
    log().Warn("answers could not be kept for the next start",
               {{"error", std::string_view(saved.message())}});
  }
}

bool Server::stuck() const { return state_->stuck; }

std::vector<std::string> Server::flight_addresses() const {
  std::vector<std::string> addresses;
  if (!state_->flight) return addresses;
  for (const auto& address : state_->flight->addresses()) {
    addresses.push_back(address.ToString());
  }
  return addresses;
}

std::vector<std::string> Server::http_addresses() const {
  return state_->http ? state_->http->addresses() : std::vector<std::string>();
}

const ServerOptions& Server::options() const { return state_->options; }

base::Log& Server::log() { return state_->logs->For("server"); }

}  // namespace pintail
