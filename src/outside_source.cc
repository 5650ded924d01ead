#include "outside_source.h"

#include <algorithm>
#include <string_view>

namespace pintail {
namespace {

std::string DriverOfScheme(std::string_view connection) {
  const std::string_view scheme = connection.substr(0, connection.find(':'));
  if (scheme == "postgres" || scheme == "postgresql") return "postgresql";
  if (scheme == "sqlite") return "sqlite";
  if (scheme.starts_with("grpc")) return "flightsql";
  return "";
}

}  // namespace

backend::SourceOptions OutsideOptions(const catalog::SourceDefinition& source) {
  backend::SourceOptions options{.name = source.name,
                                 .type = source.type,
                                 .connection = source.connection,
                                 .username = source.username,
                                 .password = source.password,
                                 .driver = source.driver};
  if (!source.driver_path.empty()) options.driver = source.driver_path;
  if (options.driver.empty()) options.driver = DriverOfScheme(source.connection);
  for (const auto& [name, value] : source.options) options.driver_options[name] = value;

  const auto given = [&source](std::string_view key) {
    return std::ranges::contains(source.words, key,
                                 &catalog::SourceWords::value_type::first);
  };
  if (given("pool_min")) options.pool_min = static_cast<int>(source.pool_min);
  if (given("pool_max")) options.pool_max = static_cast<int>(source.pool_max);
  if (given("connect_timeout")) options.connect_timeout = source.connect_timeout;
  if (given("lease_timeout")) options.lease_timeout = source.lease_timeout;
  if (given("idle_timeout")) options.idle_timeout = source.idle_timeout;
  if (given("max_lifetime") && source.max_lifetime.count() > 0) {
    options.max_lifetime = source.max_lifetime;
  }
  return options;
}

}  // namespace pintail
