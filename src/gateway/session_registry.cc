#include "gateway/session_registry.h"

#include <utility>

#include "base/error.h"

namespace pintail::gateway {

SessionRegistry::SessionRegistry(engine::Database& database, const base::Clock& clock,
                                 int64_t max, Eviction eviction)
    : database_(database), clock_(clock), max_(max), eviction_(std::move(eviction)) {}

arrow::Result<SessionPtr> SessionRegistry::Open(const base::CallContext& call,
                                                const std::string& key) {
  const Key full{call.identity(), key};
  SessionPtr evicted;
  {
    std::lock_guard lock(mutex_);
    const auto found = keyed_.find(full);
    if (found != keyed_.end()) return found->second->ForCall();
    if (const auto lost = lost_.Take(full)) {
      return base::MakeError(base::ErrorKind::kNotFound, *lost);
    }
    ARROW_ASSIGN_OR_RAISE(evicted, TakePlace());
  }
  auto made = Make(call, evicted, /*transient=*/false);
  std::lock_guard lock(mutex_);
  --being_made_;
  ARROW_RETURN_NOT_OK(made.status());
  // Two first calls with one key may come at once: the session that was entered first
  // wins.
  return keyed_.emplace(full, std::move(*made)).first->second->ForCall();
}

arrow::Result<SessionPtr> SessionRegistry::OpenTransient(const base::CallContext& call) {
  SessionPtr evicted;
  {
    std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(evicted, TakePlace());
  }
  auto made = Make(call, evicted, /*transient=*/true);
  std::lock_guard lock(mutex_);
  --being_made_;
  ARROW_ASSIGN_OR_RAISE(SessionPtr session, std::move(made));
  transient_.emplace(session->number(), session);
  return session;
}

arrow::Result<SessionPtr> SessionRegistry::Make(const base::CallContext& call,
                                                const SessionPtr& evicted,
                                                bool transient) {
  if (evicted) eviction_.close(evicted);
  int64_t number = 0;
  {
    std::lock_guard lock(mutex_);
    number = ++last_number_;
  }
  return Session::Make(database_, clock_,
                       {.number = number,
                        .identity = call.identity(),
                        .protocol = call.protocol(),
                        .peer = call.peer(),
                        .transient = transient});
}

arrow::Result<SessionPtr> SessionRegistry::TakePlace() {
  std::erase_if(transient_, [](const auto& each) { return each.second.expired(); });
  const auto open = static_cast<int64_t>(keyed_.size() + transient_.size()) + being_made_;
  if (open < max_) {
    ++being_made_;
    return nullptr;
  }
  auto chosen = keyed_.end();
  std::pair<GivesWay, base::Clock::Steady> best{GivesWay::kNever, {}};
  for (auto each = keyed_.begin(); each != keyed_.end(); ++each) {
    const auto since = each->second->IdleSince();
    if (!since) continue;
    const std::pair rank{eviction_.judge(*each->second), *since};
    if (rank.first == GivesWay::kNever) continue;
    if (chosen == keyed_.end() || rank < best) {
      chosen = each;
      best = rank;
    }
  }
  if (chosen == keyed_.end()) {
    return base::MakeError(base::ErrorKind::kResourceExhausted, open,
                           " sessions are open, as many as session.max allows, and all "
                           "are in use; close some, try again later or raise it");
  }
  ++being_made_;
  return TakeAway(chosen, "the session gave way to a new one: " + std::to_string(open) +
                              " were open, as many as session.max allows");
}

SessionPtr SessionRegistry::TakeAway(std::map<Key, SessionPtr>::iterator session,
                                     const std::string& why) {
  SessionPtr taken = std::move(session->second);
  const std::string kept = taken->WhatItKeeps();
  if (!kept.empty()) {
    lost_.Remember(session->first, why + "; with it went " + kept +
                                       ". The next call starts a new session");
  }
  keyed_.erase(session);
  return taken;
}

bool SessionRegistry::Knows(const base::CallContext& call, const std::string& key) const {
  const Key full{call.identity(), key};
  std::lock_guard lock(mutex_);
  return keyed_.contains(full) || lost_.Find(full) != nullptr;
}

SessionPtr SessionRegistry::Take(const base::CallContext& call, const std::string& key) {
  std::lock_guard lock(mutex_);
  lost_.Forget({call.identity(), key});  // who closes it does not count on it
  const auto found = keyed_.find({call.identity(), key});
  if (found == keyed_.end()) return nullptr;
  SessionPtr session = std::move(found->second);
  keyed_.erase(found);
  return session;
}

std::vector<SessionPtr> SessionRegistry::TakeIdle(std::chrono::milliseconds idle) {
  std::vector<SessionPtr> taken;
  if (idle.count() <= 0) return taken;
  const auto now = clock_.Now();
  std::lock_guard lock(mutex_);
  for (auto each = keyed_.begin(); each != keyed_.end();) {
    const auto next = std::next(each);
    const auto since = each->second->IdleSince();
    if (since && *since + idle <= now) {
      taken.push_back(TakeAway(each, "the session expired: it had no call for " +
                                         std::to_string(idle.count()) +
                                         " ms, as long as session.idle_timeout allows"));
    }
    each = next;
  }
  return taken;
}

std::vector<SessionPtr> SessionRegistry::TakeAll() {
  std::vector<SessionPtr> taken;
  std::lock_guard lock(mutex_);
  for (auto& [key, session] : keyed_) taken.push_back(std::move(session));
  keyed_.clear();
  return taken;
}

std::vector<SessionPtr> SessionRegistry::List() const {
  std::map<int64_t, SessionPtr> list;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [key, session] : keyed_) list.emplace(session->number(), session);
    for (const auto& [number, weak] : transient_) {
      if (SessionPtr session = weak.lock()) list.emplace(number, std::move(session));
    }
  }
  std::vector<SessionPtr> ordered;
  for (auto& [number, session] : list) ordered.push_back(std::move(session));
  return ordered;
}

int64_t SessionRegistry::size() const { return static_cast<int64_t>(List().size()); }

}  // namespace pintail::gateway
