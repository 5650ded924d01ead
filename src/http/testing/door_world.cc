#include "http/testing/door_world.h"

#include <simdutf.h>

#include "arrow/buffer.h"
#include "arrow/io/memory.h"
#include "arrow/ipc/writer.h"

namespace pintail::http {

DoorWorld::DoorWorld(gateway::GatewayOptions gateway_options, HttpOptions options)
    : world(std::move(gateway_options)),
      door(HttpDoor::Start({.gateway = *world.gateway,
                            .clock = world.clock,
                            .timers = world.timers,
                            .logs = *world.logs,
                            .metrics = world.metrics},
                           std::move(options))
               .ValueOrDie()) {}

HttpReply DoorWorld::Ask(std::string_view method, std::string_view target,
                         std::string_view fields, std::string_view body) const {
  return HttpClient(address()).Ask(method, target, fields, body);
}

std::string DoorWorld::Query(std::string_view sql, std::string_view accept,
                             std::string_view fields) const {
  std::string head = "Content-Type: application/sql\r\nAccept: " + std::string(accept) +
                     "\r\n" + std::string(fields);
  const HttpReply reply = Ask("POST", "/v1/query", head, sql);
  if (reply.status == 200 && reply.complete) return reply.body;
  return std::to_string(reply.status) + " " + reply.body;
}

HttpReply DoorWorld::QueryJson(std::string_view json) const {
  return Ask("POST", "/v1/query", "Content-Type: application/json\r\n", json);
}

std::string IpcStream(const std::shared_ptr<arrow::Schema>& schema,
                      const std::string& json) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(sink, schema).ValueOrDie();
  (void)writer->WriteRecordBatch(*gateway::testing::Batch(schema, json)).ok();
  (void)writer->Close().ok();
  return sink->Finish().ValueOrDie()->ToString();
}

std::string Base64(std::string_view bytes) {
  std::string text(simdutf::base64_length_from_binary(bytes.size()), '\0');
  simdutf::binary_to_base64(bytes.data(), bytes.size(), text.data());
  return text;
}

}  // namespace pintail::http
