// What a server is made of, as options of its rooms. Plain values.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/log.h"
#include "cache/cache.h"
#include "cache/copies.h"
#include "catalog/source_definition.h"
#include "catalog/streams.h"
#include "engine/database.h"
#include "flight/flight_door.h"
#include "gateway/gateway.h"
#include "http/options.h"
#include "ingest/intake.h"

namespace pintail::config {
class Settings;
}

namespace pintail {

struct ServerOptions {
  base::Logs::Options logs;
  std::string metrics_prefix = "pintail";
  engine::DatabaseOptions database;
  bool metrics_table = true;  // whether the table `metrics` is made when missing
  catalog::StreamPolicy stream_defaults;
  std::vector<catalog::StreamDeclaration> streams;
  size_t max_streams = 10'000;
  std::vector<catalog::SourceDefinition> sources;
  std::string sources_file;  // of those made at run time; empty: kept nowhere
  std::string adbc_drivers;  // folder of the ADBC drivers that came along; empty: none
  ingest::Repeats::Options repeats;
  ingest::Intake::Options intake;
  bool tail = true;                          // else rows go into DuckDB at once
  std::optional<cache::CacheOptions> cache;  // of answers; unset: none
  std::string answers_file;  // where they outlive a restart; empty: they do not
  cache::Copies::Options copies;
  gateway::GatewayOptions gateway;
  flight::FlightDoorOptions flight;  // no address: no door
  http::HttpOptions http;            // likewise
  // How long running work may go on once Stop is called.
  std::chrono::milliseconds drain_grace{10'000};
};

// The options that the settings mean. `extension_directory` is used where the settings
// name none. InvalidArgument for an address or a table name that is malformed.
arrow::Result<ServerOptions> MakeServerOptions(const config::Settings& settings,
                                               const std::string& extension_directory);

// The folder of the journal that such a server keeps, or kept before ingest.tail was
// switched off. Unset: its database is in memory.
std::optional<std::filesystem::path> JournalFolder(const config::Settings& settings);

// Whether a server may be started with the settings, as far as that shows without
// starting one: all that is wrong, one a line. May ask the name resolver.
arrow::Status CheckSettings(const config::Settings& settings);

}  // namespace pintail
