#include "catalog/source_driver.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "catalog/connection_text.h"
#include "catalog/reachable.h"
#include "engine/names.h"
#include "engine/read_only_source.h"

namespace pintail::catalog {
namespace {

using base::ErrorKind;
using base::MakeError;
using engine::AttachRequest;
using engine::QuoteText;

// How long a table that others may alter is taken to be as it was.
constexpr std::chrono::seconds kKnownFor{10};

std::string ExtensionOf(const std::string& type) {
  if (type == "postgres" || type == "mysql" || type == "sqlite") return type + "_scanner";
  return type == "motherduck" ? type : "";
}

// A database that DuckDB attaches by itself or by an official extension.
class AttachDriver final : public SourceDriver {
 public:
  struct Address {
    std::string host;
    std::string port;
  };

  AttachDriver(engine::Database& database, AttachRequest request,
               std::optional<Address> address, std::chrono::milliseconds timeout)
      : database_(database),
        request_(std::move(request)),
        address_(std::move(address)),
        timeout_(timeout) {}

  arrow::Result<std::string> Attach() override {
    ARROW_RETURN_NOT_OK(Probe());
    return database_.Attach(request_);
  }
  arrow::Status Detach() override { return database_.Detach(request_.name); }
  arrow::Status Probe() override {
    if (!address_) return arrow::Status::OK();
    return CheckReachable(address_->host, address_->port, timeout_);
  }

 private:
  engine::Database& database_;
  const AttachRequest request_;
  const std::optional<Address> address_;
  const std::chrono::milliseconds timeout_;
};

// A database that the engine attaches by a catalog of its own.
class CatalogDriver final : public SourceDriver {
 public:
  CatalogDriver(engine::Database& database, std::shared_ptr<engine::Source> source)
      : database_(database), source_(std::move(source)) {}

  arrow::Result<std::string> Attach() override {
    ARROW_RETURN_NOT_OK(Probe());
    ARROW_RETURN_NOT_OK(database_.AttachSource(source_, {.known_for = kKnownFor}));
    return source_->default_schema();
  }
  arrow::Status Detach() override { return database_.DetachSource(source_->name()); }
  // Its own pool says within its own time whether there is a connection. When all are
  // leased it answers, or their users will find out.
  arrow::Status Probe() override {
    const arrow::Status leased = source_->Lease({}).status();
    const bool is_busy = base::KindOf(leased) == ErrorKind::kResourceExhausted;
    return is_busy ? arrow::Status::OK() : leased;
  }

 private:
  engine::Database& database_;
  const std::shared_ptr<engine::Source> source_;
};

// A value that stands there already stays.
void AddWord(ConnectionWords* words, const std::string& key, const std::string& value) {
  if (!WordOf(*words, key).empty()) return;
  words->emplace_back(key, value);
}

// Words that the database would show to everybody.
arrow::Status CheckOptions(const SourceDefinition& source) {
  for (const auto& [name, value] : source.options) {
    const std::string word = base::LowerCase(name);
    if (word != "password" && word != "passwd" && word != "user") continue;
    return MakeError(
        ErrorKind::kInvalidArgument, "the source \"", source.name, "\" has the option ",
        name, ", which would be shown to every client; give ",
        word == "user" ? "username" : "password", " as a key of the source itself");
  }
  return arrow::Status::OK();
}

// The words without the login, which goes into `secret`.
arrow::Result<ConnectionWords> WordsAndSecret(const SourceDefinition& source,
                                              AttachRequest* request) {
  ARROW_RETURN_NOT_OK(CheckOptions(source));
  ARROW_ASSIGN_OR_RAISE(ConnectionWords words, ReadConnection(source.connection));
  std::string user = TakeWord(&words, "user");
  std::string password = TakeWord(&words, "password");
  if (!source.username.empty()) user = source.username;
  if (!source.password.empty()) password = source.password;
  request->secret.emplace();
  if (!user.empty()) request->secret->emplace_back("user", user);
  if (!password.empty()) request->secret->emplace_back("password", password);
  return words;
}

AttachRequest RequestOf(const SourceDefinition& source) {
  return {.name = source.name,
          .type = source.type,
          .extension = ExtensionOf(source.type),
          .read_only = source.read_only};
}

std::string Count(std::chrono::milliseconds time) { return std::to_string(time.count()); }

arrow::Result<std::unique_ptr<SourceDriver>> MakePostgres(
    engine::Database& database, const SourceDefinition& source) {
  AttachRequest request = RequestOf(source);
  ARROW_ASSIGN_OR_RAISE(ConnectionWords words, WordsAndSecret(source, &request));
  for (const auto& [name, value] : source.options) {
    if (name == "schema" || name == "isolation_level") {
      request.options.emplace_back(name, value);
    } else {
      TakeWord(&words, name);
      words.emplace_back(name, value);
    }
  }
  // The library counts in seconds, and takes one for two.
  const int64_t seconds =
      std::max<int64_t>((source.connect_timeout.count() + 999) / 1000, 2);
  AddWord(&words, "connect_timeout", std::to_string(seconds));
  AddWord(&words, "application_name", "pintail");
  // A server that went without a word is given up after a minute.
  AddWord(&words, "keepalives_idle", "30");
  AddWord(&words, "keepalives_interval", "10");
  AddWord(&words, "keepalives_count", "3");
  AttachDriver::Address address{.host = WordOf(words, "host"),
                                .port = WordOf(words, "port")};
  if (address.port.empty()) address.port = "5432";
  if (!TakeWord(&words, "sslpassword").empty()) {
    return MakeError(ErrorKind::kUnimplemented, "the source \"", source.name,
                     "\": sslpassword would be shown by duckdb_databases(); use a key "
                     "without a password that only this user can read");
  }
  request.path = PostgresWords(words);
  request.then =
      "FROM postgres_configure_pool(catalog_name=" + QuoteText(source.name) +
      ", max_connections=" + std::to_string(source.pool_max) +
      ", acquire_mode='wait', wait_timeout_millis=" + Count(source.lease_timeout) +
      ", idle_timeout_millis=" + Count(source.idle_timeout) +
      ", max_lifetime_millis=" + Count(source.max_lifetime) + ")";
  return std::make_unique<AttachDriver>(database, std::move(request), std::move(address),
                                        source.connect_timeout);
}

arrow::Result<std::unique_ptr<SourceDriver>> MakeMysql(engine::Database& database,
                                                       const SourceDefinition& source) {
  AttachRequest request = RequestOf(source);
  ARROW_ASSIGN_OR_RAISE(ConnectionWords words, WordsAndSecret(source, &request));
  for (const auto& [name, value] : source.options) {
    TakeWord(&words, name);
    words.emplace_back(name, value);
  }
  std::optional<AttachDriver::Address> address;
  if (WordOf(words, "socket").empty()) {
    address = {.host = WordOf(words, "host"), .port = WordOf(words, "port")};
    if (address->port.empty()) address->port = "3306";
  }
  request.path = MysqlWords(words);
  // By its own push-down the extension compares texts as the columns' collations do, so
  // that 'a' is 'A' in conditions and groups.
  request.settings = {
      {"mysql_aggregate_pushdown_enabled", "false"},
      {"mysql_experimental_filter_pushdown", "false"},
      {"mysql_order_pushdown_enabled", "false"},
      {"mysql_pool_size", std::to_string(source.pool_max)},
      {"mysql_pool_acquire_mode", "wait"},
      {"mysql_pool_wait_timeout_millis", Count(source.lease_timeout)},
      {"mysql_pool_connection_idle_timeout_millis", Count(source.idle_timeout)},
      {"mysql_pool_connection_max_lifetime_millis", Count(source.max_lifetime)}};
  return std::make_unique<AttachDriver>(database, std::move(request), std::move(address),
                                        source.connect_timeout);
}

// A path, also as sqlite:///path or duckdb://path.
std::string PathOf(const SourceDefinition& source) {
  std::string_view path = source.connection;
  const std::string scheme = source.type + "://";
  if (path.starts_with(scheme)) path.remove_prefix(scheme.size());
  return std::filesystem::absolute(path).lexically_normal();
}

arrow::Result<std::unique_ptr<SourceDriver>> MakeFile(engine::Database& database,
                                                      const SourceDefinition& source) {
  AttachRequest request = RequestOf(source);
  request.path = PathOf(source);
  request.files = {request.path};
  request.options = source.options;
  if (!source.username.empty()) {
    return MakeError(ErrorKind::kInvalidArgument, "the source \"", source.name,
                     "\" is a file, which nobody logs in to; leave out username");
  }
  if (!source.password.empty()) {
    if (source.type != "duckdb") {
      return MakeError(ErrorKind::kInvalidArgument, "the source \"", source.name,
                       "\" is of type ", source.type,
                       ", whose files have no password; leave it out");
    }
    request.options.emplace_back("encryption_key", source.password);
  }
  return std::make_unique<AttachDriver>(database, std::move(request), std::nullopt,
                                        source.connect_timeout);
}

arrow::Result<std::unique_ptr<SourceDriver>> MakeMotherDuck(
    engine::Database& database, const SourceDefinition& source) {
  AttachRequest request = RequestOf(source);
  std::string path = source.connection;
  if (!path.starts_with("md:")) path = "md:" + path;
  if (path.find('?') != std::string::npos) {
    return MakeError(ErrorKind::kInvalidArgument, "the source \"", source.name,
                     "\": give the token as the password, not in the connection");
  }
  request.path = path;
  request.options = source.options;
  // The extension reads it from the environment only, or from where everybody sees it.
  if (!source.password.empty()) {
    setenv("motherduck_token", source.password.c_str(), /*overwrite=*/1);
  }
  return std::make_unique<AttachDriver>(database, std::move(request), std::nullopt,
                                        source.connect_timeout);
}

}  // namespace

arrow::Result<std::unique_ptr<SourceDriver>> MakeSourceDriver(
    engine::Database& database, const SourceDefinition& source,
    const SourceFactory& factory) {
  if (source.type == "postgres") return MakePostgres(database, source);
  if (source.type == "mysql") return MakeMysql(database, source);
  if (source.type == "motherduck") return MakeMotherDuck(database, source);
  if (source.type == "sqlite" || source.type == "duckdb") {
    return MakeFile(database, source);
  }
  if (!factory) {
    return MakeError(ErrorKind::kUnimplemented, "sources of type ", source.type,
                     " are not in this version");
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<engine::Source> outside, factory(source));
  if (source.read_only) outside = engine::ReadOnly(std::move(outside));
  return std::make_unique<CatalogDriver>(database, std::move(outside));
}

std::vector<std::string> ExtensionsFor(const std::vector<SourceDefinition>& sources) {
  std::vector<std::string> extensions;
  for (const SourceDefinition& source : sources) {
    const std::string extension = ExtensionOf(source.type);
    if (extension.empty() || std::ranges::contains(extensions, extension)) continue;
    extensions.push_back(extension);
  }
  return extensions;
}

}  // namespace pintail::catalog
