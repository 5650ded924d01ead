// What the server offers: a route is a method, a path pattern, a handler, and the words
// that describe it in /openapi.json. Routes know nothing of sockets.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/status.h"
#include "http/head.h"
#include "http/status.h"

namespace pintail::http {

struct Request;
class Response;

// What a request's body may be, which decides how large.
enum class BodyUse : uint8_t {
  kNone,
  kDocument,  // read whole: max_document_bytes
  kStream,    // read as it comes: max_body_bytes
};

// Which threads run the handler. Probes have their own, so that they answer when every
// worker is busy.
enum class Lane : uint8_t { kWork, kProbe };

// An operation's entry in the OpenAPI document. The JSON parts are written by hand beside
// the handler; path, method and path parameters come from the route.
struct Operation {
  std::string id;
  std::string tag;
  std::string summary;
  std::string description;
  std::string parameters;    // JSON array members, without brackets; may be empty
  std::string request_body;  // a JSON object, or empty
  std::string responses;     // JSON object members, without braces
};

struct Route {
  std::string method;
  std::string pattern;  // "/v1/tables/{name}": a {name} stands for one whole segment
  Operation operation;
  std::function<arrow::Status(const Request&, Response&)> handle;
  BodyUse body = BodyUse::kNone;
  Lane lane = Lane::kWork;
  ErrorStyle errors = ErrorStyle::kCoded;
  // A page for people: a link on another site may lead here.
  bool page = false;
  bool hidden = false;  // left out of the OpenAPI document
};

class RouteTable {
 public:
  void Add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: no route takes this path with this method
    std::map<std::string, std::string> path_values;
    std::vector<std::string> allowed;  // methods that the path takes; empty: unknown path
  };
  // HEAD is taken by a GET route.
  Match Find(std::string_view method, const Target& target) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace pintail::http
