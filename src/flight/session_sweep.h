// Ends the sessions of clients that kept no cookie and are gone: such a session belongs
// to its connection, and ends with it. Also keeps the count of connections.
//
// One per door, with a thread of its own. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>

#include "flight/flight_door.h"

namespace pintail::flight {

class SessionDirectory;

class SessionSweep {
 public:
  SessionSweep(const FlightDoor::Rooms& rooms, SessionDirectory& sessions);
  ~SessionSweep();
  SessionSweep(const SessionSweep&) = delete;
  SessionSweep& operator=(const SessionSweep&) = delete;

  // Once the ports are known; nothing is swept before.
  void Start(std::set<uint16_t> ports);
  void Stop();
  // Looks now, in the caller's thread.
  void Run();

 private:
  const FlightDoor::Rooms rooms_;
  SessionDirectory& sessions_;
  base::Gauge& connections_;
  std::set<uint16_t> ports_;  // constant once started
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // by mutex_
  std::thread thread_;
};

}  // namespace pintail::flight
