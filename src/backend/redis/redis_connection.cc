#include "backend/redis/redis_connection.h"

#include <hiredis/hiredis_ssl.h>
#include <sys/socket.h>

#include <charconv>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using base::MakeError;

constexpr std::chrono::seconds kReplyTimeout{60};

timeval ToTimeval(std::chrono::milliseconds time) {
  return {.tv_sec = time.count() / 1'000, .tv_usec = time.count() % 1'000 * 1'000};
}

arrow::Result<int> ParseNumber(const SourceOptions& options, std::string_view what,
                               std::string_view text, int least, int most) {
  int number = -1;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least ||
      number > most) {
    return MakeError(ErrorKind::kInvalidArgument, "source '", options.name, "': the ",
                     what, " in its connection is '", text, "'; it may be ", least,
                     " to ", most);
  }
  return number;
}

}  // namespace

arrow::Result<RedisSettings> RedisSettingsOf(const SourceOptions& options,
                                             const SourceUri& uri,
                                             const PoolOptions& pool) {
  if (uri.scheme != "redis" && uri.scheme != "rediss") {
    return MakeError(ErrorKind::kInvalidArgument, "source '", options.name,
                     "': its connection must be a URI of the form "
                     "redis://host:port/database, or rediss:// for TLS");
  }
  RedisSettings settings{
      .source = options.name,
      .username = options.username.empty() ? uri.user : options.username,
      .password = options.password.empty() ? uri.password : options.password,
      .tls = uri.scheme == "rediss",
      .connect_timeout = pool.connect_timeout};
  std::string_view place = uri.rest;
  if (const size_t slash = place.find('/'); slash != std::string_view::npos) {
    const std::string_view database = place.substr(slash + 1);
    if (!database.empty()) {
      ARROW_ASSIGN_OR_RAISE(settings.database,
                            ParseNumber(options, "database", database, 0, 1'000'000));
    }
    place = place.substr(0, slash);
  }
  settings.database = options.redis_database.value_or(settings.database);
  // [::1]:6379 has colons of its own.
  const size_t bracket = place.rfind(']');
  const size_t colon = place.rfind(':');
  if (colon != std::string_view::npos &&
      (bracket == std::string_view::npos || colon > bracket)) {
    ARROW_ASSIGN_OR_RAISE(
        settings.port, ParseNumber(options, "port", place.substr(colon + 1), 1, 65'535));
    place = place.substr(0, colon);
  }
  if (place.starts_with('[') && place.ends_with(']')) {
    place = place.substr(1, place.size() - 2);
  }
  if (!place.empty()) settings.host = place;
  for (const auto& [key, value] : options.driver_options) {
    if (key == "ca_file") {
      settings.ca_file = value;
    } else if (key == "cert_file") {
      settings.cert_file = value;
    } else if (key == "key_file") {
      settings.key_file = value;
    } else {
      return MakeError(ErrorKind::kInvalidArgument, "source '", options.name,
                       "': there is no option '", key,
                       "' for Redis; there are ca_file, cert_file and key_file");
    }
  }
  return settings;
}

arrow::Status StatusOfReply(const redisReply& reply, const std::string& source) {
  if (reply.type != REDIS_REPLY_ERROR) return arrow::Status::OK();
  const std::string_view text(reply.str, reply.len);
  const std::string_view code = text.substr(0, text.find(' '));
  constexpr std::pair<std::string_view, ErrorKind> kCodes[] = {
      {"NOAUTH", ErrorKind::kUnauthenticated},
      {"WRONGPASS", ErrorKind::kUnauthenticated},
      {"NOPERM", ErrorKind::kPermissionDenied},
      {"READONLY", ErrorKind::kPermissionDenied},
      {"OOM", ErrorKind::kResourceExhausted},
      {"WRONGTYPE", ErrorKind::kInvalidArgument},
      {"BUSY", ErrorKind::kUnavailable},
      {"LOADING", ErrorKind::kUnavailable},
      {"MASTERDOWN", ErrorKind::kUnavailable},
      {"CLUSTERDOWN", ErrorKind::kUnavailable},
      {"TRYAGAIN", ErrorKind::kUnavailable},
      {"MISCONF", ErrorKind::kUnavailable},
      {"MOVED", ErrorKind::kUnimplemented},
      {"ASK", ErrorKind::kUnimplemented},
      {"CROSSSLOT", ErrorKind::kUnimplemented},
  };
  ErrorKind kind = ErrorKind::kInternal;
  for (const auto& [known, means] : kCodes) {
    if (code == known) kind = means;
  }
  if (text == "ERR max number of clients reached") kind = ErrorKind::kUnavailable;
  return MakeError(kind, "source '", source, "': ", text);
}

arrow::Result<std::unique_ptr<RedisConnection>> RedisConnection::Open(
    const RedisSettings& settings) {
  std::unique_ptr<RedisConnection> connection(new RedisConnection(settings.source));
  connection->context_.reset(redisConnectWithTimeout(
      settings.host.c_str(), settings.port, ToTimeval(settings.connect_timeout)));
  redisContext* const context = connection->context_.get();
  if (!context || context->err) return connection->Lost();
  redisEnableKeepAlive(context);
  if (settings.tls) ARROW_RETURN_NOT_OK(connection->StartTls(settings));
  redisSetTimeout(context, ToTimeval(kReplyTimeout));
  std::vector<Command> greeting;
  if (!settings.password.empty()) {
    greeting.push_back(settings.username.empty()
                           ? Command{"AUTH", settings.password}
                           : Command{"AUTH", settings.username, settings.password});
  }
  if (settings.database != 0) {
    greeting.push_back({"SELECT", std::to_string(settings.database)});
  }
  greeting.push_back({"PING"});
  ARROW_RETURN_NOT_OK(connection->Run(greeting));
  return connection;
}

arrow::Status RedisConnection::StartTls(const RedisSettings& settings) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { redisInitOpenSSL(); });
  const auto text = [](const std::string& path) {
    return path.empty() ? nullptr : path.c_str();
  };
  redisSSLContextError error = REDIS_SSL_CTX_NONE;
  const std::unique_ptr<redisSSLContext, void (*)(redisSSLContext*)> tls(
      redisCreateSSLContext(text(settings.ca_file),
                            settings.ca_file.empty() ? "/etc/ssl/certs" : nullptr,
                            text(settings.cert_file), text(settings.key_file),
                            settings.host.c_str(), &error),
      redisFreeSSLContext);
  if (!tls) {
    return MakeError(ErrorKind::kInvalidArgument, "source '", source_,
                     "': TLS cannot be set up: ", redisSSLContextGetError(error));
  }
  if (redisInitiateSSLWithContext(context_.get(), tls.get()) != REDIS_OK) return Lost();
  return arrow::Status::OK();
}

arrow::Status RedisConnection::Lost() const {
  return MakeError(ErrorKind::kUnavailable, "source '", source_,
                   "': Redis: ", context_ ? context_->errstr : "out of memory");
}

arrow::Result<std::vector<Reply>> RedisConnection::Run(
    const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    std::vector<const char*> words;
    std::vector<size_t> lengths;
    for (const std::string& word : command) {
      words.push_back(word.data());
      lengths.push_back(word.size());
    }
    if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()),
                               words.data(), lengths.data()) != REDIS_OK) {
      return Lost();
    }
  }
  std::vector<Reply> replies;
  arrow::Status first_error;
  for (size_t i = 0; i < commands.size(); ++i) {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK || !reply) return Lost();
    replies.emplace_back(static_cast<redisReply*>(reply));
    if (first_error.ok()) first_error = StatusOfReply(*replies.back(), source_);
  }
  ARROW_RETURN_NOT_OK(first_error);
  return replies;
}

arrow::Result<Reply> RedisConnection::Run(const Command& command) {
  ARROW_ASSIGN_OR_RAISE(auto replies, Run(std::vector<Command>{command}));
  return std::move(replies[0]);
}

void RedisConnection::Interrupt() { shutdown(context_->fd, SHUT_RDWR); }

}  // namespace pintail::backend
