#include "config/version.h"

namespace pintail::config {

std::string_view Version() { return PINTAIL_VERSION; }

}  // namespace pintail::config
