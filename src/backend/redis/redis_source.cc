#include "backend/redis/redis_source.h"

#include <utility>

#include "backend/redis/redis_channel.h"
#include "backend/redis/redis_session.h"
#include "backend/source_uri.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

class RedisSource final : public BackendSource {
 public:
  explicit RedisSource(std::shared_ptr<RedisGround> ground)
      : ground_(std::move(ground)) {}

  const std::string& name() const override { return ground_->source; }
  const std::string& type() const override { return type_; }
  engine::SourceCapabilities capabilities() const override {
    return {.dialect = engine::SqlDialect::kNone,
            .filter = false,
            .order = false,
            .aggregate = false,
            .join = false,
            .transaction = false};
  }
  std::string default_schema() const override { return kRedisSchema; }

  arrow::Result<std::vector<std::string>> Schemas(std::stop_token) override {
    return std::vector<std::string>{kRedisSchema};
  }
  arrow::Result<std::vector<std::string>> Tables(const std::string& schema,
                                                 std::stop_token stop) override {
    if (schema != kRedisSchema) return std::vector<std::string>{};
    ARROW_ASSIGN_OR_RAISE(const auto session, TakeSession(stop));
    const std::stop_callback cancel(std::move(stop), [&] { session->Cancel(); });
    return session->Tables();
  }
  arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const engine::SourceTableName& table, std::stop_token stop) override {
    ARROW_ASSIGN_OR_RAISE(const auto session, TakeSession(stop));
    const std::stop_callback cancel(std::move(stop), [&] { session->Cancel(); });
    ARROW_ASSIGN_OR_RAISE(const RedisTable found, session->Table(table));
    return found.schema();
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
  arrow::Result<std::unique_ptr<RedisSession>> TakeSession(const std::stop_token& stop) {
    ARROW_ASSIGN_OR_RAISE(auto lease, ground_->connections.Take(stop));
    return std::make_unique<RedisSession>(ground_, std::move(lease));
  }

  const std::string type_ = "redis";
  const std::shared_ptr<RedisGround> ground_;
};

}  // namespace

arrow::Result<std::shared_ptr<BackendSource>> MakeRedisSource(
    const SourceOptions& options, const SourceRooms& rooms) {
  auto parsed = ParseSourceUri(options.connection);
  if (!parsed.ok()) {
    return base::WithContext(parsed.status(), "source '" + options.name + "'");
  }
  SourceUri uri = *std::move(parsed);
  ARROW_ASSIGN_OR_RAISE(const PoolOptions pool, TakePoolOptions(options, &uri));
  ARROW_ASSIGN_OR_RAISE(auto settings, RedisSettingsOf(options, uri, pool));
  if (options.key_prefix.empty() ||
      (options.ttl && *options.ttl <= std::chrono::milliseconds(0))) {
    return base::MakeError(
        base::ErrorKind::kInvalidArgument, "source '", options.name,
        "': the key prefix must not be empty, and a ttl must be longer "
        "than nothing");
  }
  // Runs in the pool's threads, which may outlive the source.
  const auto open =
      [settings = std::move(settings)](
          std::stop_token) -> arrow::Result<std::unique_ptr<PooledConnection>> {
    return RedisConnection::Open(settings);
  };
  return std::make_shared<RedisSource>(std::shared_ptr<RedisGround>(new RedisGround{
      .source = options.name,
      .prefix = options.key_prefix,
      .key = options.key,
      .ttl = options.ttl,
      .clock = rooms.clock,
      .timers = rooms.timers,
      .connections = {pool, RetryOptions{}, open, rooms.clock, rooms.timers}}));
}

}  // namespace pintail::backend
