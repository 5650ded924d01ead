// The command of a plain Flight upload: JSON that names a stream, with optional keys for
// how to take it in. Pure functions.
#pragma once

#include <string_view>

#include "arrow/result.h"
#include "columnar/limits.h"
#include "flight/put_name.h"
#include "gateway/gateway.h"

namespace pintail::flight {

// Reads {"stream_name": "x", …}. A missing or null stream_name means "default". Keys that
// are not known are left alone, as the older servers did. InvalidArgument names the key
// whose value does not fit. `in_headers` is how the call's headers name the upload.
arrow::Result<gateway::IngestRequest> ParsePutCommand(std::string_view json,
                                                      const columnar::Limits& limits,
                                                      const PutName& in_headers = {});

// "append", "create", "replace" or "create_append" (also create_or_append, and with "-");
// InvalidArgument otherwise.
arrow::Result<gateway::IngestMode> ParseIngestMode(std::string_view name);

}  // namespace pintail::flight
