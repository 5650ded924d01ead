// At a bound, what is idle makes room for what is new: in this order.
#pragma once

#include <cstdint>

namespace pintail::gateway {

// Whether a session, or what is kept under a handle, makes room for a newcomer when there
// are as many as may be.
enum class GivesWay : uint8_t {
  kFirst,
  kLast,   // only when none that goes first is left
  kNever,  // it is in use, or its owner must be able to count on it
};

}  // namespace pintail::gateway
