// Structured logs: one line an event, with fields, for people (console) or machines
// (JSON).
//
// A Logs object owns the sink; each room asks it for its own Log by the room's name,
// whose level can be set apart. Everything here may be called from any thread. Messages
// and fields must hold no secret.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "arrow/result.h"
#include "base/call_context.h"

namespace pintail::base {

enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat : uint8_t { kConsole, kJson };

// "trace", "debug", "info", "warn", "error" or "off".
arrow::Result<LogLevel> ParseLogLevel(std::string_view name);
// "console" or "json".
arrow::Result<LogFormat> ParseLogFormat(std::string_view name);

// One named value of a log line. Borrowed strings must live until the call returns.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;
};

// The log of one room.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool Enabled(LogLevel level) const = 0;
  virtual void Write(LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) = 0;

  void Debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kDebug, message, fields);
  }
  void Info(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kInfo, message, fields);
  }
  void Warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kWarn, message, fields);
  }
  void Error(std::string_view message, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kError, message, fields);
  }
};

class Logs {
 public:
  struct Options {
    LogFormat format = LogFormat::kConsole;
    LogLevel level = LogLevel::kInfo;
    // Room to level, for example {"engine", kDebug}.
    std::vector<std::pair<std::string, LogLevel>> room_levels;
    // Where lines go; standard error when empty. A path is opened for appending.
    std::string path;
  };

  static arrow::Result<std::unique_ptr<Logs>> Make(const Options& options);
  virtual ~Logs() = default;

  // The log of a room, made on first use; lives as long as this object.
  virtual Log& For(std::string_view room) = 0;
  virtual void Flush() = 0;
};

// A Logs that writes nowhere, for tests and embedding.
std::unique_ptr<Logs> SilentLogs();

}  // namespace pintail::base
