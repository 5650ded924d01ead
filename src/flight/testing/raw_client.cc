#include "flight/testing/raw_client.h"

#include <cstdint>

#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"

namespace pintail::flight::testing {
namespace {

constexpr char kDoPut[] = "/arrow.flight.protocol.FlightService/DoPut";

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendBytes(int field, const std::string& bytes, std::string* out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | 2, out);
  AppendVarint(bytes.size(), out);
  *out += bytes;
}

std::string Serialized(const RawMessage& message) {
  std::string out;
  if (!message.cmd.empty()) {
    std::string descriptor("\x08\x02", 2);  // type = CMD
    AppendBytes(2, message.cmd, &descriptor);
    AppendBytes(1, descriptor, &out);
  }
  if (!message.header.empty()) AppendBytes(2, message.header, &out);
  if (!message.body.empty()) AppendBytes(1000, message.body, &out);
  return out;
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// A call whose steps are waited for one by one.
class Stream {
 public:
  Stream(const std::string& address, const std::string& method)
      : stub_(RawChannel(address)), call_(stub_.PrepareCall(&context_, method, &queue_)) {
    call_->StartCall(this);
    Done();
  }

  bool Write(const std::string& bytes) {
    call_->Write(ToBuffer(bytes), this);
    return Done();
  }
  void WritesDone() {
    call_->WritesDone(this);
    Done();
  }
  bool Read(std::string* bytes) {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    if (!Done()) return false;
    *bytes = ToBytes(buffer);
    return true;
  }
  grpc::Status Finish() {
    grpc::Status status;
    call_->Finish(&status, this);
    Done();
    return status;
  }

 private:
  bool Done() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

RawAnswer Exchange(const std::string& address, const std::string& method,
                   const std::vector<std::string>& messages) {
  Stream stream(address, method);
  RawAnswer answer;
  for (const std::string& message : messages) {
    if (!stream.Write(message)) break;
  }
  stream.WritesDone();
  std::string bytes;
  while (stream.Read(&bytes)) answer.results.push_back(bytes);
  answer.status = stream.Finish();
  return answer;
}

}  // namespace

std::shared_ptr<grpc::Channel> RawChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt("grpc.use_local_subchannel_pool", 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

RawAnswer RawPut(const std::string& address, const std::vector<RawMessage>& messages) {
  std::vector<std::string> serialized;
  for (const RawMessage& message : messages) serialized.push_back(Serialized(message));
  return Exchange(address, kDoPut, serialized);
}

RawAnswer RawCall(const std::string& address, const std::string& method,
                  const std::string& message) {
  return Exchange(address, method, {message});
}

}  // namespace pintail::flight::testing
