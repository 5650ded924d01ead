#include "gateway/session_registry.h"

#include "base/error.h"

namespace pintail::gateway {

SessionRegistry::SessionRegistry(engine::Database& database, const base::Clock& clock,
                                 int64_t max)
    : database_(database), clock_(clock), max_(max) {}

arrow::Result<SessionPtr> SessionRegistry::Open(const base::CallContext& call,
                                                const std::string& key) {
  const Key full{call.identity(), key};
  {
    std::lock_guard lock(mutex_);
    const auto found = keyed_.find(full);
    if (found != keyed_.end()) {
      found->second->Touch();
      return found->second;
    }
    ARROW_RETURN_NOT_OK(CheckRoom());
  }
  ARROW_ASSIGN_OR_RAISE(SessionPtr made, Make(call, /*transient=*/false));
  std::lock_guard lock(mutex_);
  // Two first calls with one key may come at once: the session that was entered first
  // wins.
  return keyed_.emplace(full, std::move(made)).first->second;
}

arrow::Result<SessionPtr> SessionRegistry::OpenTransient(const base::CallContext& call) {
  {
    std::lock_guard lock(mutex_);
    ARROW_RETURN_NOT_OK(CheckRoom());
  }
  ARROW_ASSIGN_OR_RAISE(SessionPtr session, Make(call, /*transient=*/true));
  std::lock_guard lock(mutex_);
  transient_.emplace(session->number(), session);
  return session;
}

arrow::Result<SessionPtr> SessionRegistry::Make(const base::CallContext& call,
                                                bool transient) {
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

arrow::Status SessionRegistry::CheckRoom() const {
  std::erase_if(transient_, [](const auto& each) { return each.second.expired(); });
  const auto open = static_cast<int64_t>(keyed_.size() + transient_.size());
  if (open < max_) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kResourceExhausted, open,
                         " sessions are open, as many as max_sessions allows; close some "
                         "or try again later");
}

SessionPtr SessionRegistry::Take(const base::CallContext& call, const std::string& key) {
  std::lock_guard lock(mutex_);
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
      taken.push_back(std::move(each->second));
      keyed_.erase(each);
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
