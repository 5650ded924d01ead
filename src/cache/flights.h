// Equal misses at the same time run once: the first one leads, the others wait for what
// it brings. A waiter that is cancelled, or a leader that fails, concerns nobody else.
// One per server; thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "cache/entry.h"

namespace pintail::cache {

class Flights;

// One run that others may wait for.
class Flight {
 public:
  enum class Outcome : uint8_t {
    kAnswered,   // with an entry, which need not be kept
    kNotShared,  // it cannot be shared (too large): everybody runs it alone
    kFailed,     // it is to be tried again
  };
  struct Landed {
    Outcome outcome = Outcome::kFailed;
    EntryPtr entry;
  };

  // Nothing when `stop` came first.
  std::optional<Landed> Wait(std::stop_token stop);

 private:
  friend class Flights;
  friend class Lead;

  mutable std::mutex mutex_;
  std::condition_variable_any landed_cv_;
  // Protected by mutex_.
  std::optional<Noted> versions_;
  std::optional<Landed> landed_;
};

// Held by the one who runs it; dropped without an outcome it has failed.
class Lead {
 public:
  Lead() = default;
  Lead(Flights* flights, std::string key, std::shared_ptr<Flight> flight)
      : flights_(flights), key_(std::move(key)), flight_(std::move(flight)) {}
  Lead(Lead&& other) noexcept { *this = std::move(other); }
  Lead& operator=(Lead&& other) noexcept;
  ~Lead() { Land({}); }

  explicit operator bool() const { return flight_ != nullptr; }
  // What the run will be true to: to be called before it begins.
  void SetVersions(const Noted& versions);
  void Land(Flight::Landed landed);

 private:
  Flights* flights_ = nullptr;
  std::string key_;
  std::shared_ptr<Flight> flight_;
};

class Flights {
 public:
  struct Joined {
    Lead lead;                       // set: the caller runs it
    std::shared_ptr<Flight> flight;  // else: wait for this
  };
  // A flight that began before something changed is no use to who comes now: he leads
  // another one.
  Joined Join(const std::string& key);

 private:
  friend class Lead;
  void Remove(const std::string& key, const Flight* flight);

  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;  // by mutex_
};

}  // namespace pintail::cache
