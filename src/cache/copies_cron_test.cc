#include "cache/copies_cron.h"

#include <gtest/gtest.h>

#include <chrono>
#include <format>
#include <sstream>

#include "base/error.h"

namespace pintail::cache {
namespace {

base::Clock::Wall At(const std::string& text) {
  std::istringstream in(text);
  std::chrono::sys_seconds time;
  in >> std::chrono::parse("%Y-%m-%d %H:%M:%S", time);
  EXPECT_FALSE(in.fail()) << text;
  return time;
}

std::string Text(base::Clock::Wall time) {
  return std::format("{:%Y-%m-%d %H:%M:%S}",
                     std::chrono::floor<std::chrono::seconds>(time));
}

TEST(Cron, TellsTheNextTime) {
  struct Row {
    const char* cron;
    const char* after;
    const char* next;
  };
  // 2026-11-21 is a Saturday.
  for (const Row& row : {
           Row{"* * * * *", "2026-11-21 10:00:00", "2026-11-21 10:01:00"},
           Row{"* * * * *", "2026-11-21 10:00:59", "2026-11-21 10:01:00"},
           Row{"*/15 * * * *", "2026-11-21 10:16:00", "2026-11-21 10:30:00"},
           Row{"5/20 * * * *", "2026-11-21 10:26:00", "2026-11-21 10:45:00"},
           Row{"0 3 * * *", "2026-11-21 03:00:00", "2026-11-22 03:00:00"},
           Row{"0 3 * * *", "2026-12-31 04:00:00", "2027-01-01 03:00:00"},
           Row{"30 8-10,20 * * *", "2026-11-21 10:31:00", "2026-11-21 20:30:00"},
           Row{"0 0 * * mon-fri", "2026-11-21 00:00:00", "2026-11-23 00:00:00"},
           Row{"0 0 * * 7", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
           Row{"0 0 * * 0", "2026-11-21 00:00:00", "2026-11-22 00:00:00"},
           Row{"0 0 1 Jan *", "2026-11-21 00:00:00", "2027-01-01 00:00:00"},
           Row{"0 0 29 2 *", "2026-11-21 00:00:00", "2028-02-29 00:00:00"},
           // Either the day or the weekday is enough when both are given.
           Row{"0 0 25 * 1", "2026-11-21 00:00:00", "2026-11-23 00:00:00"},
           Row{"0 0 25 * 1", "2026-11-23 00:00:00", "2026-11-25 00:00:00"},
           // Nothing happens to the hour that Europe skips: the times are UTC.
           Row{"30 2 * * *", "2026-03-29 00:00:00", "2026-03-29 02:30:00"},
       }) {
    const auto cron = Cron::Parse(row.cron);
    ASSERT_TRUE(cron.ok()) << cron.status().ToString();
    EXPECT_EQ(Text(cron->Next(At(row.after))), row.next) << row.cron;
  }
}

TEST(Cron, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
        "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "a * * * *",
        "* * * foo *", "1,,2 * * * *", "1/2/3 * * * *", "1-2-3 * * * *", "-1 * * * *",
        "0 0 30 2 *"}) {
    const auto cron = Cron::Parse(text);
    ASSERT_FALSE(cron.ok()) << text;
    EXPECT_EQ(base::KindOf(cron.status()), base::ErrorKind::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace pintail::cache
