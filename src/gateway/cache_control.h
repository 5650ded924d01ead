// What a caller says about answers from the cache, in the words of HTTP's Cache-Control
// for requests (RFC 9111, section 5.2.1), and what it is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "arrow/result.h"

namespace pintail::gateway {

struct CacheControl {
  bool no_cache = false;        // run it, and keep the answer
  bool no_store = false;        // run it, and do not keep the answer
  bool only_if_cached = false;  // do not run it
  std::optional<std::chrono::milliseconds> max_age;
  std::optional<std::chrono::milliseconds> max_stale;

  // A header's value: "max-age=10, only-if-cached". What it does not know it leaves out,
  // as the standard asks for; InvalidArgument for a number that is none.
  static arrow::Result<CacheControl> Parse(std::string_view text);
};

enum class CacheOutcome : uint8_t {
  kBypass,  // it was run, and the cache has no part in it
  kMiss,
  kHit,
  kStale,  // after its time to live was over, as the caller or the server allows
};

// "bypass", "miss", "hit" or "stale".
std::string_view CacheOutcomeName(CacheOutcome outcome);

}  // namespace pintail::gateway
