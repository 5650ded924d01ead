// How far an upload is, on one line of a terminal's standard error. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/terminal.h"

namespace pintail::cli {

struct ProgressFigures {
  int64_t rows = 0;
  int64_t bytes = 0;                 // of the file, read so far
  std::optional<int64_t> all_bytes;  // of the file, when it is known
  std::chrono::duration<double> elapsed{0};
};

// "12,345,678 rows  1.2 GB of 2.4 GB  50 %  3.1 M rows/s"
std::string ProgressText(const ProgressFigures& figures);

// "12,345,678"
std::string Thousands(int64_t number);

class Progress {
 public:
  // Shows nothing when standard error is no terminal. `terminal` outlives it.
  explicit Progress(const Terminal& terminal) : terminal_(terminal) {}
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // At most ten times a second something is drawn.
  void Update(const std::string& name, const ProgressFigures& figures);
  void Clear();

 private:
  const Terminal& terminal_;
  std::optional<std::chrono::steady_clock::time_point> drawn_;
};

}  // namespace pintail::cli
