#include "config/legacy.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"

namespace pintail::config {
namespace {

constexpr std::array kNames = {
    LegacyName{.name = "api.host",
               .key = "api.host",
               .variables = {"ARROWPORT_API_HOST"},
               .help = "host part of http.listen"},
    LegacyName{.name = "api.port",
               .key = "api.port",
               .variables = {"ARROWPORT_API_PORT"},
               .help = "port part of http.listen"},
    LegacyName{.name = "api.enable_metrics",
               .key = "api.enable_metrics",
               .variables = {"ARROWPORT_ENABLE_METRICS", "ARROWPORT_API_ENABLE_METRICS"},
               .help = "false leaves out the listener of api.metrics_port"},
    LegacyName{.name = "api.metrics_port",
               .key = "api.metrics_port",
               .variables = {"ARROWPORT_METRICS_PORT", "ARROWPORT_API_METRICS_PORT"},
               .help = "one more address in http.listen"},
    LegacyName{.name = "duckdb.path",
               .key = "duckdb.path",
               .variables = {"ARROWPORT_DUCKDB_PATH"},
               .help = "database.path"},
    LegacyName{.name = "compression.algorithm",
               .key = "compression.algorithm",
               .help = "no effect: DuckDB compresses by itself"},
    LegacyName{.name = "compression.level",
               .key = "compression.level",
               .help = "no effect: DuckDB compresses by itself"},
    LegacyName{.name = "defaults.chunk_size",
               .key = "defaults.chunk_size",
               .help = "ingest.chunk_size"},
    LegacyName{.name = "engine",
               .key = "storage.backend",
               .variables = {"HYPRSTREAM_ENGINE"},
               .flag = "--engine",
               .help = "duckdb; others are not in this version"},
    LegacyName{.name = "engine-connection",
               .key = "storage.connection",
               .variables = {"HYPRSTREAM_ENGINE_CONNECTION"},
               .flag = "--engine-connection",
               .help = "database.path, with the engine duckdb"},
    LegacyName{.name = "engine-options",
               .key = "storage.options",
               .variables = {"HYPRSTREAM_ENGINE_OPTIONS"},
               .flag = "--engine-options",
               .help = "name=value pairs with commas between; for outside databases"},
    LegacyName{.name = "engine-username",
               .variables = {"PINTAIL_ENGINE_USERNAME", "HYPRSTREAM_ENGINE_USERNAME"},
               .flag = "--engine-username",
               .help = "for outside databases",
               .environment_first = true},
    LegacyName{.name = "engine-password",
               .variables = {"PINTAIL_ENGINE_PASSWORD", "HYPRSTREAM_ENGINE_PASSWORD"},
               .flag = "--engine-password",
               .help = "for outside databases",
               .environment_first = true},
    LegacyName{.name = "enable-cache",
               .variables = {"HYPRSTREAM_ENABLE_CACHE"},
               .flag = "--enable-cache",
               .help = "no effect with the engine duckdb: it is the cache",
               .is_switch = true},
    LegacyName{.name = "cache-engine",
               .variables = {"HYPRSTREAM_CACHE_ENGINE"},
               .flag = "--cache-engine",
               .help = "duckdb; others are not in this version"},
    LegacyName{.name = "cache-connection",
               .variables = {"HYPRSTREAM_CACHE_CONNECTION"},
               .flag = "--cache-connection",
               .help = "database.path, where there is no --engine-connection"},
    LegacyName{.name = "cache-max-duration",
               .variables = {"HYPRSTREAM_CACHE_MAX_DURATION"},
               .flag = "--cache-max-duration",
               .help = "seconds; no effect with the engine duckdb"},
};

const LegacyValue* Find(const LegacyValues& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

std::string TextOf(const LegacyValue* value) {
  return value && !value->texts.empty() ? value->texts.front() : std::string();
}

Assignment Assign(std::string_view key, std::vector<std::string> texts,
                  const LegacyValue& from) {
  return {.option = FindOption(key),
          .texts = std::move(texts),
          .origin = from.origin,
          .where = from.where};
}

arrow::Result<int64_t> ParseNumber(const LegacyValue& value, int64_t max) {
  const std::string text = TextOf(&value);
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0 &&
      number <= max) {
    return number;
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, value.where, ": \"", text,
                         "\" is not a whole number from 0 to ", max);
}

std::string Address(const std::string& host, int64_t port) {
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// api.host and api.port, each of which may be given alone and by another source.
arrow::Status TranslateApi(const LegacyValues& values, LegacyMeaning* meaning) {
  const LegacyValue* host = Find(values, "api.host");
  const LegacyValue* port = Find(values, "api.port");
  const LegacyValue* metrics_port = Find(values, "api.metrics_port");
  const LegacyValue* enabled = Find(values, "api.enable_metrics");
  bool metrics = true;
  if (enabled) {
    constexpr Option kSwitch{.key = "api.enable_metrics", .type = OptionType::kSwitch};
    auto on = ParseValue(kSwitch, enabled->texts);
    if (!on.ok()) return base::WithContext(on.status(), enabled->where);
    const bool* value = std::get_if<bool>(&*on);
    metrics = !value || *value;
    if (!metrics) {
      meaning->notes.push_back(
          enabled->where +
          ": GET /metrics answers all the same; only the listener of "
          "api.metrics_port is left out");
    }
  }
  if (!metrics) metrics_port = nullptr;
  if (!host && !port && !metrics_port) return arrow::Status::OK();

  const std::string name = host ? TextOf(host) : "127.0.0.1";
  int64_t number = 8000;
  if (port) {
    ARROW_ASSIGN_OR_RAISE(number, ParseNumber(*port, 65'535));
  }
  std::vector<std::string> listen = {Address(name, number)};
  if (metrics_port) {
    ARROW_ASSIGN_OR_RAISE(const int64_t extra, ParseNumber(*metrics_port, 65'535));
    if (extra != number) listen.push_back(Address(name, extra));
  }
  const LegacyValue* from = nullptr;
  for (const LegacyValue* value : {host, port, metrics_port}) {
    if (value && (!from || value->origin > from->origin)) from = value;
  }
  meaning->assignments.push_back(Assign("http.listen", std::move(listen), *from));
  return arrow::Status::OK();
}

void TranslateStore(const LegacyValues& values, LegacyMeaning* meaning) {
  if (const LegacyValue* path = Find(values, "duckdb.path")) {
    meaning->assignments.push_back(Assign("database.path", path->texts, *path));
  }
  if (const LegacyValue* chunk = Find(values, "defaults.chunk_size")) {
    meaning->assignments.push_back(Assign("ingest.chunk_size", chunk->texts, *chunk));
  }
  for (const std::string_view name : {"compression.algorithm", "compression.level"}) {
    const LegacyValue* value = Find(values, name);
    if (!value) continue;
    meaning->notes.push_back(value->where + ": " + std::string(name) +
                             " has no effect: DuckDB compresses tables by itself, and "
                             "compressed requests are recognised");
  }
}

// The user that the older program would have logged in as: environment, then flags, then
// the address.
std::string EngineUser(const LegacyValues& values, std::string_view connection) {
  if (const LegacyValue* user = Find(values, "engine-username")) return TextOf(user);
  const size_t scheme = connection.find("://");
  if (scheme == std::string_view::npos) return "";
  const std::string_view rest = connection.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return "";
  return std::string(authority.substr(0, std::min(at, authority.find(':'))));
}

arrow::Status RefuseSource(const LegacyValues& values, const LegacyValue& from,
                           const std::string& engine, const std::string& connection) {
  const std::string user = EngineUser(values, connection);
  return base::MakeError(
      base::ErrorKind::kUnimplemented, from.where,
      ": sources behind the cache are not in this version: cannot use the engine \"",
      engine, "\"", connection.empty() ? "" : " with " + MaskPasswords(connection),
      user.empty() ? "" : " as " + user,
      "; leave out the engine settings, or give the engine duckdb, to keep the data in "
      "the "
      "embedded DuckDB");
}

// ":memory:", a path, or a path as duckdb://path.
std::optional<std::string> DatabasePath(std::string_view connection) {
  if (connection.starts_with("duckdb://")) connection.remove_prefix(9);
  if (connection.find("://") != std::string_view::npos) return std::nullopt;
  return std::string(connection);
}

arrow::Status TranslateEngine(const LegacyValues& values, LegacyMeaning* meaning) {
  const LegacyValue* engine = Find(values, "engine");
  const LegacyValue* connection = Find(values, "engine-connection");
  const LegacyValue* cache_connection = Find(values, "cache-connection");
  if (engine && TextOf(engine) != "duckdb") {
    return RefuseSource(values, *engine, TextOf(engine), TextOf(connection));
  }
  if (const LegacyValue* cache = Find(values, "cache-engine");
      cache && TextOf(cache) != "duckdb") {
    return base::MakeError(base::ErrorKind::kUnimplemented, cache->where,
                           ": the cache engine \"", TextOf(cache),
                           "\" is not in this version; the only one is duckdb");
  }
  const LegacyValue* store = connection ? connection : cache_connection;
  if (store) {
    const auto path = DatabasePath(TextOf(store));
    if (!path) return RefuseSource(values, *store, "adbc", TextOf(store));
    meaning->assignments.push_back(Assign("database.path", {*path}, *store));
  }
  if (const LegacyValue* age = Find(values, "cache-max-duration")) {
    ARROW_RETURN_NOT_OK(ParseNumber(*age, int64_t{1} << 53).status());
    meaning->notes.push_back(
        age->where +
        " has no effect: the embedded DuckDB is the store itself, so "
        "nothing in it expires");
  }
  for (const std::string_view name :
       {"engine-options", "engine-username", "engine-password"}) {
    const LegacyValue* value = Find(values, name);
    if (!value) continue;
    meaning->notes.push_back(value->where +
                             " has no effect: the embedded DuckDB needs no login and no "
                             "driver");
  }
  return arrow::Status::OK();
}

// Those clients begin a transaction when the server says that there are any, and never
// commit: a server started in their way keeps quiet about transactions.
void ServeMetricsCacheClients(const LegacyValues& values, LegacyMeaning* meaning) {
  const LegacyValue* from = nullptr;
  for (const LegacyName& legacy : LegacyNames()) {
    if (legacy.flag.empty()) continue;
    const LegacyValue* value = Find(values, legacy.name);
    if (value && (!from || value->origin > from->origin)) from = value;
  }
  if (!from) return;
  meaning->assignments.push_back(
      Assign("flight.advertise_transactions", {"false"}, *from));
}

}  // namespace

std::span<const LegacyName> LegacyNames() { return kNames; }

const LegacyName* FindLegacyKey(std::string_view key) {
  const auto found = std::ranges::find(kNames, key, &LegacyName::key);
  return key.empty() || found == kNames.end() ? nullptr : &*found;
}

const LegacyName* FindLegacyFlag(std::string_view flag) {
  const auto found = std::ranges::find(kNames, flag, &LegacyName::flag);
  return flag.empty() || found == kNames.end() ? nullptr : &*found;
}

arrow::Result<LegacyMeaning> TranslateLegacy(const LegacyValues& values) {
  LegacyMeaning meaning;
  ARROW_RETURN_NOT_OK(TranslateApi(values, &meaning));
  TranslateStore(values, &meaning);
  ARROW_RETURN_NOT_OK(TranslateEngine(values, &meaning));
  ServeMetricsCacheClients(values, &meaning);
  return meaning;
}

}  // namespace pintail::config
