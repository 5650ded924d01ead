#include "flight/session_directory.h"

#include <algorithm>
#include <random>
#include <utility>

namespace pintail::flight {
namespace {

// 128 bits from the system's source of randomness.
std::string NewId() {
  std::random_device device;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  id.reserve(32);
  for (int word = 0; word < 4; ++word) {
    uint32_t bits = device();
    for (int i = 0; i < 8; ++i, bits >>= 4) id += kDigits[bits & 15];
  }
  return id;
}

bool IsId(std::string_view text) {
  return text.size() == 32 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view CookieValue(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const size_t end = std::min(cookies.find(';'), cookies.size());
    const std::string_view pair = cookies.substr(0, end);
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && Trimmed(pair.substr(0, equals)) == name) {
      std::string_view value = Trimmed(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
  }
  return {};
}

SessionDirectory::SessionDirectory(const base::Clock& clock,
                                   std::chrono::milliseconds idle_timeout,
                                   size_t max_entries)
    : clock_(clock),
      idle_timeout_(idle_timeout),
      max_entries_(max_entries),
      last_sweep_(clock.Now()) {}

SessionDirectory::Place SessionDirectory::BeginCall(const Caller& caller,
                                                    const IsKnown& is_known) {
  const auto now = clock_.Now();
  std::lock_guard lock(mutex_);
  Sweep(now);
  const auto entry = Lookup(caller, is_known);
  ++entry->second.calls;
  entry->second.last_used = now;
  const bool has_it = CookieValue(caller.cookies, kCookie) == entry->first;
  if (has_it) entry->second.keeps_cookie = true;
  return {.id = entry->first, .set_cookie = !has_it};
}

SessionDirectory::Entries::iterator SessionDirectory::Lookup(const Caller& caller,
                                                             const IsKnown& is_known) {
  const std::string cookie(CookieValue(caller.cookies, kCookie));
  if (!cookie.empty()) {
    if (const auto known = entries_.find(cookie); known != entries_.end()) return known;
    // Only what looks like ours: other doors have keys of their own.
    if (IsId(cookie) && is_known(cookie)) return Add(caller, cookie);
  }
  if (const auto known = peers_.find(caller.peer); known != peers_.end()) {
    return entries_.find(known->second);
  }
  return Add(caller, NewId());
}

SessionDirectory::Entries::iterator SessionDirectory::Add(const Caller& caller,
                                                          std::string id) {
  MakeRoom();
  peers_.emplace(caller.peer, id);
  return entries_
      .emplace(std::move(id),
               Entry{.identity = caller.identity, .peer = std::string(caller.peer)})
      .first;
}

void SessionDirectory::EndCall(const std::string& id) {
  std::lock_guard lock(mutex_);
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;  // the call closed its session
  --entry->second.calls;
  entry->second.last_used = clock_.Now();
}

void SessionDirectory::Forget(const std::string& id) {
  std::lock_guard lock(mutex_);
  if (const auto entry = entries_.find(id); entry != entries_.end()) Erase(entry);
}

std::vector<SessionDirectory::Orphan> SessionDirectory::TakeOrphans(
    const std::set<std::string>& connected) {
  // A call that came after the list of connections was made is of one that is not in it.
  constexpr std::chrono::seconds kJustUsed{1};
  const auto now = clock_.Now();
  std::vector<Orphan> orphans;
  std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto here = entry++;
    const Entry& session = here->second;
    if (session.keeps_cookie || session.calls > 0 ||
        now - session.last_used < kJustUsed || connected.contains(session.peer)) {
      continue;
    }
    orphans.push_back({here->first, session.identity, session.peer});
    Erase(here);
  }
  return orphans;
}

void SessionDirectory::Erase(Entries::iterator entry) {
  if (const auto peer = peers_.find(entry->second.peer);
      peer != peers_.end() && peer->second == entry->first) {
    peers_.erase(peer);
  }
  entries_.erase(entry);
}

void SessionDirectory::Sweep(base::Clock::Steady now) {
  if (now - last_sweep_ < idle_timeout_ / 8) return;
  last_sweep_ = now;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto here = entry++;
    const Entry& session = here->second;
    const bool idle = session.calls == 0 && now - session.last_used > idle_timeout_;
    if (idle && session.keeps_cookie) Erase(here);
  }
}

void SessionDirectory::MakeRoom() {
  if (entries_.size() < max_entries_) return;
  auto longest = entries_.end();
  for (auto each = entries_.begin(); each != entries_.end(); ++each) {
    if (each->second.calls > 0) continue;
    if (longest == entries_.end() || each->second.last_used < longest->second.last_used) {
      longest = each;
    }
  }
  // Calls are bounded elsewhere, so at worst there are a few entries too many.
  if (longest != entries_.end()) Erase(longest);
}

}  // namespace pintail::flight
