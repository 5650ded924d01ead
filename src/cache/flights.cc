#include "cache/flights.h"

#include <utility>

namespace pintail::cache {

std::optional<Flight::Landed> Flight::Wait(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  landed_cv_.wait(lock, stop, [this] { return landed_.has_value(); });
  return landed_;
}

Lead& Lead::operator=(Lead&& other) noexcept {
  if (this != &other) {
    Land({});
    flights_ = std::exchange(other.flights_, nullptr);
    key_ = std::move(other.key_);
    flight_ = std::move(other.flight_);
    other.flight_ = nullptr;
  }
  return *this;
}

void Lead::SetVersions(const Noted& versions) {
  std::lock_guard lock(flight_->mutex_);
  flight_->versions_ = versions;
}

void Lead::Land(Flight::Landed landed) {
  if (!flight_) return;
  const std::shared_ptr<Flight> flight = std::move(flight_);
  flight_ = nullptr;
  flights_->Remove(key_, flight.get());
  {
    std::lock_guard lock(flight->mutex_);
    flight->landed_ = std::move(landed);
  }
  flight->landed_cv_.notify_all();
}

Flights::Joined Flights::Join(const std::string& key) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Flight>& flight = flights_[key];
  if (flight) {
    std::lock_guard flight_lock(flight->mutex_);
    if (!flight->versions_ || flight->versions_->IsCurrent()) return {{}, flight};
  }
  flight = std::make_shared<Flight>();
  return {Lead(this, key, flight), nullptr};
}

void Flights::Remove(const std::string& key, const Flight* flight) {
  std::lock_guard lock(mutex_);
  const auto found = flights_.find(key);
  if (found != flights_.end() && found->second.get() == flight) flights_.erase(found);
}

}  // namespace pintail::cache
