// Tells requests apart by their content, never by the port they come to. Pure functions
// on bytes that a client sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "engine/names.h"

namespace pintail::flight {

enum class RequestKind : uint8_t {
  kFlightSql,  // a protobuf Any with a command of Flight SQL
  kJson,       // an object in JSON
  kPoll,       // a descriptor that PollFlightInfo handed out
  kUnknown,
};

RequestKind KindOfRequest(std::string_view bytes);

// The full name of the message inside an Any, at most 200 bytes of it; empty when the
// bytes are no Any.
std::optional<std::string> TypeOfMessage(std::string_view bytes);

// The message inside an Any of the Flight SQL command `name` ("CommandStatementQuery");
// empty when it is another.
std::optional<std::string> FlightSqlCommand(std::string_view bytes,
                                            std::string_view name);

// A length-delimited field of a protobuf message: its last value, or empty.
std::optional<std::string> ProtobufBytes(std::string_view message, int field_number);

// The table that a path means: ["t"], ["schema","t"], ["catalog","schema","t"], or one
// name with dots, whose parts may be quoted as in SQL. InvalidArgument otherwise.
arrow::Result<engine::TableName> TableOfPath(const std::vector<std::string>& path);
arrow::Result<engine::TableName> TableOfDottedName(std::string_view name);

// What is written before a handle to make the descriptor of the next poll.
inline constexpr std::string_view kPollPrefix = "pintail.poll:";

}  // namespace pintail::flight
