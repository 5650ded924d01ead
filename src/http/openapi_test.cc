// /openapi.json says what is there, and /docs shows it.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>

#include "http/routes/routes.h"
#include "http/testing/door_world.h"

namespace pintail::http {
namespace {

class OpenApi : public testing::Test {
 protected:
  OpenApi() : text_(world_.Ask("GET", "/openapi.json").body) {
    root_ = parser_.parse(text_).value();
  }

  DoorWorld world_;
  std::string text_;
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

TEST_F(OpenApi, ListsExactlyTheRoutesThatAreNotHidden) {
  HttpOptions options;
  base::SystemClock clock;
  base::Metrics metrics("test");
  DocumentBudget documents(1, metrics.GetGauge("held", ""));
  const RouteTable table = MakeRoutes({.gateway = *world_.world.gateway,
                                       .clock = clock,
                                       .metrics = metrics,
                                       .options = options,
                                       .documents = documents});
  std::set<std::string> there;
  std::set<std::string> ids;
  for (const Route& route : table.routes()) {
    if (route.hidden) continue;
    there.insert(route.method + " " + route.pattern);
    EXPECT_TRUE(ids.insert(route.operation.id).second) << route.operation.id;
    EXPECT_FALSE(route.operation.summary.empty()) << route.pattern;
  }
  std::set<std::string> described;
  for (const auto path : root_["paths"].get_object().value()) {
    for (const auto method : path.value.get_object().value()) {
      std::string name(method.key);
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return toupper(c); });
      described.insert(name + " " + std::string(path.key));
      EXPECT_GT(method.value["responses"].get_object().value().size(), 0);
    }
  }
  EXPECT_EQ(described, there);
  EXPECT_EQ(root_["info"]["version"].get_string().value(), "0.1.0-test");
}

TEST_F(OpenApi, NamesEveryPathParameter) {
  for (const auto path : root_["paths"].get_object().value()) {
    const size_t wanted =
        static_cast<size_t>(std::ranges::count(std::string_view(path.key), '{'));
    for (const auto method : path.value.get_object().value()) {
      size_t found = 0;
      simdjson::dom::array parameters;
      if (method.value["parameters"].get_array().get(parameters) == simdjson::SUCCESS) {
        for (const auto parameter : parameters) {
          std::string_view in;
          if (parameter["in"].get_string().get(in) == simdjson::SUCCESS && in == "path")
            ++found;
        }
      }
      EXPECT_EQ(found, wanted) << path.key;
    }
  }
}

void CheckReferences(simdjson::dom::element root, simdjson::dom::element node) {
  if (node.is_array()) {
    for (const auto child : node.get_array().value()) CheckReferences(root, child);
  } else if (node.is_object()) {
    for (const auto member : node.get_object().value()) {
      if (member.key == "$ref") {
        const std::string_view target = member.value.get_string().value();
        EXPECT_TRUE(target.starts_with("#/")) << target;
        EXPECT_EQ(root.at_pointer(target.substr(1)).error(), simdjson::SUCCESS) << target;
      } else {
        CheckReferences(root, member.value);
      }
    }
  }
}

TEST_F(OpenApi, RefersOnlyToWhatIsThere) { CheckReferences(root_, root_); }

TEST_F(OpenApi, DescribesTheAnswersThatRoutesGive) {
  for (const auto path : root_["paths"].get_object().value()) {
    std::string target(path.key);
    for (size_t at; (at = target.find('{')) != std::string::npos;) {
      target.replace(at, target.find('}') - at + 1, "no_such_thing");
    }
    for (const auto method : path.value.get_object().value()) {
      std::string name(method.key);
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return toupper(c); });
      const HttpReply reply = world_.Ask(name, target);
      EXPECT_EQ(method.value["responses"][std::to_string(reply.status)].error(),
                simdjson::SUCCESS)
          << name << " " << target << " answers " << reply.status;
    }
  }
}

TEST(Docs, ArePartOfTheProgramAndMayLoadNothingElse) {
  DoorWorld world;
  for (const auto& [path, type] : std::map<std::string, std::string>{
           {"/docs", "text/html; charset=utf-8"},
           {"/docs/docs.css", "text/css; charset=utf-8"},
           {"/docs/docs.js", "text/javascript; charset=utf-8"}}) {
    const HttpReply reply = world.Ask("GET", path);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.Field("content-type"), type);
    EXPECT_TRUE(reply.Field("content-security-policy").starts_with("default-src 'none'"));
    EXPECT_EQ(reply.Field("x-content-type-options"), "nosniff");
    EXPECT_EQ(reply.body.find("https://"), std::string::npos) << path;
    EXPECT_EQ(reply.body.find("http://"), std::string::npos) << path;
  }
}

TEST(Docs, MayBeLinkedFromAnotherSiteAndNothingElseMay) {
  DoorWorld world;
  EXPECT_EQ(world.Ask("GET", "/docs", "Sec-Fetch-Site: cross-site\r\n").status, 200);
  EXPECT_EQ(world.Ask("GET", "/v1/tables", "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(world.Ask("GET", "/v1/tables", "Sec-Fetch-Site: same-origin\r\n").status,
            200);
}

TEST(Root, SendsBrowsersToTheDocs) {
  DoorWorld world;
  EXPECT_EQ(world.Ask("GET", "/").body,
            "{\"name\":\"pintail\",\"version\":\"0.1.0-test\",\"docs\":\"/docs\","
            "\"openapi\":\"/openapi.json\"}\n");
  const HttpReply browser = world.Ask("GET", "/", "Accept: text/html,*/*\r\n");
  EXPECT_EQ(browser.status, 303);
  EXPECT_EQ(browser.Field("location"), "/docs");
}

}  // namespace
}  // namespace pintail::http
