// What one source is made from. Plain values; a copy is independent. `connection`,
// `password` and `driver_options` may hold secrets: never log or show them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace pintail::backend {

struct SourceOptions {
  std::string name;
  std::string type;        // "adbc" or "redis"
  std::string connection;  // a URI, or what the driver takes for one
  // Go before those of the URI. Empty: as the URI says.
  std::string username;
  std::string password;

  // ADBC: a short name ("postgresql"), a manifest's name or path, or a library's path.
  std::string driver;
  std::map<std::string, std::string> driver_options;

  // Each goes before the parameter of its name in the URI (?pool_max=10), which goes
  // before the default in backend/pool.h.
  std::optional<int> pool_min;
  std::optional<int> pool_max;
  std::optional<std::chrono::milliseconds> connect_timeout;  // in the URI: seconds
  std::optional<std::chrono::milliseconds> lease_timeout;
  std::optional<std::chrono::milliseconds> idle_timeout;
  std::optional<std::chrono::milliseconds> max_lifetime;

  // Redis. `driver_options` are ca_file, cert_file and key_file, for TLS (rediss://).
  std::string key_prefix = "pintail";
  std::string
      key;  // name of the key column of tables that are made; empty: the first one
  std::optional<std::chrono::milliseconds> ttl;  // of rows; none: they stay
  std::optional<int> redis_database;             // goes before the one in the URI
};

}  // namespace pintail::backend
