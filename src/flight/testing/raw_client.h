// A gRPC client without Arrow, for requests that no well-behaved client sends: uploads
// message by message, statuses as gRPC sees them. For tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"

namespace pintail::flight::testing {

// One FlightData message of an upload.
struct RawMessage {
  std::string cmd;     // of the descriptor; none when empty
  std::string header;  // the IPC message's flatbuffer
  std::string body;
};

struct RawAnswer {
  grpc::Status status;
  std::vector<std::string> results;  // bytes of each message that came back
};

std::shared_ptr<grpc::Channel> RawChannel(const std::string& address);

// Sends the messages, ends the upload, and reads what comes back.
RawAnswer RawPut(const std::string& address, const std::vector<RawMessage>& messages);

// Calls a method with one message, for example "/…FlightService/DoGet", and reads all
// that comes back.
RawAnswer RawCall(const std::string& address, const std::string& method,
                  const std::string& message);

}  // namespace pintail::flight::testing
