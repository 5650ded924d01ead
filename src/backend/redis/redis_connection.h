// One connection to Redis. One thread at a time, but for Interrupt.
#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "backend/pool.h"
#include "backend/source_options.h"
#include "backend/source_uri.h"

namespace pintail::backend {

struct RedisSettings {
  std::string source;
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string username;  // empty: the default user
  std::string password;
  int database = 0;
  bool tls = false;
  std::string ca_file;    // empty: the system's certificates
  std::string cert_file;  // of the client; with key_file
  std::string key_file;
  std::chrono::milliseconds connect_timeout{10'000};
};

// redis://[user:password@]host[:port][/database], rediss:// for TLS. InvalidArgument for
// anything else.
arrow::Result<RedisSettings> RedisSettingsOf(const SourceOptions& options,
                                             const SourceUri& uri,
                                             const PoolOptions& pool);

// What a reply of the server means. OK unless it is an error.
arrow::Status StatusOfReply(const redisReply& reply, const std::string& source);

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;
using Command = std::vector<std::string>;

class RedisConnection final : public PooledConnection {
 public:
  // Connects, logs in, selects the database.
  static arrow::Result<std::unique_ptr<RedisConnection>> Open(
      const RedisSettings& settings);

  // Sends all commands, then reads as many replies. The first error ends it, after all
  // replies have been read. Unavailable when the connection is lost: it is of no use
  // then.
  arrow::Result<std::vector<Reply>> Run(const std::vector<Command>& commands);
  arrow::Result<Reply> Run(const Command& command);
  arrow::Status Check() override { return Run(Command{"PING"}).status(); }
  // Ends a Run and the connection. From any thread while Run is at work.
  void Interrupt();

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  explicit RedisConnection(std::string source) : source_(std::move(source)) {}
  arrow::Status Lost() const;
  arrow::Status StartTls(const RedisSettings& settings);

  const std::string source_;
  std::unique_ptr<redisContext, FreeContext> context_;
};

}  // namespace pintail::backend
