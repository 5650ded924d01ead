// The key of a put, by which a repeat of it is known (docs/decisions/008-repeats.md).
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arrow/status.h"

namespace pintail::gateway {

// In bytes, of what the client sends: a producer's name, or a text.
inline constexpr size_t kMaxPutKey = 1024;

// Of a producer that numbers its puts. The number ends the key, so two producers never
// share one.
std::string KeyOfProducer(std::string_view producer, int64_t sequence);
// Of a text that the client has chosen. Never one of a producer's.
std::string KeyOfText(std::string_view text);

// Whether a key can be kept: InvalidArgument when it is too long, is not UTF-8 or has a
// zero byte. OK for the empty one, which is none.
arrow::Status CheckPutKey(std::string_view key);

}  // namespace pintail::gateway
