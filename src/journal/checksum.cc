#include "journal/checksum.h"

#include <string_view>

#include "absl/crc/crc32c.h"

namespace pintail::journal {

uint32_t Checksum(std::span<const uint8_t> bytes, uint32_t before) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return static_cast<uint32_t>(absl::ExtendCrc32c(absl::crc32c_t{before}, text));
}

}  // namespace pintail::journal
