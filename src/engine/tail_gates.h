// Keeps a table's definition from being changed while rows are on their way to its tail,
// and rows away while it is. Private to the engine; thread-safe.
//
// Tables are known by their names in lower case, whichever schema they are in; the empty
// name is all of them. What is remembered is bounded, however many names there are.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "arrow/result.h"

namespace pintail::engine {

class TailGates : public std::enable_shared_from_this<TailGates> {
 public:
  // More names than this are not remembered only because they were blocked once.
  static constexpr size_t kMaxRemembered = 1'024;

  // For what is read of a table from now on: it holds until the table was blocked.
  uint64_t Version() const;

  // Keeps Block of the name waiting until what it returns is dropped. Waits while it is
  // blocked, `timeout` at most, then Conflict. Null when it has been blocked, or may have
  // been, since the version was taken.
  arrow::Result<std::shared_ptr<void>> Enter(const std::string& name, uint64_t version,
                                             std::chrono::milliseconds timeout);
  // Keeps Enter of the name waiting until what it returns is dropped, having waited for
  // those who have entered.
  std::shared_ptr<void> Block(const std::string& name);

  // Names that are remembered.
  size_t size() const;

 private:
  struct Gate {
    int passes = 0;
    int blocks = 0;
    uint64_t changed = 0;  // the version from which on it is as it is
  };

  bool IsBlocked(const std::string& name) const;
  uint64_t ChangedAt(const std::string& name) const;
  void Leave(const std::string& name);
  void Unblock(const std::string& name);
  void Forget();

  mutable std::mutex mutex_;
  std::condition_variable moved_;
  std::unordered_map<std::string, Gate> gates_;
  Gate every_;            // of all names
  uint64_t version_ = 0;  // how many blocks have ended
  // Of the names that are not remembered: none has changed after this.
  uint64_t forgotten_ = 0;
};

}  // namespace pintail::engine
