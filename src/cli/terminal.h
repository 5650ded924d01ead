// Where a command's words go: results to standard output, all else to standard error, and
// what these can show. Made once by the command line; a value.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "arrow/status.h"

namespace pintail::cli {

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colours = false;      // on `out`; off with NO_COLOR, or without a terminal
  bool err_colours = false;  // on `err`
  int width = 0;             // columns of the terminal; 0: do not cut

  // Of this process.
  static Terminal Detect();

  // The text in grey where colours are on.
  std::string Dim(std::string_view text) const;
  // "error: …" on `err`, the message as a person wants it.
  void PrintError(const arrow::Status& status) const;
};

// The status's message without what the transport wrapped around it.
std::string PlainMessage(const arrow::Status& status);

}  // namespace pintail::cli
