// The flags of all options, for the command line parser.
#pragma once

#include <memory>
#include <vector>

#include "config/load.h"

namespace CLI {
class App;
}

namespace pintail::config {

// Where the parser puts what it finds. Outlives the parsing.
class Flags {
 public:
  Flags();
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  // Adds --config, a flag for every option, grouped by section, and the older programs'
  // flags to the command.
  void AddTo(CLI::App& command);

  // What the command line said, after parsing: the file and the flags.
  Sources Read() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pintail::config
