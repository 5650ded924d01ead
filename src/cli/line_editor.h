// Lines typed at a terminal, with editing, history and completion. Used by one thread,
// after TakeInterrupts was called.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/completer.h"

namespace pintail::cli {

struct TypedLine {
  std::string text;          // without its line break
  bool interrupted = false;  // Ctrl-C: what was typed is given up
};

class LineEditor {
 public:
  using Complete = std::function<Completions(std::string_view)>;

  // Lines are remembered in the file across sessions; an empty path remembers none.
  LineEditor(std::string history_path, Complete complete);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Empty at the end of the input (Ctrl-D).
  std::optional<TypedLine> Read(const std::string& prompt);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

// Where the shell remembers lines: in the folder that XDG_STATE_HOME names, or the one
// below the home folder. Made when missing; empty when it cannot be.
std::string HistoryPath();

}  // namespace pintail::cli
