// The machine's files, with faults where a test wants them. Callable from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>

#include "journal/files.h"

namespace pintail::journal::testing {

enum class Operation : uint8_t {
  kCreate,
  kOpen,
  kWrite,
  kSyncData,
  kSyncAll,
  kTruncate,
  kAllocate,
  kRename,
  kRemove,
  kSyncFolder,
};
inline constexpr size_t kOperations = 10;

class FaultyFiles final : public Files {
 public:
  // What is asked before each operation, on the thread that does it, without a lock: an
  // error is returned instead of doing it. `number` counts all operations from 1.
  using Hook = std::function<std::error_code(Operation, int64_t number)>;

  FaultyFiles();
  void SetHook(Hook hook);
  // Writes write only half of what they are given, at least one byte.
  void SetShortWrites(bool on);
  // Syncs are counted, but do nothing: for tests in which no machine fails.
  void SkipSyncs();
  int64_t CountOf(Operation operation) const;
  int64_t Count() const;

  std::expected<std::unique_ptr<File>, std::error_code> Create(const Path& path) override;
  std::expected<std::unique_ptr<File>, std::error_code> Open(const Path& path) override;
  std::error_code Rename(const Path& from, const Path& to) override;
  std::error_code Remove(const Path& path) override;
  std::error_code SyncFolder(const Path& path) override;

  // For its files.
  std::error_code Before(Operation operation);
  bool short_writes() const;
  bool skips_syncs() const;

 private:
  const std::unique_ptr<Files> real_;
  mutable std::mutex mutex_;
  Hook hook_;
  bool short_writes_ = false;
  bool skips_syncs_ = false;
  int64_t count_ = 0;
  std::array<int64_t, kOperations> counts_{};
};

}  // namespace pintail::journal::testing
