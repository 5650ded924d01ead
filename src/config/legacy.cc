#include "config/legacy.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "catalog/connection_text.h"
#include "config/sources.h"

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
               .help = "duckdb; or adbc, which is the default source `engine`"},
    LegacyName{.name = "engine-connection",
               .key = "storage.connection",
               .variables = {"HYPRSTREAM_ENGINE_CONNECTION"},
               .flag = "--engine-connection",
               .help = "sources.engine.connection; database.path with the engine duckdb"},
    LegacyName{.name = "engine-options",
               .key = "storage.options",
               .variables = {"HYPRSTREAM_ENGINE_OPTIONS"},
               .flag = "--engine-options",
               .help = "sources.engine.options, as name=value pairs with commas between"},
    LegacyName{.name = "engine-username",
               .variables = {"PINTAIL_ENGINE_USERNAME", "HYPRSTREAM_ENGINE_USERNAME"},
               .flag = "--engine-username",
               .help = "sources.engine.username",
               .environment_first = true},
    LegacyName{.name = "engine-password",
               .variables = {"PINTAIL_ENGINE_PASSWORD", "HYPRSTREAM_ENGINE_PASSWORD"},
               .flag = "--engine-password",
               .help = "sources.engine.password",
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

// api.host and api.port, each of which may be given alone and by another
// source.
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

// ":memory:", a path, or a path as duckdb://path.
std::optional<std::string> DatabasePath(std::string_view connection) {
  if (connection.starts_with("duckdb://")) connection.remove_prefix(9);
  if (connection.find("://") != std::string_view::npos) return std::nullopt;
  return std::string(connection);
}

// What is not for the driver but for the pool; durations are seconds when they
// are plain numbers, as in the older program.
std::optional<std::string> PoolWord(const std::string& key, const std::string& text) {
  if (key == "pool_max" || key == "pool_min") return text;
  if (key != "connect_timeout" && key != "lease_timeout" && key != "idle_timeout" &&
      key != "max_lifetime") {
    return std::nullopt;
  }
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c >= '0' && c <= '9';
  });
  return plain ? text + "s" : text;
}

arrow::Status AddWord(const LegacyValue& from, const std::string& key,
                      const std::string& text, catalog::SourceDefinition* source) {
  const arrow::Status set = SetSourceWord(key, text, source);
  return set.ok() ? set : base::WithContext(set, from.where);
}

// The address without what its parameters say about the pool.
arrow::Status TakeConnection(const LegacyValue& from, catalog::SourceDefinition* source) {
  const std::string text = TextOf(&from);
  const size_t question = text.find('?');
  std::string connection = text.substr(0, question);
  std::string_view rest = question == std::string::npos
                              ? std::string_view()
                              : std::string_view(text).substr(question + 1);
  char sign = '?';
  while (!rest.empty()) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string key(parameter.substr(0, equals));
    const std::string value(parameter.substr(std::min(equals + 1, parameter.size())));
    if (const auto word = PoolWord(key, value)) {
      ARROW_RETURN_NOT_OK(AddWord(from, key, *word, source));
    } else {
      connection += sign + std::string(parameter);
      sign = '&';
    }
  }
  return AddWord(from, "connection", connection, source);
}

arrow::Status TakeOption(const LegacyValue& from, std::string_view entry,
                         catalog::SourceDefinition* source) {
  const size_t equals = entry.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, from.where,
                           ": the options must be name=value pairs with commas between");
  }
  const std::string key(entry.substr(0, equals));
  const std::string text(entry.substr(equals + 1));
  if (const auto word = PoolWord(key, text)) return AddWord(from, key, *word, source);
  const bool ours = key == "driver_path" || key == "driver";
  return AddWord(from, ours ? key : "options." + key, text, source);
}

arrow::Status TakeOptions(const LegacyValue& from, catalog::SourceDefinition* source) {
  for (const std::string& text : from.texts) {
    std::string_view rest = text;
    // A file's table has one entry in each text.
    while (from.origin != Origin::kFile && rest.find(',') != std::string_view::npos) {
      ARROW_RETURN_NOT_OK(TakeOption(from, rest.substr(0, rest.find(',')), source));
      rest.remove_prefix(rest.find(',') + 1);
    }
    ARROW_RETURN_NOT_OK(TakeOption(from, rest, source));
  }
  return arrow::Status::OK();
}

// The outside database of the older program: the source `engine`, which is the
// default.
arrow::Status TranslateSource(const LegacyValues& values, const LegacyValue& from,
                              LegacyMeaning* meaning) {
  SourceSetting setting{
      .definition = {.name = "engine", .declared = true, .origin = from.where}};
  catalog::SourceDefinition& source = setting.definition;
  ARROW_RETURN_NOT_OK(AddWord(from, "type", "adbc", &source));
  ARROW_RETURN_NOT_OK(AddWord(from, "default", "true", &source));
  if (const LegacyValue* connection = Find(values, "engine-connection")) {
    ARROW_RETURN_NOT_OK(TakeConnection(*connection, &source));
  }
  if (const LegacyValue* options = Find(values, "engine-options")) {
    ARROW_RETURN_NOT_OK(TakeOptions(*options, &source));
  }
  for (const std::string key : {"username", "password"}) {
    const LegacyValue* value = Find(values, "engine-" + key);
    if (value) ARROW_RETURN_NOT_OK(AddWord(*value, key, TextOf(value), &source));
  }
  meaning->sources.push_back(std::move(setting));
  return arrow::Status::OK();
}

arrow::Status TranslateCache(const LegacyValues& values, bool behind,
                             LegacyMeaning* meaning) {
  if (const LegacyValue* cache = Find(values, "cache-engine");
      cache && TextOf(cache) != "duckdb") {
    return base::MakeError(base::ErrorKind::kUnimplemented, cache->where,
                           ": the cache engine \"", TextOf(cache),
                           "\" is not in this version; the only one is duckdb");
  }
  const LegacyValue* connection = behind ? nullptr : Find(values, "engine-connection");
  const LegacyValue* cache = Find(values, "cache-connection");
  if (const LegacyValue* store = connection ? connection : cache) {
    const auto path = DatabasePath(TextOf(store));
    if (!path) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, store->where,
                             ": the cache is a file of DuckDB, or :memory:");
    }
    meaning->assignments.push_back(Assign("database.path", {*path}, *store));
  }
  if (const LegacyValue* age = Find(values, "cache-max-duration")) {
    ARROW_RETURN_NOT_OK(ParseNumber(*age, int64_t{1} << 53).status());
    meaning->notes.push_back(age->where +
                             " has no effect: what is in the embedded DuckDB does not "
                             "expire");
  }
  return arrow::Status::OK();
}

arrow::Status TranslateEngine(const LegacyValues& values, LegacyMeaning* meaning) {
  const LegacyValue* engine = Find(values, "engine");
  const LegacyValue* connection = Find(values, "engine-connection");
  const std::string name = engine ? TextOf(engine) : "";
  if (engine && name != "duckdb" && name != "adbc") {
    return base::MakeError(base::ErrorKind::kInvalidArgument, engine->where,
                           ": the engine \"", name,
                           "\" is not known; it is duckdb or adbc");
  }
  const bool outside = connection && !DatabasePath(TextOf(connection));
  if (name == "duckdb" && outside) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, connection->where,
                           ": the engine duckdb is a file or :memory:, not ",
                           catalog::MaskConnection(TextOf(connection)));
  }
  const bool behind = name == "adbc" || outside;
  ARROW_RETURN_NOT_OK(TranslateCache(values, behind, meaning));
  if (behind) return TranslateSource(values, engine ? *engine : *connection, meaning);
  for (const std::string_view unused :
       {"engine-options", "engine-username", "engine-password"}) {
    const LegacyValue* value = Find(values, unused);
    if (!value) continue;
    meaning->notes.push_back(value->where +
                             " has no effect: the embedded DuckDB needs no login and no "
                             "driver");
  }
  return arrow::Status::OK();
}

// Those clients begin a transaction when the server says that there are any,
// and never commit: a server started in their way keeps quiet about
// transactions.
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
