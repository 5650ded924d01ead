// One spdlog sink for all rooms (it locks, so lines never mix) and a spdlog logger a room
// for the level. Lines are put together here; spdlog's global registry is not touched, so
// two Logs in one process know nothing of each other.
#include "base/log.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <format>
#include <functional>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/json_string.h"
#include "spdlog/logger.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/basic_file_sink.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace pintail::base {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {"trace", "debug", "info",
                                                         "warn",  "error", "off"};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

std::string TimeNow() {
  const auto now =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return std::format("{:%FT%T}Z", now);
}

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out->append(digits.data(), end);
}

// A value that a person could misread or that could forge a line is shown quoted.
void AppendConsoleText(std::string_view text, bool is_value, std::string* out) {
  bool plain = !is_value || !text.empty();
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) plain = false;
    if (is_value && (c == ' ' || c == '"' || c == '=' || c == '\\')) plain = false;
  }
  if (plain) {
    out->append(text);
  } else {
    AppendJsonString(text, out);
  }
}

void AppendConsoleField(const LogField& field, std::string* out) {
  out->push_back(' ');
  out->append(field.key);
  out->push_back('=');
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendConsoleText(*text, /*is_value=*/true, out);
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    AppendNumber(*integer, out);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    AppendNumber(*real, out);
  } else {
    out->append(std::get<bool>(field.value) ? "true" : "false");
  }
}

void AppendJsonField(const LogField& field, std::string* out) {
  out->push_back(',');
  AppendJsonString(field.key, out);
  out->push_back(':');
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendJsonString(*text, out);
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    AppendNumber(*integer, out);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    // JSON knows no NaN and no infinity.
    if (std::isfinite(*real)) {
      AppendNumber(*real, out);
    } else {
      out->append("null");
    }
  } else {
    out->append(std::get<bool>(field.value) ? "true" : "false");
  }
}

class RoomLog final : public Log {
 public:
  RoomLog(std::string room, LogFormat format, LogLevel level, spdlog::sink_ptr sink)
      : format_(format), room_(room), logger_(std::move(room), std::move(sink)) {
    logger_.set_level(ToSpdlog(level));
    // What matters must be on disk when the process dies; the rest may wait for Flush.
    logger_.flush_on(spdlog::level::warn);
  }

  bool Enabled(LogLevel level) const override {
    return level != LogLevel::kOff && logger_.should_log(ToSpdlog(level));
  }

  void Write(LogLevel level, std::string_view message,
             std::initializer_list<LogField> fields) override {
    if (!Enabled(level)) return;
    const std::string line = format_ == LogFormat::kJson
                                 ? JsonLine(level, message, fields)
                                 : ConsoleLine(level, message, fields);
    logger_.log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

  void Flush() { logger_.flush(); }

 private:
  std::string ConsoleLine(LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields) const {
    std::string line = std::format("{} {:<5} {} ", TimeNow(),
                                   kLevelNames[static_cast<size_t>(level)], room_);
    AppendConsoleText(message, /*is_value=*/false, &line);
    for (const LogField& field : fields) AppendConsoleField(field, &line);
    return line;
  }

  std::string JsonLine(LogLevel level, std::string_view message,
                       std::initializer_list<LogField> fields) const {
    std::string line = R"({"time":")" + TimeNow() + R"(","level":")";
    line.append(kLevelNames[static_cast<size_t>(level)]);
    line.append(R"(","room":)");
    AppendJsonString(room_, &line);
    line.append(R"(,"message":)");
    AppendJsonString(message, &line);
    for (const LogField& field : fields) AppendJsonField(field, &line);
    line.push_back('}');
    return line;
  }

  const LogFormat format_;
  const std::string room_;
  spdlog::logger logger_;
};

class SinkLogs final : public Logs {
 public:
  SinkLogs(const Options& options, spdlog::sink_ptr sink)
      : format_(options.format), level_(options.level), sink_(std::move(sink)) {
    for (const auto& [room, level] : options.room_levels) room_levels_[room] = level;
    sink_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
  }
  ~SinkLogs() override { sink_->flush(); }

  Log& For(std::string_view room) override {
    std::lock_guard lock(mutex_);
    auto found = rooms_.find(room);
    if (found == rooms_.end()) {
      const auto level = room_levels_.find(room);
      auto log = std::make_unique<RoomLog>(
          std::string(room), format_,
          level == room_levels_.end() ? level_ : level->second, sink_);
      found = rooms_.emplace(std::string(room), std::move(log)).first;
    }
    return *found->second;
  }

  void Flush() override { sink_->flush(); }

 private:
  const LogFormat format_;
  const LogLevel level_;
  const spdlog::sink_ptr sink_;
  std::map<std::string, LogLevel, std::less<>> room_levels_;  // constant once made

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<RoomLog>, std::less<>> rooms_;  // by mutex_
};

class SilentLog final : public Log {
 public:
  bool Enabled(LogLevel) const override { return false; }
  void Write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

class NoLogs final : public Logs {
 public:
  Log& For(std::string_view) override { return log_; }
  void Flush() override {}

 private:
  SilentLog log_;
};

arrow::Result<spdlog::sink_ptr> OpenSink(const std::string& path) {
  if (path.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, /*truncate=*/false);
  } catch (const spdlog::spdlog_ex& error) {
    return MakeError(ErrorKind::kInvalidArgument, "cannot open the log file '", path,
                     "' for appending: ", error.what(),
                     "; create its folder, or choose a path this user may write");
  }
}

}  // namespace

arrow::Result<LogLevel> ParseLogLevel(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
  }
  return MakeError(ErrorKind::kInvalidArgument, "unknown log level '", name,
                   "'; use trace, debug, info, warn, error or off");
}

arrow::Result<LogFormat> ParseLogFormat(std::string_view name) {
  if (name == "console") return LogFormat::kConsole;
  if (name == "json") return LogFormat::kJson;
  return MakeError(ErrorKind::kInvalidArgument, "unknown log format '", name,
                   "'; use console or json");
}

arrow::Result<std::unique_ptr<Logs>> Logs::Make(const Options& options) {
  ARROW_ASSIGN_OR_RAISE(auto sink, OpenSink(options.path));
  return std::make_unique<SinkLogs>(options, std::move(sink));
}

std::unique_ptr<Logs> SilentLogs() { return std::make_unique<NoLogs>(); }

}  // namespace pintail::base
