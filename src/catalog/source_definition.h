// What a source is: where an outside database is, how to log in, how to use it. Plain
// values and pure functions, callable from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/status.h"

namespace pintail::catalog {

// What a definition was made of, in order: an option's key and its text. An entry of the
// map `options` has the key "options.NAME".
using SourceWords = std::vector<std::pair<std::string, std::string>>;

struct SourceDefinition {
  std::string name;
  std::string type;        // "postgres", "adbc", …
  std::string connection;  // may hold a password
  std::string username;
  std::string password;
  std::string driver;  // of type adbc: a short name
  std::string driver_path;
  std::vector<std::pair<std::string, std::string>> options;
  bool read_only = false;
  int64_t pool_min = 0;
  int64_t pool_max = 8;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds lease_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds max_lifetime{0};  // 0: no limit
  bool is_default = false;  // names without a catalog are looked for here, after locally
  // Of the configuration, and so not to be changed while the server runs.
  bool declared = false;
  std::string origin;  // "pintail.toml:3", "CREATE SOURCE"; for people
  SourceWords words;
};

// InvalidArgument for a name that is not an SQL identifier or that already means
// something else in statements: system, temp, memory, main, pintail.
arrow::Status CheckSourceName(std::string_view name);

// Where it is, for people: the connection without any secret.
std::string ShownConnection(const SourceDefinition& source);

// The words with "********" for passwords and the values of `options`, which may be some.
SourceWords ShownWords(const SourceDefinition& source);

// The text with every occurrence of the definition's secrets replaced: errors of drivers
// may repeat what they were given.
std::string WithoutSecrets(const SourceDefinition& source, std::string text);

}  // namespace pintail::catalog
