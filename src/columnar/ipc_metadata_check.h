// The metadata of Arrow IPC messages, looked at before Arrow decodes it: Arrow builds a
// schema of any number of fields first, and copies a name as often as it is referred to,
// so that a message of some megabytes would cost seconds, or all the memory. Pure
// functions, callable from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"
#include "columnar/limits.h"

namespace pintail::columnar {

// InvalidArgument when the message is a schema of more columns, fields or levels than the
// limits allow, when its texts amount to more than its bytes, or when it is damaged.
// Takes time by the number of fields that are allowed, not by that which came.
// `message` is the flatbuffer Message of a stream or of a FlightData's header
// (https://github.com/apache/arrow/tree/main/format: Message.fbs, Schema.fbs).
arrow::Status CheckIpcMessage(std::span<const uint8_t> message, const Limits& limits);

// The same for the flatbuffer Footer of an Arrow IPC file (File.fbs).
arrow::Status CheckIpcFooter(std::span<const uint8_t> footer, const Limits& limits);

// Where a message of a file is, as the footer claims.
struct IpcBlock {
  int64_t offset = 0;
  int64_t metadata_bytes = 0;  // from its length before it to its padding
};

// The dictionaries and record batches that the Footer names; InvalidArgument when it is
// damaged.
arrow::Result<std::vector<IpcBlock>> IpcBlocks(std::span<const uint8_t> footer);

}  // namespace pintail::columnar
