#include "gateway/ingest_mode.h"

namespace pintail::gateway {

std::optional<IngestMode> FindIngestMode(std::string_view name) {
  if (name == "append") return IngestMode::kAppend;
  if (name == "create") return IngestMode::kCreate;
  if (name == "replace") return IngestMode::kReplace;
  if (name == "create_or_append" || name == "create-or-append" ||
      name == "create_append" || name == "create-append") {
    return IngestMode::kCreateOrAppend;
  }
  return std::nullopt;
}

}  // namespace pintail::gateway
