// The transport as a client sees it: framing, keeping, streaming, ending.
#include "http/http_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "http/testing/http_client.h"
#include "http/testing/test_routes.h"
#include "http/testing/test_server.h"

namespace pintail::http {
namespace {

using std::chrono::milliseconds;

class HttpServerTest : public testing::Test {
 protected:
  RouteEvents events_;
  TestServer server_{TestRoutes(events_), {}};
  HttpClient client_{server_.address()};
};

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  for (int i = 0; i < 3; ++i) {
    const HttpReply reply = client_.Ask("GET", "/text");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello");
    EXPECT_EQ(reply.Field("content-length"), "5");
    EXPECT_EQ(reply.Field("connection"), "");
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  client_.Send(
      "GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
      "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client_.Receive().body, "hello");
  EXPECT_EQ(client_.Receive().body, "abc");
  EXPECT_EQ(client_.Receive().status, 404);
}

TEST_F(HttpServerTest, ClosesWhenTheClientAsksForIt) {
  client_.Send("GET /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const HttpReply reply = client_.Receive();
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.Field("connection"), "close");
  EXPECT_EQ(client_.ReceiveUntilClosed(), "");
}

TEST_F(HttpServerTest, ReadsABodyInChunks) {
  client_.Send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  client_.Send("3\r\nabc\r\n");
  client_.Send("4;note=\"x\"\r\nde");
  client_.Send("fg\r\n0\r\nTrailer: read past\r\n\r\n");
  EXPECT_EQ(client_.Receive().body, "abcdefg");
  EXPECT_EQ(client_.Ask("GET", "/text").body, "hello");
}

TEST_F(HttpServerTest, StreamsALargeBodyThroughSmallQueues) {
  std::string body(20'000'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 >> 3);
  HttpReply reply;
  std::jthread reader([&] { reply = client_.Receive(); });
  client_.Send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n");
  client_.Send(body);
  reader.join();
  EXPECT_TRUE(reply.chunked);
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, body);
}

TEST_F(HttpServerTest, SendsALargeAnswerInChunksAndKeepsTheConnection) {
  const HttpReply reply = client_.Ask("GET", "/large?bytes=5000000");
  EXPECT_TRUE(reply.chunked);
  EXPECT_EQ(reply.body, std::string(5'000'000, 'x'));
  EXPECT_EQ(client_.Ask("GET", "/text").body, "hello");
}

TEST_F(HttpServerTest, CutsAnAnswerThatFailsAfterItsHead) {
  const HttpReply reply = client_.Ask("GET", "/broken");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.complete);
  EXPECT_EQ(client_.Ask("GET", "/text").status, 0);
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  const HttpReply reply = client_.Ask("HEAD", "/text");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.Field("content-length"), "5");
  EXPECT_EQ(client_.Ask("GET", "/text").body, "hello");
}

TEST_F(HttpServerTest, TellsWhatAPathTakes) {
  const HttpReply options = client_.Ask("OPTIONS", "/text");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.Field("allow"), "GET, HEAD, OPTIONS");
  const HttpReply wrong = client_.Ask("DELETE", "/echo");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.Field("allow"), "OPTIONS, POST");
  EXPECT_NE(wrong.body.find("method_not_allowed"), std::string::npos);
}

TEST_F(HttpServerTest, SpeaksHttp10WithoutChunks) {
  client_.Send("GET /large?bytes=1000000 HTTP/1.0\r\n\r\n");
  const HttpReply reply = client_.Receive();
  EXPECT_FALSE(reply.chunked);
  EXPECT_EQ(reply.Field("connection"), "close");
  EXPECT_EQ(reply.body, std::string(1'000'000, 'x'));
}

TEST_F(HttpServerTest, InvitesABodyThatWaitsForIt) {
  client_.Send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(client_.Receive().status, 100);
  client_.Send("abc");
  EXPECT_EQ(client_.Receive().body, "abc");
}

TEST_F(HttpServerTest, AnswersAnUnreadBodyAndEndsTheConnection) {
  const std::string body(30'000'000, 'x');
  client_.Send(
      "POST /ignore HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000000\r\n\r\n");
  EXPECT_TRUE(client_.Send(body));
  const HttpReply reply = client_.Receive();
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.Field("connection"), "close");
  client_.Close();
}

TEST_F(HttpServerTest, GivesEveryAnswerARequestId) {
  EXPECT_EQ(
      client_.Ask("GET", "/text", "X-Request-Id: trace-7.a\r\n").Field("x-request-id"),
      "trace-7.a");
  const std::string made = client_.Ask("GET", "/text").Field("x-request-id");
  EXPECT_EQ(made.size(), 16);
  EXPECT_NE(client_.Ask("GET", "/text", "X-Request-Id: a b<c>\r\n").Field("x-request-id"),
            "a b<c>");
}

TEST_F(HttpServerTest, KeepsLineBreaksOutOfHeaderFields) {
  const HttpReply reply = client_.Ask("GET", "/injected?value=a%0d%0aSet-Cookie:%20b=c");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.Field("x-value"), "a  Set-Cookie: b=c");
  EXPECT_FALSE(reply.fields.contains("set-cookie"));
}

TEST_F(HttpServerTest, CountsRequestsBytesAndConnections) {
  client_.Ask("GET", "/text");
  client_.Ask("GET", "/nothing");
  const std::string figures = server_.metrics().Render();
  const auto has = [&](const char* line) {
    return figures.find(line) != std::string::npos;
  };
  EXPECT_TRUE(has("pintail_http_requests_total{route=\"/text\",status=\"200\"} 1"))
      << figures;
  EXPECT_TRUE(has("pintail_http_requests_total{route=\"other\",status=\"404\"} 1"));
  EXPECT_TRUE(has("pintail_active_connections{protocol=\"rest\"} 1"));
  EXPECT_TRUE(has("pintail_http_request_seconds_count{route=\"/text\"} 1"));
  EXPECT_FALSE(has("pintail_http_received_bytes_total 0"));
}

TEST(HttpServer, ServesTwiceInOneProcess) {
  RouteEvents events;
  TestServer first(TestRoutes(events), {});
  TestServer second(TestRoutes(events), {});
  EXPECT_NE(first.address(), second.address());
  EXPECT_EQ(HttpClient(first.address()).Ask("GET", "/text").body, "hello");
  EXPECT_EQ(HttpClient(second.address()).Ask("GET", "/text").body, "hello");
}

TEST(HttpServer, ListensOnSeveralAddresses) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {.listen = {"127.0.0.1:0", "localhost:0"}});
  ASSERT_EQ(server.server().addresses().size(), 2);
  for (const std::string& address : server.server().addresses()) {
    EXPECT_EQ(HttpClient(address).Ask("GET", "/text").body, "hello");
  }
}

TEST(HttpServer, SaysInOneLineThatAPortIsInUse) {
  RouteEvents events;
  TestServer first(TestRoutes(events), {});
  base::SystemClock clock;
  base::Timers timers(clock);
  base::Metrics metrics("pintail");
  const auto logs = base::SilentLogs();
  const HttpOptions options{.listen = {first.address()}};
  const RouteTable routes;
  const auto second = HttpServer::Start(
      {.clock = clock, .timers = timers, .logs = *logs, .metrics = metrics}, options,
      routes);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(base::KindOf(second.status()), base::ErrorKind::kUnavailable);
  EXPECT_EQ(second.status().message(),
            "cannot listen for HTTP on " + first.address() +
                ": another program uses this port; stop it, or choose another with "
                "--http-listen (port 0 takes a free one)");
}

TEST(HttpServer, FinishesWhatIsUnderWayWhenItDrains) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {});
  HttpClient idle(server.address());
  EXPECT_EQ(idle.Ask("GET", "/text").body, "hello");
  HttpClient busy(server.address());
  busy.Send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.waiting.wait(0);
  server.server().Drain();
  EXPECT_EQ(idle.ReceiveUntilClosed(), "");
  EXPECT_FALSE(HttpClient(server.address()).connected());
  events.release.set_value();
  const HttpReply reply = busy.Receive();
  EXPECT_EQ(reply.body, "waited");
  EXPECT_EQ(reply.Field("connection"), "close");
  server.server().Stop(milliseconds(0));
}

TEST(HttpServer, CancelsWhatIsUnderWayWhenItStops) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {});
  HttpClient client(server.address());
  client.Send("GET /cancelled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.waiting.wait(0);
  server.server().Stop(milliseconds(0));
  EXPECT_EQ(base::KindOf(events.ended.get_future().get()), base::ErrorKind::kCancelled);
  EXPECT_EQ(client.ReceiveUntilClosed(), "");
}

TEST(HttpServer, CancelsACallWhoseClientHasGone) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {});
  HttpClient client(server.address());
  client.Send("GET /cancelled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.waiting.wait(0);
  client.Close();
  EXPECT_EQ(base::KindOf(events.ended.get_future().get()), base::ErrorKind::kCancelled);
}

}  // namespace
}  // namespace pintail::http
