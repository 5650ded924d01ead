#include "journal/testing/faulty_files.h"

#include <algorithm>
#include <utility>

namespace pintail::journal::testing {
namespace {

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFiles& files, std::unique_ptr<File> real)
      : files_(files), real_(std::move(real)) {}

  std::expected<int64_t, std::error_code> WriteAt(std::span<const iovec> pieces,
                                                  int64_t offset) override {
    if (auto error = files_.Before(Operation::kWrite)) return std::unexpected(error);
    if (!files_.short_writes()) return real_->WriteAt(pieces, offset);
    iovec half = pieces[0];
    half.iov_len = std::max<size_t>(half.iov_len / 2, 1);
    return real_->WriteAt({&half, 1}, offset);
  }
  std::error_code SyncData() override {
    if (auto error = files_.Before(Operation::kSyncData)) return error;
    return files_.skips_syncs() ? std::error_code() : real_->SyncData();
  }
  std::error_code SyncAll() override {
    if (auto error = files_.Before(Operation::kSyncAll)) return error;
    return files_.skips_syncs() ? std::error_code() : real_->SyncAll();
  }
  std::error_code Truncate(int64_t bytes) override {
    if (auto error = files_.Before(Operation::kTruncate)) return error;
    return real_->Truncate(bytes);
  }
  std::error_code Allocate(int64_t bytes) override {
    if (auto error = files_.Before(Operation::kAllocate)) return error;
    return real_->Allocate(bytes);
  }

 private:
  FaultyFiles& files_;
  const std::unique_ptr<File> real_;
};

}  // namespace

FaultyFiles::FaultyFiles() : real_(MakeSystemFiles()) {}

void FaultyFiles::SetHook(Hook hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

void FaultyFiles::SetShortWrites(bool on) {
  const std::lock_guard lock(mutex_);
  short_writes_ = on;
}

int64_t FaultyFiles::CountOf(Operation operation) const {
  const std::lock_guard lock(mutex_);
  return counts_[static_cast<size_t>(operation)];
}

int64_t FaultyFiles::Count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

bool FaultyFiles::short_writes() const {
  const std::lock_guard lock(mutex_);
  return short_writes_;
}

void FaultyFiles::SkipSyncs() {
  const std::lock_guard lock(mutex_);
  skips_syncs_ = true;
}

bool FaultyFiles::skips_syncs() const {
  const std::lock_guard lock(mutex_);
  return skips_syncs_;
}

std::error_code FaultyFiles::Before(Operation operation) {
  Hook hook;
  int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    ++counts_[static_cast<size_t>(operation)];
    number = ++count_;
    hook = hook_;
  }
  return hook ? hook(operation, number) : std::error_code();
}

std::expected<std::unique_ptr<File>, std::error_code> FaultyFiles::Create(
    const Path& path) {
  if (auto error = Before(Operation::kCreate)) return std::unexpected(error);
  auto file = real_->Create(path);
  if (!file) return file;
  return std::make_unique<FaultyFile>(*this, std::move(*file));
}

std::expected<std::unique_ptr<File>, std::error_code> FaultyFiles::Open(
    const Path& path) {
  if (auto error = Before(Operation::kOpen)) return std::unexpected(error);
  auto file = real_->Open(path);
  if (!file) return file;
  return std::make_unique<FaultyFile>(*this, std::move(*file));
}

std::error_code FaultyFiles::Rename(const Path& from, const Path& to) {
  if (auto error = Before(Operation::kRename)) return error;
  return real_->Rename(from, to);
}

std::error_code FaultyFiles::Remove(const Path& path) {
  if (auto error = Before(Operation::kRemove)) return error;
  return real_->Remove(path);
}

std::error_code FaultyFiles::SyncFolder(const Path& path) {
  if (auto error = Before(Operation::kSyncFolder)) return error;
  return skips_syncs() ? std::error_code() : real_->SyncFolder(path);
}

}  // namespace pintail::journal::testing
