// Results that have served: fetched to their end or dropped, or without rows to fetch.
// The gateway keeps them, so that a client may fetch again, until they are old; but a
// busy client makes them faster than they age. This keeps the latest and gives back the
// rest before they take the room of results that somebody still waits for.
//
// One per door; thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "gateway/gateway.h"

namespace pintail::flight {

class SpentResults {
 public:
  // At most `max_kept` are left with the gateway, which outlives this object.
  SpentResults(gateway::Gateway& gateway, size_t max_kept);

  // The result has served; the longest spent one may be given back for it.
  void Add(const std::string& handle, const std::string& identity);
  // Around a fetch, during which the result is not spent. `spent` false: there was no
  // such result after all.
  void StartFetch(const std::string& handle);
  void EndFetch(const std::string& handle, const std::string& identity, bool spent);

 private:
  struct Spent {
    std::string handle;
    std::string identity;  // whose it is
  };

  gateway::Gateway& gateway_;
  const size_t max_kept_;
  std::mutex mutex_;
  std::list<Spent> spent_;  // longest first; by mutex_
  std::unordered_map<std::string, std::list<Spent>::iterator> places_;  // by mutex_
  std::unordered_map<std::string, int> fetches_;  // under way, by handle; by mutex_
};

}  // namespace pintail::flight
