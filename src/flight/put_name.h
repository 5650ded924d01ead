// How a plain Flight upload names itself: a producer and the number that it gives to this
// upload, in the command or in headers. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "arrow/flight/middleware.h"
#include "arrow/result.h"

namespace pintail::flight {

struct PutName {
  std::optional<std::string> producer;
  std::optional<int64_t> sequence;
};

// What the headers pintail-producer and pintail-sequence tell. InvalidArgument for an
// empty producer, a sequence that is no whole number from 0 on, or a header that is there
// twice and differs.
arrow::Result<PutName> PutNameInHeaders(const arrow::flight::CallHeaders& headers);

// The gateway's key of an upload that is named in both ways, in one of them, or not at
// all (empty then). InvalidArgument when they differ, or one half is missing.
arrow::Result<std::string> KeyOfPut(const PutName& in_command, const PutName& in_headers);

}  // namespace pintail::flight
