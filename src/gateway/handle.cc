#include "gateway/handle.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace pintail::gateway {

arrow::Result<std::string> NewHandle() {
  std::array<uint8_t, 16> bytes;
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got < 0 && errno != EINTR) {
      return base::MakeError(base::ErrorKind::kInternal,
                             "the system gave no random bytes: ", std::strerror(errno));
    }
    if (got > 0) filled += static_cast<size_t>(got);
  }
  constexpr char kDigits[] = "0123456789abcdef";
  std::string handle;
  handle.reserve(2 * bytes.size());
  for (const uint8_t byte : bytes) {
    handle.push_back(kDigits[byte >> 4]);
    handle.push_back(kDigits[byte & 15]);
  }
  return handle;
}

}  // namespace pintail::gateway
