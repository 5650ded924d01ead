// GET /docs: the OpenAPI document as a page for people. Page, style and script are part
// of the program and load nothing from elsewhere.
#include "http/request.h"
#include "http/response.h"
#include "http/routes/routes.h"
#include "http/web_files.h"

namespace pintail::http {
namespace {

// Only what this server itself sends may run or be shown, and only as what it is.
void Protect(Response& response) {
  response.SetHeader("Content-Security-Policy",
                     "default-src 'none'; script-src 'self'; style-src 'self'; "
                     "connect-src 'self'; img-src data:; base-uri 'none'; "
                     "form-action 'none'; frame-ancestors 'none'");
  response.SetHeader("X-Content-Type-Options", "nosniff");
  response.SetHeader("X-Frame-Options", "DENY");
  response.SetHeader("Referrer-Policy", "no-referrer");
  response.SetHeader("Cross-Origin-Opener-Policy", "same-origin");
  response.SetHeader("Cross-Origin-Resource-Policy", "same-origin");
}

Route FileRoute(std::string pattern, const char* media_type, std::string_view content) {
  return {.method = "GET",
          .pattern = std::move(pattern),
          .handle =
              [media_type, content](const Request&, Response& response) {
                Protect(response);
                response.SetHeader("Cache-Control", "no-cache");
                return response.Send(200, media_type, content);
              },
          .lane = Lane::kProbe,
          .hidden = true};
}

}  // namespace

std::vector<Route> DocsRoutes() {
  std::vector<Route> routes;
  Route page = FileRoute("/docs", "text/html; charset=utf-8", DocsPage());
  page.operation = {.id = "docs",
                    .tag = "Documentation",
                    .summary = "This interface, for people",
                    .responses = R"("200": {"description": "A page that needs no network",
                      "content": {"text/html": {"schema": {"type": "string"}}}})"};
  page.page = true;
  page.hidden = false;
  routes.push_back(std::move(page));
  routes.push_back(FileRoute("/docs/docs.css", "text/css; charset=utf-8", DocsStyle()));
  routes.push_back(
      FileRoute("/docs/docs.js", "text/javascript; charset=utf-8", DocsScript()));
  return routes;
}

}  // namespace pintail::http
