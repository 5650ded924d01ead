#include "base/log.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::base {
namespace {

// A log file in a folder of its own, read back line by line.
class LogFile {
 public:
  LogFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "logXXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~LogFile() { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "server.log").string(); }

  std::vector<std::string> Lines() const {
    std::ifstream file(path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  std::filesystem::path folder_;
};

// The line with each digit of its time as 0, so that it can be compared.
std::string WithoutTime(std::string line) {
  constexpr std::string_view kTime = "0000-00-00T00:00:00.000Z";
  const size_t begin = line.find_first_of("0123456789");
  for (size_t i = begin; i < line.size() && i < begin + kTime.size(); ++i) {
    if (line[i] >= '0' && line[i] <= '9') line[i] = '0';
  }
  return line;
}

std::unique_ptr<Logs> MakeLogs(Logs::Options options) {
  return Logs::Make(options).ValueOrDie();
}

TEST(Log, ConsoleLinesShowTimeLevelRoomMessageAndFields) {
  LogFile file;
  const auto logs = MakeLogs({.room_levels = {}, .path = file.path()});
  logs->For("engine").Warn("slow statement", {{"request_id", "00ff"},
                                              {"rows", int64_t{12}},
                                              {"seconds", 1.5},
                                              {"cached", false}});
  logs->Flush();
  const auto lines = file.Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(WithoutTime(lines[0]),
            "0000-00-00T00:00:00.000Z warn  engine slow statement "
            "request_id=00ff rows=12 seconds=1.5 cached=false");
}

TEST(Log, ConsoleTextCannotForgeALineOrAField) {
  LogFile file;
  const auto logs = MakeLogs({.room_levels = {}, .path = file.path()});
  logs->For("http").Info("first\nsecond",
                         {{"name", "a b=c"}, {"empty", ""}, {"esc", "\x1b[2J"}});
  logs->Flush();
  const auto lines = file.Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(
      lines[0].ends_with(R"("first\nsecond" name="a b=c" empty="" esc="\u001b[2J")"))
      << lines[0];
}

TEST(Log, JsonLinesAreOneEscapedObjectEach) {
  LogFile file;
  const auto logs =
      MakeLogs({.format = LogFormat::kJson, .room_levels = {}, .path = file.path()});
  logs->For("gateway").Error("bad \"quote\"\n", {{"request_id", "r-1"},
                                                 {"bytes", int64_t{1} << 53},
                                                 {"ratio", 0.25},
                                                 {"nan", 0.0 / 0.0},
                                                 {"ok", true},
                                                 {"text", "\xFF"}});
  logs->Flush();
  const auto lines = file.Lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(WithoutTime(lines[0]),
            R"({"time":"0000-00-00T00:00:00.000Z","level":"error","room":"gateway",)"
            R"("message":"bad \"quote\"\n","request_id":"r-1",)"
            R"("bytes":9007199254740992,"ratio":0.25,"nan":null,"ok":true,)"
            "\"text\":\"\xEF\xBF\xBD\"}");
}

TEST(Log, RoomsHaveTheirOwnLevels) {
  LogFile file;
  const auto logs =
      MakeLogs({.level = LogLevel::kWarn,
                .room_levels = {{"engine", LogLevel::kDebug}, {"http", LogLevel::kOff}},
                .path = file.path()});
  logs->For("engine").Debug("engine detail");
  logs->For("query").Info("not shown");
  logs->For("query").Warn("query warning");
  logs->For("http").Error("not shown either");
  logs->Flush();
  const auto lines = file.Lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].ends_with("engine detail"));
  EXPECT_TRUE(lines[1].ends_with("query warning"));
  EXPECT_FALSE(logs->For("query").Enabled(LogLevel::kInfo));
  EXPECT_TRUE(logs->For("engine").Enabled(LogLevel::kDebug));
  EXPECT_FALSE(logs->For("http").Enabled(LogLevel::kOff));
}

TEST(Log, GivesARoomTheSameLogEachTime) {
  const auto logs = MakeLogs({});
  EXPECT_EQ(&logs->For("engine"), &logs->For("engine"));
  EXPECT_NE(&logs->For("engine"), &logs->For("http"));
}

TEST(Log, TwoLogsWithTheSameRoomsDoNotShareAnything) {
  LogFile first, second;
  const auto one = MakeLogs({.room_levels = {}, .path = first.path()});
  const auto two = MakeLogs({.room_levels = {}, .path = second.path()});
  one->For("engine").Info("one");
  two->For("engine").Info("two");
  one->Flush();
  two->Flush();
  ASSERT_EQ(first.Lines().size(), 1u);
  ASSERT_EQ(second.Lines().size(), 1u);
  EXPECT_TRUE(first.Lines()[0].ends_with("one"));
}

TEST(Log, LinesOfManyThreadsDoNotMix) {
  LogFile file;
  const auto logs = MakeLogs({.room_levels = {}, .path = file.path()});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&logs, i] {
      for (int n = 0; n < 200; ++n) {
        logs->For("room" + std::to_string(i)).Info("event", {{"end", "x"}});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  logs->Flush();
  const auto lines = file.Lines();
  EXPECT_EQ(lines.size(), 800u);
  for (const auto& line : lines) EXPECT_TRUE(line.ends_with("event end=x")) << line;
}

TEST(Log, AnUnwritablePathIsAClearError) {
  const auto logs = Logs::Make({.room_levels = {}, .path = "/proc/no/such/server.log"});
  ASSERT_FALSE(logs.ok());
  EXPECT_EQ(KindOf(logs.status()), ErrorKind::kInvalidArgument);
  EXPECT_NE(logs.status().message().find("/proc/no/such/server.log"), std::string::npos);
}

TEST(Log, ParsesLevelsAndFormatsByName) {
  for (const char* name : {"trace", "debug", "info", "warn", "error", "off"}) {
    EXPECT_TRUE(ParseLogLevel(name).ok()) << name;
  }
  EXPECT_EQ(ParseLogLevel("warn").ValueOrDie(), LogLevel::kWarn);
  EXPECT_EQ(KindOf(ParseLogLevel("loud").status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(ParseLogFormat("console").ValueOrDie(), LogFormat::kConsole);
  EXPECT_EQ(ParseLogFormat("json").ValueOrDie(), LogFormat::kJson);
  EXPECT_EQ(KindOf(ParseLogFormat("xml").status()), ErrorKind::kInvalidArgument);
}

TEST(SilentLogs, AreNeverEnabled) {
  const auto logs = SilentLogs();
  EXPECT_FALSE(logs->For("engine").Enabled(LogLevel::kError));
  logs->For("engine").Error("nobody hears this");
  logs->Flush();
}

}  // namespace
}  // namespace pintail::base
