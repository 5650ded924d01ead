#include "flight/spent_results.h"

#include <memory>
#include <utility>

namespace pintail::flight {

SpentResults::SpentResults(gateway::Gateway& gateway, size_t max_kept)
    : gateway_(gateway), max_kept_(max_kept) {}

void SpentResults::Add(const std::string& handle, const std::string& identity) {
  Spent oldest;
  {
    std::lock_guard lock(mutex_);
    if (places_.contains(handle) || fetches_.contains(handle)) return;
    places_.emplace(handle, spent_.insert(spent_.end(), {handle, identity}));
    if (spent_.size() <= max_kept_) return;
    oldest = std::move(spent_.front());
    spent_.pop_front();
    places_.erase(oldest.handle);
  }
  const auto call = std::make_shared<base::CallContext>(
      base::CallContext::Options{.request_id = base::NewRequestId(),
                                 .identity = oldest.identity,
                                 .protocol = "flight",
                                 .method = "give back a result"});
  // It may have expired meanwhile, which is as well.
  (void)gateway_.Cancel(call, oldest.handle);
}

void SpentResults::StartFetch(const std::string& handle) {
  std::lock_guard lock(mutex_);
  ++fetches_[handle];
  const auto found = places_.find(handle);
  if (found == places_.end()) return;
  spent_.erase(found->second);
  places_.erase(found);
}

void SpentResults::EndFetch(const std::string& handle, const std::string& identity,
                            bool spent) {
  {
    std::lock_guard lock(mutex_);
    const auto fetches = fetches_.find(handle);
    if (--fetches->second > 0) return;
    fetches_.erase(fetches);
  }
  if (spent) Add(handle, identity);
}

}  // namespace pintail::flight
