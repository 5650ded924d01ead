#include "cli/command.h"

#include <memory>
#include <string>

namespace pintail::cli {
namespace {

class UsageDetail final : public arrow::StatusDetail {
 public:
  const char* type_id() const override { return "pintail::cli::UsageDetail"; }
  std::string ToString() const override { return "usage"; }
};

}  // namespace

arrow::Status UsageError(std::string_view message) {
  return {arrow::StatusCode::Invalid, std::string(message),
          std::make_shared<UsageDetail>()};
}

bool IsUsageError(const arrow::Status& status) {
  return status.detail() && status.detail()->type_id() == UsageDetail().type_id();
}

}  // namespace pintail::cli
