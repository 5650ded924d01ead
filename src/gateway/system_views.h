// The views of schema `pintail`: streams, sessions, statements, settings, version.
#pragma once

#include <memory>

#include "arrow/status.h"
#include "gateway/gateway.h"
#include "gateway/runs.h"
#include "gateway/session_registry.h"

namespace pintail::gateway {

// The views show what is there when they are read. They keep nothing alive: once the
// gateway is gone they are empty.
arrow::Status AddSystemViews(const Gateway::Rooms& rooms, const GatewayOptions& options,
                             const std::shared_ptr<Runs>& runs,
                             const std::shared_ptr<SessionRegistry>& sessions);

}  // namespace pintail::gateway
