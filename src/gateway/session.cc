#include "gateway/session.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;

// Readers that a session keeps for its next statements.
constexpr size_t kMaxIdleReaders = 4;

}  // namespace

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    Return();
    session_ = std::move(other.session_);
    slot_ = std::move(other.slot_);
    run_ = std::move(other.run_);
  }
  return *this;
}

arrow::Status Lease::AttachTo(StatementRun& run) {
  ARROW_RETURN_NOT_OK(run.Attach(*slot_->connection));
  run_ = run.shared_from_this();
  return arrow::Status::OK();
}

void Lease::Return() {
  if (!slot_) return;
  // First, so that an interrupt cannot hit the connection's next user.
  if (run_) run_->Detach(*slot_->connection);
  run_.reset();
  const std::shared_ptr<Slot> slot = std::move(slot_);
  const std::shared_ptr<Session> session = std::move(session_);
  slot_ = nullptr;
  session->Return(slot);
}

Session::Session(engine::Database& database, const base::Clock& clock, Identity identity)
    : database_(database),
      clock_(clock),
      identity_(std::move(identity)),
      opened_at_(clock.WallNow()),
      used_(clock.Now()) {}

arrow::Result<SessionPtr> Session::Make(engine::Database& database,
                                        const base::Clock& clock, Identity identity) {
  SessionPtr session(new Session(database, clock, std::move(identity)));
  session->home_ = std::make_shared<Slot>();
  session->home_->role = Role::kHome;
  return session;
}

arrow::Result<Lease> Session::LeaseAny(StatementRun& run,
                                       const std::shared_ptr<Slot>& preferred) {
  bool pinned = false;
  {
    std::lock_guard lock(mutex_);
    pinned = in_transaction_ || named_statements_;
  }
  if (pinned) return LeaseHome(run);
  return LeaseReader(run, preferred);
}

arrow::Result<Lease> Session::LeaseReader(StatementRun& run,
                                          const std::shared_ptr<Slot>& preferred) {
  if (std::optional<Lease> idle = TakeIdle(preferred)) return std::move(*idle);
  return ForkHome(run);
}

arrow::Result<Lease> Session::LeaseHome(StatementRun& run) { return Turn(run, home_); }

arrow::Result<Lease> Session::LeaseTransaction(StatementRun& run,
                                               const std::shared_ptr<Slot>& slot) {
  return Turn(run, slot);
}

arrow::Result<Lease> Session::Turn(StatementRun& run, const std::shared_ptr<Slot>& slot) {
  std::unique_lock lock(mutex_);
  const bool came =
      changed_.wait(lock, run.stop_token(), [&] { return !slot->busy || slot->closed; });
  if (!came) return run.Check();
  // The connection of a transaction that has ended belongs to others by now.
  if (slot->closed || slot->role == Role::kReader) return ClosedError();
  slot->busy = true;
  ++leased_;
  lock.unlock();
  Lease lease(shared_from_this(), slot);
  // Many a session is only answered from the cache.
  if (!slot->connection) {
    ARROW_ASSIGN_OR_RAISE(slot->connection, database_.Connect());
  }
  return lease;
}

std::optional<Lease> Session::TakeIdle(const std::shared_ptr<Slot>& preferred) {
  std::lock_guard lock(mutex_);
  if (closed_) return std::nullopt;
  std::shared_ptr<Slot> slot;
  if (preferred && !preferred->busy && !preferred->closed &&
      preferred->role == Role::kReader && preferred->generation == generation_) {
    slot = preferred;
    std::erase(idle_readers_, preferred);
  } else if (!idle_readers_.empty()) {
    slot = std::move(idle_readers_.back());
    idle_readers_.pop_back();
  } else {
    return std::nullopt;
  }
  slot->busy = true;
  ++leased_;
  return Lease(shared_from_this(), std::move(slot));
}

arrow::Result<Lease> Session::ForkHome(StatementRun& run) {
  const auto slot = std::make_shared<Slot>();
  slot->busy = true;
  {
    ARROW_ASSIGN_OR_RAISE(const Lease home, LeaseHome(run));
    {
      // Settings change at home only, and home is ours now.
      std::lock_guard lock(mutex_);
      slot->generation = generation_;
    }
    ARROW_ASSIGN_OR_RAISE(slot->connection, home.connection().Fork());
  }
  std::lock_guard lock(mutex_);
  ++leased_;
  return Lease(shared_from_this(), slot);
}

void Session::SetRole(const Lease& lease, Role role) {
  std::lock_guard lock(mutex_);
  lease.slot()->role = role;
}

void Session::CloseSlot(const std::shared_ptr<Slot>& slot) {
  std::unique_ptr<engine::Connection> closing;  // ends after the lock
  {
    std::lock_guard lock(mutex_);
    slot->closed = true;
    if (!slot->busy) closing = std::move(slot->connection);
  }
  changed_.notify_all();
}

void Session::Return(const std::shared_ptr<Slot>& slot) {
  // Still ours until `busy` is false.
  const bool in_transaction = slot->connection && slot->connection->InTransaction();
  std::unique_ptr<engine::Connection> closing;  // ends after the lock
  {
    std::lock_guard lock(mutex_);
    slot->busy = false;
    --leased_;
    if (slot->role == Role::kHome) in_transaction_ = in_transaction;
    // A rollback that was itself interrupted leaves its transaction open.
    if (slot->role == Role::kReader && in_transaction) slot->closed = true;
    if (slot->role == Role::kReader) KeepOrClose(slot);
    if (slot->closed) closing = std::move(slot->connection);
    used_ = clock_.Now();
  }
  changed_.notify_all();
}

void Session::KeepOrClose(const std::shared_ptr<Slot>& slot) {
  if (!closed_ && !slot->closed && slot->generation == generation_ &&
      idle_readers_.size() < kMaxIdleReaders) {
    idle_readers_.push_back(slot);
  } else {
    slot->closed = true;
  }
}

void Session::SettingsChanged(engine::SessionSettings settings) {
  std::vector<std::shared_ptr<Slot>> dropped;  // closed after the lock
  std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
  ++generation_;
  for (const auto& slot : idle_readers_) slot->closed = true;
  dropped.swap(idle_readers_);
}

void Session::PinForNamedStatements() {
  std::lock_guard lock(mutex_);
  named_statements_ = true;
}

void Session::HasTemporaries() {
  std::lock_guard lock(mutex_);
  temporaries_ = true;
  ++temporary_changes_;
}

void Session::TemporariesChanged() {
  std::lock_guard lock(mutex_);
  ++temporary_changes_;
}

std::optional<Session::Scope> Session::CacheScope() const {
  std::lock_guard lock(mutex_);
  if (in_transaction_) return std::nullopt;
  if (temporary_changes_ == 0) return Scope{.text = settings_.text};
  return Scope{.text = "#" + std::to_string(identity_.number) + "." +
                       std::to_string(temporary_changes_) + ";" + settings_.text,
               .of_session = true};
}

std::optional<std::chrono::milliseconds> Session::cache_ttl() const {
  std::lock_guard lock(mutex_);
  return settings_.cache_ttl;
}

std::string Session::WhatItKeeps() const {
  std::vector<std::string> kept;
  {
    std::lock_guard lock(mutex_);
    if (in_transaction_) kept.emplace_back("its open transaction, which is rolled back");
    if (temporaries_) kept.emplace_back("its temporary tables");
    if (named_statements_) kept.emplace_back("its prepared statements");
    if (generation_ > 0 || statement_timeout_) kept.emplace_back("its settings");
  }
  std::string list;
  for (size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) list += i + 1 == kept.size() ? " and " : ", ";
    list += kept[i];
  }
  return list;
}

std::optional<std::chrono::milliseconds> Session::statement_timeout() const {
  std::lock_guard lock(mutex_);
  return statement_timeout_;
}

void Session::set_statement_timeout(std::optional<std::chrono::milliseconds> timeout) {
  std::lock_guard lock(mutex_);
  statement_timeout_ = timeout;
}

std::map<std::string, std::string> Session::options() const {
  std::lock_guard lock(mutex_);
  return options_;
}

void Session::set_option(const std::string& name, const std::string& value) {
  std::lock_guard lock(mutex_);
  if (value.empty()) {
    options_.erase(name);
  } else {
    options_[name] = value;
  }
}

std::shared_ptr<Session> Session::ForCall() {
  struct Hold {
    std::shared_ptr<Session> session;
    ~Hold() { session->CallEnds(); }
  };
  auto hold = std::make_shared<Hold>(shared_from_this());
  {
    std::lock_guard lock(mutex_);
    ++calls_;
  }
  Touch();
  return {std::move(hold), this};
}

void Session::CallEnds() {
  Touch();
  std::lock_guard lock(mutex_);
  --calls_;
}

std::optional<base::Clock::Steady> Session::IdleSince() const {
  std::lock_guard lock(mutex_);
  if (calls_ > 0 || leased_ > 0) return std::nullopt;
  return used_.load();
}

bool Session::InTransaction() const {
  std::lock_guard lock(mutex_);
  return in_transaction_;
}

void Session::Close() {
  std::vector<std::shared_ptr<Slot>> dropped;  // closed after the lock
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    for (const auto& slot : idle_readers_) slot->closed = true;
    dropped.swap(idle_readers_);
  }
  CloseSlot(home_);
}

arrow::Status Session::ClosedError() const {
  return MakeError(ErrorKind::kNotFound,
                   "the session or transaction was closed; open a new one");
}

}  // namespace pintail::gateway
