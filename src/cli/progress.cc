#include "cli/progress.h"

#include <array>
#include <format>

namespace pintail::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenDrawings{100};

std::string BytesText(int64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 1'000 && unit + 1 < kUnits.size()) {
    amount /= 1'000;
    ++unit;
  }
  return unit == 0 ? std::format("{} B", bytes)
                   : std::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string RateText(double rows_per_second) {
  if (rows_per_second >= 1e6)
    return std::format("{:.1f} M rows/s", rows_per_second / 1e6);
  if (rows_per_second >= 1e3)
    return std::format("{:.1f} k rows/s", rows_per_second / 1e3);
  return std::format("{:.0f} rows/s", rows_per_second);
}

}  // namespace

std::string Thousands(int64_t number) {
  std::string text = std::to_string(number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t i = text.size(); i > first + 3;) {
    i -= 3;
    text.insert(i, ",");
  }
  return text;
}

std::string ProgressText(const ProgressFigures& figures) {
  std::string text = Thousands(figures.rows) + (figures.rows == 1 ? " row" : " rows");
  if (figures.bytes > 0) text += "  " + BytesText(figures.bytes);
  if (figures.all_bytes && *figures.all_bytes > 0) {
    text += " of " + BytesText(*figures.all_bytes);
    text += std::format("  {} %",
                        std::min<int64_t>(100, figures.bytes * 100 / *figures.all_bytes));
  }
  if (figures.elapsed.count() > 0) {
    text += "  " + RateText(static_cast<double>(figures.rows) / figures.elapsed.count());
  }
  return text;
}

void Progress::Update(const std::string& name, const ProgressFigures& figures) {
  if (!terminal_.err_is_terminal) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - *drawn_ < kBetweenDrawings) return;
  drawn_ = now;
  terminal_.err << "\r\033[K" << name << "  " << ProgressText(figures) << std::flush;
}

void Progress::Clear() {
  if (drawn_) terminal_.err << "\r\033[K" << std::flush;
  drawn_.reset();
}

}  // namespace pintail::cli
