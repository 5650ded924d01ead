// What the engine asks whoever keeps the sources: which names are theirs, which one is
// looked in for names without a catalog, and what a failure has to do with them.
//
// Implemented above the engine. Thread-safe; outlives no server: the engine holds it
// weakly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/status.h"

namespace pintail::engine {

// What CREATE, ALTER and DROP SOURCE ask for.
struct SourceChange {
  enum class Verb : uint8_t { kCreate, kAlter, kDrop };
  Verb verb = Verb::kCreate;
  bool or_replace = false;
  bool if_not_exists = false;
  bool if_exists = false;
  std::string name;
  // Key and text; an entry of a map has the key "options.NAME". May hold passwords.
  std::vector<std::pair<std::string, std::string>> words;
};

class SourceGuard {
 public:
  virtual ~SourceGuard() = default;

  // Whether a source has the name, in any case, whether or not it is attached.
  virtual bool IsSource(std::string_view name) const = 0;

  // Where names without a catalog are looked for when they are not found locally.
  struct Place {
    std::string catalog;  // empty: nowhere
    std::string schema;
  };
  // Moves whenever default_place may have.
  virtual uint64_t generation() const = 0;
  virtual Place default_place() const = 0;

  // Told of a statement that failed, with the names and texts that stand in it. Tries to
  // bring back the sources among them that are down, for as long as they may take to
  // connect. `again` is set when the statement is worth another try; else the status is
  // what to tell: the failure itself, or Unavailable with the source that it needs.
  virtual arrow::Status Explain(const arrow::Status& failure,
                                const std::vector<std::string>& names, bool* again) = 0;

  // Takes effect at once, whatever becomes of the caller's transaction.
  virtual arrow::Status Change(const SourceChange& change) = 0;
};

}  // namespace pintail::engine
