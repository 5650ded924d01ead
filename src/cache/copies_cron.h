// Times by the five fields of cron, in UTC. Pure values and functions.
#pragma once

#include <bitset>
#include <string_view>

#include "arrow/result.h"
#include "base/clock.h"

namespace pintail::cache {

class Cron {
 public:
  // "minute hour day month weekday": each a list of numbers and ranges with commas
  // between, `*` for all, `/n` for every n-th; months and weekdays also by the first
  // three letters of their English names; weekday 0 and 7 are Sunday. When both day and
  // weekday are given, either is enough. InvalidArgument names the field that is wrong.
  static arrow::Result<Cron> Parse(std::string_view text);

  // The first such minute after `after`. Always there: Parse refuses days that never
  // come, such as the 30th of February.
  base::Clock::Wall Next(base::Clock::Wall after) const;

 private:
  bool Matches(std::chrono::sys_days day) const;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false;      // the field is *
  bool any_weekday_ = false;  // likewise
};

}  // namespace pintail::cache
