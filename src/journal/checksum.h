// The checksum of what the journal writes: CRC-32C, by the processor's own instructions
// where it has them. Pure functions, callable from any thread.
#pragma once

#include <cstdint>
#include <span>

namespace pintail::journal {

// The checksum of the bytes that `before` is the checksum of, followed by `bytes`.
uint32_t Checksum(std::span<const uint8_t> bytes, uint32_t before = 0);

}  // namespace pintail::journal
