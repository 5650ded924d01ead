// A session: its connections to DuckDB and who uses which.
//
// The home connection holds what belongs to one connection (settings, a transaction begun
// by SQL, named prepared statements). Statements that need none of it run on forks of the
// home, readers, which share its temporary tables: so an unread result blocks nobody. A
// session whose home has such state (a transaction, a named statement) is *pinned*:
// everything runs at home, one after the other, with results kept aside.
//
// Thread-safe. Invariant: the home never waits for a client, so waiting for its turn is
// waiting for DuckDB only.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "engine/connection.h"
#include "engine/database.h"
#include "gateway/statement_run.h"

namespace pintail::gateway {

enum class Role : uint8_t { kHome, kReader, kTransaction };

// A connection of a session. Everything is guarded by the session, the connection by
// having leased it.
struct Slot {
  std::unique_ptr<engine::Connection> connection;
  Role role = Role::kReader;
  int64_t generation = 0;  // of the settings it was forked with
  bool busy = false;
  bool closed = false;
};

class Session;

// The exclusive use of a connection; goes back when destroyed. One thread at a time.
class Lease {
 public:
  Lease() = default;
  Lease(std::shared_ptr<Session> session, std::shared_ptr<Slot> slot)
      : session_(std::move(session)), slot_(std::move(slot)) {}
  Lease(Lease&&) = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { Return(); }

  // Stopping the run interrupts this connection, until the lease goes back.
  arrow::Status AttachTo(StatementRun& run);

  explicit operator bool() const { return slot_ != nullptr; }
  engine::Connection& connection() const { return *slot_->connection; }
  const std::shared_ptr<Slot>& slot() const { return slot_; }
  Role role() const { return slot_->role; }
  // Whether a client may be given a result that is still being computed.
  bool may_stream() const { return slot_->role == Role::kReader; }
  void Return();

 private:
  std::shared_ptr<Session> session_;
  std::shared_ptr<Slot> slot_;
  std::shared_ptr<StatementRun> run_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  struct Identity {
    int64_t number = 0;    // of this server's sessions, from 1
    std::string identity;  // the caller it belongs to
    std::string protocol;
    std::string peer;
    bool transient = false;  // for one call and what it leaves: it has no key
  };

  // Its first connection is made when it is needed.
  static arrow::Result<SessionPtr> Make(engine::Database& database,
                                        const base::Clock& clock, Identity identity);

  int64_t number() const { return identity_.number; }
  const Identity& identity() const { return identity_; }
  base::Clock::Wall opened_at() const { return opened_at_; }

  // A connection for a statement that needs no state of the home: a reader, or the home
  // while the session is pinned. `preferred` (may be null) is taken when it is free and
  // up to date.
  arrow::Result<Lease> LeaseAny(StatementRun& run,
                                const std::shared_ptr<Slot>& preferred = nullptr);
  arrow::Result<Lease> LeaseHome(StatementRun& run);
  // A connection beside the home, also while the session is pinned.
  arrow::Result<Lease> LeaseReader(StatementRun& run,
                                   const std::shared_ptr<Slot>& preferred = nullptr);
  // The turn on a transaction's connection.
  arrow::Result<Lease> LeaseTransaction(StatementRun& run,
                                        const std::shared_ptr<Slot>& slot);

  // A reader becomes a transaction's connection, which nobody else gets, and back.
  void SetRole(const Lease& lease, Role role);
  // Closes the connection as soon as nobody uses it; rolls back its transaction.
  void CloseSlot(const std::shared_ptr<Slot>& slot);

  // Settings of the home changed: readers with the old ones are let go.
  void SettingsChanged(engine::SessionSettings settings);
  // Something temporary was made, changed or dropped: names may mean something else.
  void TemporariesChanged();
  // What tells answers for this session apart from those for others with other settings;
  // nothing while a transaction is open that was begun by SQL.
  struct Scope {
    std::string text;
    bool of_session = false;  // it has temporary objects, and the scope for itself
  };
  std::optional<Scope> CacheScope() const;
  // pintail.cache_ttl
  std::optional<std::chrono::milliseconds> cache_ttl() const;
  // A named prepared statement was made at home: the session stays pinned.
  void PinForNamedStatements();
  // A temporary table, view or the like was made.
  void HasTemporaries();
  // What ends with the session though its client may count on it, for a message: "its
  // temporary tables and its settings"; empty when a new session is as good. Handles are
  // not meant: whoever uses one learns that it is gone.
  std::string WhatItKeeps() const;

  std::optional<std::chrono::milliseconds> statement_timeout() const;
  void set_statement_timeout(std::optional<std::chrono::milliseconds> timeout);
  // Options that the client has set, for SessionOptions; an empty value unsets one.
  std::map<std::string, std::string> options() const;
  void set_option(const std::string& name, const std::string& value);

  // The session as a call holds it: it is in use while any such pointer lives.
  std::shared_ptr<Session> ForCall();
  // When it was last used; empty while a call holds it or a connection of it is leased.
  std::optional<base::Clock::Steady> IdleSince() const;
  // Whether a transaction that was begun by SQL is open.
  bool InTransaction() const;
  void Touch() { used_ = clock_.Now(); }
  base::Clock::Steady used() const { return used_; }

  // Lets its connections go as soon as nobody uses them; no lease is given any more.
  void Close();

 private:
  friend class Lease;
  Session(engine::Database& database, const base::Clock& clock, Identity identity);

  arrow::Result<Lease> Turn(StatementRun& run, const std::shared_ptr<Slot>& slot);
  std::optional<Lease> TakeIdle(const std::shared_ptr<Slot>& preferred);
  arrow::Result<Lease> ForkHome(StatementRun& run);
  void Return(const std::shared_ptr<Slot>& slot);
  void KeepOrClose(const std::shared_ptr<Slot>& slot);  // with mutex_ held
  void CallEnds();
  arrow::Status ClosedError() const;

  engine::Database& database_;
  const base::Clock& clock_;
  const Identity identity_;
  const base::Clock::Wall opened_at_;
  std::atomic<base::Clock::Steady> used_;
  std::shared_ptr<Slot> home_;  // constant after Make

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Protected by mutex_.
  std::vector<std::shared_ptr<Slot>> idle_readers_;
  int64_t generation_ = 0;
  int64_t leased_ = 0;
  int64_t calls_ = 0;  // that hold it
  bool in_transaction_ = false;
  bool named_statements_ = false;
  bool temporaries_ = false;
  int64_t temporary_changes_ = 0;
  engine::SessionSettings settings_;
  bool closed_ = false;
  std::optional<std::chrono::milliseconds> statement_timeout_;
  std::map<std::string, std::string> options_;
};

}  // namespace pintail::gateway
