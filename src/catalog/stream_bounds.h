// The largest values that the parts of a stream's policy may have, wherever they come
// from: the configuration, a declared stream, or a client's request. The least is 1.
#pragma once

#include <chrono>
#include <cstdint>

namespace pintail::catalog {

inline constexpr int64_t kMaxChunkRows = 100'000'000;
inline constexpr int64_t kMaxCommitRows = 1'000'000'000'000;
inline constexpr std::chrono::milliseconds kMaxCommitInterval = std::chrono::hours(8'784);

}  // namespace pintail::catalog
