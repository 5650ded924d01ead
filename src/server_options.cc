#include "server_options.h"

#include <filesystem>

#include "access/listen_address.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "config/option.h"
#include "config/settings.h"
#include "config/version.h"
#include "flight/request_kind.h"

namespace pintail {
namespace {

using config::Settings;

engine::DatabaseOptions DatabaseOf(const Settings& settings,
                                   const std::string& extension_directory) {
  engine::DatabaseOptions database{
      .path = settings.Text("database.path"),
      .memory_limit_bytes = settings.OptionalInteger("database.memory_limit"),
      .threads = settings.OptionalInteger("database.threads"),
      .extension_directory = settings.Text("database.extension_directory"),
      .external_access = settings.Switch("database.external_access"),
      .max_expression_depth = settings.Integer("database.max_expression_depth"),
  };
  const std::string temp = settings.Text("database.temp_directory");
  if (!temp.empty()) database.temp_directory = temp;
  if (database.extension_directory.empty()) {
    database.extension_directory = extension_directory;
  }
  return database;
}

// DuckDB calls a database by its file's stem; the system views' schema is called pintail.
arrow::Status CheckDatabaseName(const std::string& path) {
  if (std::filesystem::path(path).stem() != "pintail") return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kInvalidArgument, "database.path = \"", path,
                         "\": the file must not be called pintail, because the schema of "
                         "the system views is; give it another name");
}

columnar::Limits LimitsOf(const Settings& settings) {
  return {
      .max_columns = settings.Integer("limits.max_columns"),
      .max_fields = settings.Integer("limits.max_fields"),
      .max_nesting = static_cast<int32_t>(settings.Integer("limits.max_nesting")),
      .max_rows_per_batch = settings.Integer("limits.max_rows_per_batch"),
      .max_batch_bytes = settings.Integer("limits.max_batch"),
      .max_decompressed_bytes = settings.Integer("limits.max_decompressed"),
      .max_compression_ratio = settings.Integer("limits.max_compression_ratio"),
      .ratio_floor_bytes = settings.Integer("limits.ratio_floor"),
  };
}

arrow::Result<base::Logs::Options> LogsOf(const Settings& settings) {
  base::Logs::Options logs{.path = settings.Text("log.path")};
  ARROW_ASSIGN_OR_RAISE(logs.format, base::ParseLogFormat(settings.Text("log.format")));
  ARROW_ASSIGN_OR_RAISE(logs.level, base::ParseLogLevel(settings.Text("log.level")));
  for (const auto& [room, name] : settings.Map("log.levels")) {
    ARROW_ASSIGN_OR_RAISE(const auto level, base::ParseLogLevel(name));
    logs.room_levels.emplace_back(room, level);
  }
  return logs;
}

gateway::GatewayOptions GatewayOf(const Settings& settings) {
  gateway::GatewayOptions gateway{
      .statement_timeout = settings.Duration("statement.timeout"),
      .session_idle_timeout = settings.Duration("session.idle_timeout"),
      .result_idle_timeout = settings.Duration("statement.result_idle_timeout"),
      .max_sessions = settings.Integer("session.max"),
      .max_prepared_per_session = settings.Integer("session.max_prepared"),
      .max_parked_results = settings.Integer("statement.max_parked_results"),
      .max_kept_bytes = settings.Integer("statement.max_kept"),
      .max_running_statements = settings.Integer("statement.max_running"),
      .max_running_ingests = settings.Integer("ingest.max_running"),
      .ingest_lock_timeout = settings.Duration("ingest.lock_timeout"),
      .recent_statements = settings.Integer("statement.recent"),
      .slow_statement = settings.Duration("statement.slow"),
      .log_parameters = settings.Switch("statement.log_parameters"),
      .limits = LimitsOf(settings),
      .version = std::string(config::Version()),
  };
  for (const Settings::Entry& entry : settings.entries()) {
    gateway.settings.push_back(
        {std::string(entry.option->key), entry.shown, entry.where});
  }
  return gateway;
}

arrow::Result<flight::FlightDoorOptions> FlightOf(const Settings& settings) {
  flight::FlightDoorOptions flight{
      .max_message_bytes = settings.Integer("flight.max_message"),
      .max_metadata_bytes = settings.Integer("flight.max_metadata"),
      .max_calls = settings.Integer("flight.max_calls"),
      .max_streams_per_connection = settings.Integer("flight.max_streams_per_connection"),
      .buffer_bytes = settings.Integer("flight.buffer"),
      .keepalive_interval = settings.Duration("flight.keepalive_interval"),
      .keepalive_timeout = settings.Duration("flight.keepalive_timeout"),
      .handshake_timeout = settings.Duration("flight.handshake_timeout"),
      .stream_idle_timeout = settings.Duration("flight.stream_idle_timeout"),
      .upload_idle_timeout = settings.Duration("flight.upload_idle_timeout"),
      .session_idle_timeout = settings.Duration("session.idle_timeout"),
      .max_remembered_sessions = settings.Integer("flight.max_remembered_sessions"),
      .limits = LimitsOf(settings),
  };
  const bool advertise = settings.Switch("flight.advertise_transactions");
  const auto add = [&flight](const std::vector<std::string>& addresses,
                             bool transactions) {
    for (const std::string& text : addresses) {
      ARROW_ASSIGN_OR_RAISE(auto address, flight::ListenAddress::Parse(text));
      address.advertise_transactions = transactions;
      flight.listen.push_back(std::move(address));
    }
    return arrow::Status::OK();
  };
  ARROW_RETURN_NOT_OK(add(settings.List("flight.listen"), advertise));
  ARROW_RETURN_NOT_OK(add(settings.List("flight.listen_no_transactions"), false));
  return flight;
}

http::HttpOptions HttpOf(const Settings& settings) {
  const auto size = [&settings](std::string_view key) {
    return static_cast<size_t>(settings.Integer(key));
  };
  return {
      .listen = settings.List("http.listen"),
      .allowed_hosts = settings.List("http.allowed_hosts"),
      .io_threads = size("http.io_threads"),
      .workers = size("http.workers"),
      .max_queue = size("http.max_queue"),
      .max_connections = size("http.max_connections"),
      .max_header_bytes = static_cast<uint32_t>(settings.Integer("http.max_header")),
      .max_headers = size("http.max_headers"),
      .max_target_bytes = size("http.max_target"),
      .max_body_bytes = settings.Integer("http.max_body"),
      .max_document_bytes = settings.Integer("http.max_document"),
      .document_budget_bytes = settings.Integer("http.documents"),
      .idle_time = settings.Duration("http.idle_timeout"),
      .head_time = settings.Duration("http.head_timeout"),
      .stall_time = settings.Duration("http.stall_timeout"),
      .request_time = settings.Duration("http.request_timeout"),
      .min_bytes_per_second = settings.Integer("http.min_rate"),
      .rate_grace = settings.Duration("http.rate_grace"),
      .linger_bytes = settings.Integer("http.max_unwanted_body"),
      .body_queue_bytes = size("http.body_buffer"),
      .answer_queue_bytes = size("http.answer_buffer"),
  };
}

catalog::Durability DurabilityOf(const std::string& name) {
  if (name == "interval") return catalog::Durability::kInterval;
  return name == "none" ? catalog::Durability::kNone : catalog::Durability::kSync;
}

bool IsInMemory(const std::string& database) {
  return database.empty() || database == ":memory:";
}

ingest::Repeats::Options RepeatsOf(const Settings& settings) {
  return {.window = settings.Duration("ingest.repeat_window"),
          .max_keys = settings.Integer("ingest.repeat_keys"),
          .in_database = !IsInMemory(settings.Text("database.path"))};
}

ingest::Intake::Options IntakeOf(const Settings& settings) {
  ingest::Intake::Options intake{
      .arrivals = {.max_commit_bytes = settings.Integer("ingest.tail_commit_size"),
                   .max_bytes = settings.Integer("ingest.tail_size"),
                   .lock_timeout = settings.Duration("ingest.lock_timeout")},
      .mover = {.max_age = settings.Duration("ingest.tail_age")},
  };
  auto folder = JournalFolder(settings);
  if (!folder) return intake;
  intake.journal = {.folder = *std::move(folder),
                    .segment_bytes = settings.Integer("journal.segment_size"),
                    .max_bytes = settings.Integer("journal.max_size"),
                    .patience = settings.Duration("ingest.lock_timeout"),
                    .sync_interval = settings.Duration("journal.sync_interval")};
  return intake;
}

arrow::Result<cache::CopyTable> CopyOf(const config::CopySetting& setting) {
  cache::CopyTable copy{.name = setting.name,
                        .columns = setting.columns,
                        .filter = setting.filter,
                        .append_column = setting.append_column,
                        .time_column = setting.time_column,
                        .interval = setting.interval,
                        .data_window = setting.data_window,
                        .retention = setting.retention,
                        .max_staleness = setting.max_staleness};
  const auto check = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(copy.source, flight::TableOfDottedName(setting.source));
    if (setting.refresh == "append") copy.refresh = cache::CopyRefresh::kAppend;
    if (setting.refresh == "on_demand") copy.refresh = cache::CopyRefresh::kOnDemand;
    if (!setting.cron.empty()) {
      ARROW_ASSIGN_OR_RAISE(copy.cron, cache::Cron::Parse(setting.cron));
    }
    return cache::CheckCopyTable(copy);
  };
  const arrow::Status checked = check();
  if (!checked.ok()) return base::WithContext(checked, setting.where);
  return copy;
}

arrow::Result<catalog::StreamPolicy> DefaultsOf(const Settings& settings) {
  catalog::StreamPolicy policy{
      .chunk_rows = settings.Integer("ingest.chunk_size"),
      .commit_rows = settings.OptionalInteger("ingest.commit_rows"),
      .commit_interval = settings.OptionalDuration("ingest.commit_interval"),
      .durability = DurabilityOf(settings.Text("ingest.durability")),
  };
  ARROW_ASSIGN_OR_RAISE(policy.schema_policy, columnar::ParseSchemaPolicy(
                                                  settings.Text("ingest.schema_policy")));
  return policy;
}

arrow::Result<catalog::StreamDeclaration> StreamOf(
    const config::StreamSetting& setting, const catalog::StreamPolicy& defaults) {
  catalog::StreamDeclaration stream{.name = setting.name, .policy = defaults};
  if (!setting.target_table.empty()) {
    auto target = flight::TableOfDottedName(setting.target_table);
    if (!target.ok()) return base::WithContext(target.status(), setting.where);
    stream.target = *std::move(target);
  }
  if (!setting.schema_policy.empty()) {
    ARROW_ASSIGN_OR_RAISE(stream.policy.schema_policy,
                          columnar::ParseSchemaPolicy(setting.schema_policy));
  }
  if (!setting.durability.empty()) {
    stream.policy.durability = DurabilityOf(setting.durability);
  }
  if (setting.chunk_size) stream.policy.chunk_rows = *setting.chunk_size;
  if (setting.commit_rows) stream.policy.commit_rows = setting.commit_rows;
  if (setting.commit_interval) stream.policy.commit_interval = setting.commit_interval;
  return stream;
}

// The table whose rows the stream sends on, and where to.
arrow::Result<ingest::WriteThrough> WriteThroughOf(
    const config::StreamSetting& setting, const catalog::StreamDeclaration& stream) {
  const auto refuse = [&](const std::string& what) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, setting.where, ": ", what);
  };
  ingest::WriteThrough sent{
      .table = stream.target.value_or(engine::TableName{.table = stream.name})};
  if (!sent.table.catalog.empty()) {
    return refuse(
        "write_through is for tables of the server's own database; leave the "
        "database's name out of target_table");
  }
  if (sent.table.schema.empty()) sent.table.schema = "main";
  auto target = flight::TableOfDottedName(setting.write_through);
  if (!target.ok()) return base::WithContext(target.status(), setting.where);
  sent.target = *std::move(target);
  sent.sync = setting.write_through_mode == "sync";
  if (setting.keeps_some()) {
    if (setting.retain_column.empty()) {
      return refuse(
          "retain, retain_rows and retain_bytes need retain_column, the column "
          "with the time of a row");
    }
    sent.retention = {.age = setting.retain,
                      .rows = setting.retain_rows,
                      .bytes = setting.retain_bytes,
                      .column = setting.retain_column};
  }
  if (!sent.target.catalog.empty()) return sent;
  return refuse("write_through = \"" + setting.write_through +
                "\" has to name a source, a schema and a table, as pg.public.events");
}

// Rows are sent on from the journal, which they go through when they wait in a tail.
arrow::Status CheckWriteThrough(const ServerOptions& options) {
  if (options.intake.outbox.tables.empty()) return arrow::Status::OK();
  if (!options.tail) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "write_through needs ingest.tail = true");
  }
  if (!options.intake.journal) {
    return base::MakeError(
        base::ErrorKind::kInvalidArgument,
        "write_through needs a journal, from which rows are sent on, and a database in "
        "memory has none; set database.path");
  }
  return arrow::Status::OK();
}

arrow::Result<std::optional<cache::CacheOptions>> CacheOf(const Settings& settings) {
  if (!settings.Switch("cache.enabled")) return std::nullopt;
  cache::CacheOptions cache{
      .answers = {
          .max_bytes = settings.Integer("cache.max_bytes"),
          .max_answer_bytes = settings.Integer("cache.max_answer_bytes"),
          .max_entries = settings.Integer("cache.max_entries"),
          .ttl = settings.Duration("cache.ttl"),
          .stale_while_revalidate = settings.Duration("cache.stale_while_revalidate"),
          .min_cost = settings.Duration("cache.min_cost"),
          .time_slack = settings.Duration("cache.time_slack"),
          .sweep_interval = settings.Duration("cache.sweep_interval")}};
  ARROW_ASSIGN_OR_RAISE(cache.answers.eviction,
                        cache::ParseEvictionKind(settings.Text("cache.eviction")));
  for (const auto& [name, text] : settings.Map("cache.ttls")) {
    ARROW_ASSIGN_OR_RAISE(const auto ttl,
                          config::ParseDuration(*config::FindOption("cache.ttls"), text));
    cache.ttls.emplace_back(base::LowerCase(name), ttl);
  }
  return cache;
}

}  // namespace

arrow::Result<ServerOptions> MakeServerOptions(const Settings& settings,
                                               const std::string& extension_directory) {
  ServerOptions options{
      .metrics_prefix = settings.Text("metrics.prefix"),
      .database = DatabaseOf(settings, extension_directory),
      .metrics_table = settings.Switch("metrics_table.enabled"),
      .max_streams = static_cast<size_t>(settings.Integer("ingest.max_streams")),
      .repeats = RepeatsOf(settings),
      .intake = IntakeOf(settings),
      .tail = settings.Switch("ingest.tail"),
      .gateway = GatewayOf(settings),
      .http = HttpOf(settings),
      .drain_grace = settings.Duration("server.drain_grace"),
  };
  ARROW_RETURN_NOT_OK(CheckDatabaseName(options.database.path));
  ARROW_ASSIGN_OR_RAISE(options.logs, LogsOf(settings));
  ARROW_ASSIGN_OR_RAISE(options.cache, CacheOf(settings));
  ARROW_ASSIGN_OR_RAISE(options.flight, FlightOf(settings));
  ARROW_ASSIGN_OR_RAISE(options.stream_defaults, DefaultsOf(settings));
  for (const config::StreamSetting& setting : settings.streams) {
    ARROW_ASSIGN_OR_RAISE(auto stream, StreamOf(setting, options.stream_defaults));
    if (setting.keeps_some() && setting.write_through.empty()) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, setting.where,
                             ": retain, retain_rows and retain_bytes need write_through: "
                             "older rows have to be somewhere");
    }
    if (!setting.write_through.empty()) {
      ARROW_ASSIGN_OR_RAISE(auto sent, WriteThroughOf(setting, stream));
      options.intake.outbox.tables.push_back(std::move(sent));
    }
    options.streams.push_back(std::move(stream));
  }
  options.copies = {
      .max_bytes = settings.OptionalInteger("cache.copies_max_bytes"),
      .max_running = static_cast<size_t>(settings.Integer("cache.copies_running"))};
  for (const config::CopySetting& setting : settings.copies) {
    ARROW_ASSIGN_OR_RAISE(auto copy, CopyOf(setting));
    options.copies.tables.push_back(std::move(copy));
  }
  for (const config::SourceSetting& source : settings.sources) {
    options.sources.push_back(source.definition);
  }
  if (!IsInMemory(options.database.path)) {
    options.sources_file = options.database.path + ".sources";
  }
  if (options.cache && settings.Switch("cache.persist")) {
    if (IsInMemory(options.database.path)) {
      return base::MakeError(base::ErrorKind::kInvalidArgument,
                             "cache.persist = true keeps answers in a file beside the "
                             "database, and this database is in memory; set "
                             "database.path, or leave cache.persist out");
    }
    options.answers_file = options.database.path + ".answers";
  }
  options.intake.outbox.extension_directory = options.database.extension_directory;
  ARROW_RETURN_NOT_OK(CheckWriteThrough(options));
  return options;
}

std::optional<std::filesystem::path> JournalFolder(const Settings& settings) {
  const std::string database = settings.Text("database.path");
  if (IsInMemory(database)) return std::nullopt;
  const std::string folder = settings.Text("journal.path");
  return folder.empty() ? database + ".journal" : folder;
}

arrow::Status CheckSettings(const Settings& settings) {
  arrow::Status wrong = MakeServerOptions(settings, "").status();
  for (const std::string_view key :
       {"flight.listen", "flight.listen_no_transactions", "http.listen"}) {
    for (const std::string& text : settings.List(key)) {
      auto address = flight::ListenAddress::Parse(text);
      arrow::Status found = address.ok()
                                ? access::CheckListenAddress(address->host, false)
                                : address.status();
      if (found.ok()) continue;
      found = base::WithContext(found, std::string(key));
      wrong =
          wrong.ok() ? found : wrong.WithMessage(wrong.message(), "\n", found.message());
    }
  }
  return wrong;
}

}  // namespace pintail
