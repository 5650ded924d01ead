#include "backend/adbc/adbc_source.h"

#include <utility>

#include "backend/adbc/adbc_ground.h"
#include "backend/adbc/metadata.h"
#include "backend/adbc/session.h"
#include "backend/source_uri.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using ChannelPtr = std::shared_ptr<Channel>;

class AdbcSource final : public BackendSource {
 public:
  AdbcSource(std::string name, std::shared_ptr<AdbcGround> ground)
      : name_(std::move(name)), ground_(std::move(ground)) {}

  const std::string& name() const override { return name_; }
  const std::string& type() const override { return type_; }
  engine::SourceCapabilities capabilities() const override {
    engine::SourceCapabilities capabilities = ground_->database->vendor().capabilities;
    if (ground_->lacks_bulk) capabilities.bulk = false;
    return capabilities;
  }
  std::string default_schema() const override {
    return ground_->database->vendor().default_schema;
  }

  arrow::Result<std::vector<std::string>> Schemas(std::stop_token stop) override {
    return Ask<std::vector<std::string>>(std::move(stop), ListSchemas);
  }
  arrow::Result<std::vector<std::string>> Tables(const std::string& schema,
                                                 std::stop_token stop) override {
    return Ask<std::vector<std::string>>(std::move(stop), [&](const ChannelPtr& channel) {
      return ListTables(channel, schema);
    });
  }
  arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const engine::SourceTableName& table, std::stop_token stop) override {
    return Ask<std::shared_ptr<arrow::Schema>>(
        std::move(stop),
        [&](const ChannelPtr& channel) { return DescribeTable(channel, table); });
  }

  arrow::Result<std::unique_ptr<engine::SourceSession>> Lease(
      std::stop_token stop) override {
    return TakeSession(stop);
  }

  PoolFigures pool_figures() const override { return ground_->connections.figures(); }
  Reachability reachability() const override {
    return ground_->connections.reachability();
  }

 private:
  arrow::Result<std::unique_ptr<AdbcSession>> TakeSession(const std::stop_token& stop) {
    ARROW_ASSIGN_OR_RAISE(auto lease, ground_->connections.Take(stop));
    return std::make_unique<AdbcSession>(ground_, std::move(lease));
  }

  template <typename T>
  arrow::Result<T> Ask(
      std::stop_token stop,
      const std::function<arrow::Result<T>(const ChannelPtr&)>& question) {
    ARROW_ASSIGN_OR_RAISE(const auto session, TakeSession(stop));
    const std::stop_callback cancel(std::move(stop), [&] { session->Cancel(); });
    return session->Ask<T>(question);
  }

  const std::string name_;
  const std::string type_ = "adbc";
  const std::shared_ptr<AdbcGround> ground_;
};

// PostgreSQL's driver takes nothing but a URI; others take the standard's options.
bool TakesCredentialsInUri(const std::string& driver) {
  return driver.contains("postgres");
}

arrow::Result<DriverSettings> SettingsOf(const SourceOptions& options, SourceUri uri,
                                         const PoolOptions& pool,
                                         const SourceRooms& rooms) {
  DriverSettings settings{.driver = FindDriver(options.driver, rooms.adbc_drivers)};
  const bool in_uri = TakesCredentialsInUri(options.driver) && !uri.scheme.empty();
  if (in_uri) {
    if (!options.username.empty()) uri.user = options.username;
    if (!options.password.empty()) uri.password = options.password;
    uri.parameters.emplace_back(
        "connect_timeout",
        std::to_string(
            std::chrono::ceil<std::chrono::seconds>(pool.connect_timeout).count()));
  }
  if (const std::string text = uri.ToString(); !text.empty()) {
    settings.options.emplace_back(ADBC_OPTION_URI, text);
  }
  const auto is_set = [&](const char* key) {
    return options.driver_options.contains(key);
  };
  if (!in_uri && !options.username.empty() && !is_set(ADBC_OPTION_USERNAME)) {
    settings.options.emplace_back(ADBC_OPTION_USERNAME, options.username);
  }
  if (!in_uri && !options.password.empty() && !is_set(ADBC_OPTION_PASSWORD)) {
    settings.options.emplace_back(ADBC_OPTION_PASSWORD, options.password);
  }
  for (const auto& option : options.driver_options) settings.options.push_back(option);
  return settings;
}

}  // namespace

arrow::Result<std::shared_ptr<BackendSource>> MakeAdbcSource(const SourceOptions& options,
                                                             const SourceRooms& rooms) {
  auto parsed = ParseSourceUri(options.connection);
  if (!parsed.ok()) {
    return base::WithContext(parsed.status(), "source '" + options.name + "'");
  }
  SourceUri uri = *std::move(parsed);
  if (options.driver.empty()) {
    return base::MakeError(
        base::ErrorKind::kInvalidArgument, "source '", options.name,
        "': type adbc needs a driver: a short name such as postgresql, "
        "sqlite or flightsql, a manifest, or the path of a library");
  }
  auto blame = std::make_shared<const Blame>(
      Blame{.source = options.name,
            .redaction = Redaction::Of(options, uri),
            .is_sqlite = options.driver.contains("sqlite")});
  ARROW_ASSIGN_OR_RAISE(const PoolOptions pool, TakePoolOptions(options, &uri));
  ARROW_ASSIGN_OR_RAISE(auto settings, SettingsOf(options, std::move(uri), pool, rooms));
  auto database = std::make_shared<VendorDatabase>(std::move(settings), blame);
  // Runs in the pool's threads, which may outlive the source.
  const auto open = [database](std::stop_token) { return database->Connect(); };
  auto ground = std::shared_ptr<AdbcGround>(new AdbcGround{
      .blame = std::move(blame),
      .database = database,
      .clock = rooms.clock,
      .timers = rooms.timers,
      .connections = {pool, RetryOptions{}, open, rooms.clock, rooms.timers}});
  return std::make_shared<AdbcSource>(options.name, std::move(ground));
}

}  // namespace pintail::backend
