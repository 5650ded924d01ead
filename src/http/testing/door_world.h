// The whole door over a real gateway and a real DuckDB in memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/testing/world.h"
#include "http/http_door.h"
#include "http/testing/http_client.h"

namespace pintail::http {

class DoorWorld {
 public:
  explicit DoorWorld(gateway::GatewayOptions gateway_options = {},
                     HttpOptions options = {.listen = {"127.0.0.1:0"}});

  std::string address() const { return door->addresses().front(); }
  // A request on a connection of its own.
  HttpReply Ask(std::string_view method, std::string_view target,
                std::string_view fields = "", std::string_view body = "") const;
  // POST /v1/query with SQL text; the answer's body, or "status body" when it is not 200.
  std::string Query(std::string_view sql, std::string_view accept = "application/json",
                    std::string_view fields = "") const;
  // POST /v1/query with a JSON body.
  HttpReply QueryJson(std::string_view json) const;

  gateway::testing::World world;
  std::unique_ptr<HttpDoor> door;
};

// Arrow IPC stream bytes of rows given as JSON.
std::string IpcStream(const std::shared_ptr<arrow::Schema>& schema,
                      const std::string& json);
std::string Base64(std::string_view bytes);

}  // namespace pintail::http
