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

SessionDirectory::Place SessionDirectory::Find(const std::string& identity,
                                               std::string_view peer,
                                               std::string_view cookies) {
  const auto now = clock_.Now();
  std::lock_guard lock(mutex_);
  Sweep(now);
  const std::string_view cookie = CookieValue(cookies, kCookie);
  if (!cookie.empty()) {
    if (const auto known = entries_.find(std::string(cookie)); known != entries_.end()) {
      known->second.keeps_cookie = true;
      known->second.last_used = now;
      return {known->first, false};
    }
  }
  if (const auto known = peers_.find(peer); known != peers_.end()) {
    entries_.at(known->second).last_used = now;
    return {known->second, true};
  }
  MakeRoom();
  std::string id = NewId();
  entries_.emplace(
      id, Entry{.identity = identity, .peer = std::string(peer), .last_used = now});
  peers_.emplace(peer, id);
  return {std::move(id), true};
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
    if (session.keeps_cookie || now - session.last_used < kJustUsed ||
        connected.contains(session.peer)) {
      continue;
    }
    orphans.push_back({here->first, session.identity, session.peer});
    Erase(here);
  }
  return orphans;
}

void SessionDirectory::Erase(std::map<std::string, Entry>::iterator entry) {
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
    if (now - here->second.last_used > idle_timeout_) Erase(here);
  }
}

void SessionDirectory::MakeRoom() {
  if (entries_.size() < max_entries_) return;
  Erase(std::min_element(entries_.begin(), entries_.end(),
                         [](const auto& left, const auto& right) {
                           return left.second.last_used < right.second.last_used;
                         }));
}

}  // namespace pintail::flight
