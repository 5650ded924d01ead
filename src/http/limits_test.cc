// What is too large, too many, too slow or not HTTP, and who is served meanwhile.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <thread>
#include <vector>

#include "http/testing/http_client.h"
#include "http/testing/test_routes.h"
#include "http/testing/test_server.h"

namespace pintail::http {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kHost = "Host: localhost\r\n";

TEST(Limits, RefuseWhatIsNotOneProperRequest) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {.max_header_bytes = 4'096,
                                         .max_headers = 20,
                                         .max_target_bytes = 1'000,
                                         .max_body_bytes = 1'000});
  const std::string host(kHost);
  std::string many_fields;
  for (int i = 0; i < 30; ++i) many_fields += "X-" + std::to_string(i) + ": y\r\n";
  const struct {
    std::string what;
    std::string request;
    int status;
  } rows[] = {
      {"no HTTP", "\x16\x03\x01 hello\r\n\r\n", 400},
      {"another version", "GET /text HTTP/3.0\r\n" + host + "\r\n", 400},
      {"no Host", "GET /text HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET /text HTTP/1.1\r\n" + host + host + "\r\n", 400},
      {"a foreign Host", "GET /text HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
      {"a foreign Origin",
       "GET /text HTTP/1.1\r\n" + host + "Origin: http://evil.example\r\n\r\n", 403},
      {"a foreign page",
       "GET /text HTTP/1.1\r\n" + host + "Sec-Fetch-Site: cross-site\r\n\r\n", 403},
      {"two lengths",
       "POST /echo HTTP/1.1\r\n" + host +
           "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
       400},
      {"different lengths",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1, 2\r\n\r\na", 400},
      {"a negative length",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"equal lengths in a list",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n\r\na", 400},
      {"a folded line", "GET /text HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400},
      {"a folded coding",
       "POST /echo HTTP/1.1\r\n" + host +
           "Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n",
       400},
      {"a target of another host than Host",
       "GET http://127.0.0.1/text HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a target of a foreign host without Host",
       "GET http://evil.example/text HTTP/1.0\r\n\r\n", 403},
      {"a target with a user", "GET http://localhost@evil.example/text HTTP/1.0\r\n\r\n",
       403},
      {"length and chunks",
       "POST /echo HTTP/1.1\r\n" + host +
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"chunks and length",
       "POST /echo HTTP/1.1\r\n" + host +
           "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
       400},
      {"another coding",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
       501},
      {"a bad chunk",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
       400},
      {"a bad escape", "GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a NUL", "GET /%00 HTTP/1.1\r\n" + host + "\r\n", 400},
      {"no UTF-8", "GET /%ff HTTP/1.1\r\n" + host + "\r\n", 400},
      {"a long target",
       "GET /" + std::string(1'500, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {"a long field", "GET /text HTTP/1.1\r\nX: " + std::string(5'000, 'a') + "\r\n\r\n",
       431},
      {"many fields", "GET /text HTTP/1.1\r\n" + host + many_fields + "\r\n", 431},
      {"a large length",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n", 413},
      {"a large chunk",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n",
       413},
      {"an unknown expectation", "POST /echo HTTP/1.1\r\n" + host + "Expect: tea\r\n\r\n",
       417},
      {"no such path", "GET /nothing HTTP/1.1\r\n" + host + "\r\n", 404},
      {"no such method", "BREW /text HTTP/1.1\r\n" + host + "\r\n", 405},
  };
  for (const auto& row : rows) {
    HttpClient client(server.address());
    client.Send(row.request);
    const HttpReply reply = client.Receive();
    EXPECT_EQ(reply.status, row.status) << row.what << ": " << reply.body;
    EXPECT_TRUE(reply.body.starts_with("{\"error\":{\"code\":")) << row.what;
    EXPECT_NE(reply.Field("x-request-id"), "") << row.what;
  }
  EXPECT_EQ(HttpClient(server.address()).Ask("GET", "/text").body, "hello");
}

TEST(Limits, TakeAnAbsoluteTargetOfTheSameHost) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {});
  HttpClient client(server.address());
  client.Send("GET http://LOCALHOST:8000/text HTTP/1.1\r\nHost: localhost:8000\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "hello");
}

TEST(Limits, AskNoOlderClientToContinue) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {});
  HttpClient client(server.address());
  const std::string head =
      "POST /echo HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\n";
  client.Send(head);
  const base::Counter& received =
      server.metrics().GetCounter("http_received_bytes_total", "Bytes received by HTTP");
  while (received.Value() < static_cast<double>(head.size())) std::this_thread::yield();
  client.Send("abc");
  EXPECT_EQ(client.Receive().status, 200);
}

TEST(Limits, TakeTheNamesOfThisMachine) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {.allowed_hosts = {"duck.example"}});
  for (const char* host : {"localhost", "LOCALHOST:8000", "127.0.0.1:1", "127.9.9.9",
                           "[::1]", "[::1]:80", "a.localhost", "duck.example:443"}) {
    HttpClient client(server.address());
    client.Send("GET /text HTTP/1.1\r\nHost: " + std::string(host) +
                "\r\nOrigin: http://" + host + "\r\n\r\n");
    EXPECT_EQ(client.Receive().status, 200) << host;
  }
  for (const char* host :
       {"127.0.0.1.evil.example", "localhost.evil.example", "128.0.0.1", "[::2]",
        "evil.example:8000", "localhost:x", ""}) {
    HttpClient client(server.address());
    client.Send("GET /text HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_EQ(client.Receive().status, 403) << host;
  }
}

TEST(Limits, RefuseMoreConnectionsThanTheCapAndServeAgainLater) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {.max_connections = 2});
  HttpClient first(server.address());
  EXPECT_EQ(first.Ask("GET", "/text").status, 200);
  {
    HttpClient second(server.address());
    EXPECT_EQ(second.Ask("GET", "/text").status, 200);
    HttpClient third(server.address());
    const HttpReply refused = third.Receive();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.Field("retry-after"), "1");
  }
  while (HttpClient(server.address()).Ask("GET", "/text").status != 200) {
  }
}

TEST(Limits, RefuseWithRetryAfterWhenAllWorkersAreBusyAndStillAnswerProbes) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {.workers = 1, .max_queue = 1});
  HttpClient running(server.address());
  running.Send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.waiting.wait(0);
  // One more waits in the queue; which of two that is does not matter.
  std::vector<HttpClient> others;
  for (int i = 0; i < 2; ++i) {
    others.emplace_back(server.address());
    others.back().Send("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  const bool first_refused = [&] {
    while (true) {
      if (others[0].Readable(milliseconds(1))) return true;
      if (others[1].Readable(milliseconds(1))) return false;
    }
  }();
  const HttpReply refused = others[first_refused ? 0 : 1].Receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Field("retry-after"), "1");
  EXPECT_NE(refused.body.find("\"unavailable\""), std::string::npos);
  EXPECT_EQ(HttpClient(server.address()).Ask("GET", "/probe").body, "hello");
  events.release.set_value();
  EXPECT_EQ(running.Receive().body, "waited");
  EXPECT_EQ(others[first_refused ? 1 : 0].Receive().body, "waited");
}

TEST(Limits, LetSlowSendersHoldNoWorker) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {.workers = 1, .max_queue = 1});
  std::vector<HttpClient> slow;
  for (int i = 0; i < 50; ++i) {
    slow.emplace_back(server.address());
    slow.back().Send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n");
    slow.back().Send(std::string(49'999, 'x'));
  }
  EXPECT_EQ(HttpClient(server.address()).Ask("GET", "/text").body, "hello");
  slow[17].Send("y");
  EXPECT_EQ(slow[17].Receive().body, std::string(49'999, 'x') + "y");
}

TEST(Limits, KeepAThousandIdleConnectionsWhileOthersAreServed) {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  setrlimit(RLIMIT_NOFILE, &descriptors);
  RouteEvents events;
  TestServer server(TestRoutes(events), {.workers = 2});
  std::vector<HttpClient> idle;
  for (int i = 0; i < 1'000; ++i) {
    idle.emplace_back(server.address());
    ASSERT_TRUE(idle.back().connected());
    if (i % 2 == 0) {
      ASSERT_EQ(idle.back().Ask("GET", "/text").status, 200);
    } else {
      idle.back().Send("GET /te");
    }
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(HttpClient(server.address()).Ask("POST", "/echo", "", "abc").body, "abc");
  }
  EXPECT_EQ(idle.front().Ask("GET", "/text").body, "hello");
  idle.back().Send("xt HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(idle.back().Receive().body, "hello");
}

// Lets time pass, second by second, until the server has sent something or closed.
void PassUntilReadable(TestServer& server, HttpClient& client) {
  do {
    server.Pass(std::chrono::seconds(1));
  } while (!client.Readable(milliseconds(5)));
}

TEST(SlowClients, AreClosedWhenTheySendNothing) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  PassUntilReadable(server, client);
  EXPECT_EQ(client.ReceiveUntilClosed(), "");
}

TEST(SlowClients, AreClosedWhenTheyKeepAConnectionAndDoNotUseIt) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  EXPECT_EQ(client.Ask("GET", "/text").body, "hello");
  PassUntilReadable(server, client);
  EXPECT_EQ(client.ReceiveUntilClosed(), "");
}

TEST(SlowClients, AreToldWhenTheirHeadTakesTooLong) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  client.Send("GET /text HTTP/1.1\r\nHost: loc");
  PassUntilReadable(server, client);
  EXPECT_EQ(client.Receive().status, 408);
  EXPECT_EQ(client.ReceiveUntilClosed(), "");
}

TEST(SlowClients, AreToldWhenTheirBodyStallsBeforeAWorkerIsTaken) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc");
  PassUntilReadable(server, client);
  const HttpReply reply = client.Receive();
  EXPECT_EQ(reply.status, 408);
  EXPECT_NE(reply.body.find("3 bytes arrived"), std::string::npos) << reply.body;
}

TEST(SlowClients, AreToldWhenTheirBodyStallsWhileItIsRead) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  client.Send(
      "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
  client.Send(std::string(500'000, 'x'));
  PassUntilReadable(server, client);
  EXPECT_EQ(client.Receive().status, 408);
}

TEST(SlowClients, AreEndedWhenTheyTrickle) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
  // A byte a second never stalls, yet is below the least rate.
  do {
    client.SendSome("x");
    server.Pass(std::chrono::seconds(1));
  } while (!client.Readable(milliseconds(5)));
  EXPECT_EQ(client.Receive().status, 408);
}

TEST(SlowClients, AreEndedWhenTheyStopReadingTheAnswer) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  client.ShrinkReceiveBuffer();
  client.Send("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto ended = events.ended.get_future();
  while (ended.wait_for(milliseconds(5)) != std::future_status::ready) {
    server.Pass(std::chrono::seconds(1));
  }
  EXPECT_EQ(base::KindOf(ended.get()), base::ErrorKind::kCancelled);
}

TEST(SlowRequests, AreCancelledWhenTheirTimeIsUp) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {}, /*manual_clock=*/true);
  HttpClient client(server.address());
  client.Send("GET /cancelled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.waiting.wait(0);
  server.Pass(std::chrono::hours(2));
  const HttpReply reply = client.Receive();
  EXPECT_EQ(reply.status, 504);
  EXPECT_NE(reply.body.find("deadline_exceeded"), std::string::npos);
}

TEST(Clients, ThatVanishInTheMiddleOfABodyEndTheirCall) {
  RouteEvents events;
  TestServer server(TestRoutes(events), {});
  {
    HttpClient client(server.address());
    client.Send(
        "POST /count HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n");
    client.Send(std::string(3'000'000, 'x'));
  }
  const char* line = "pintail_http_requests_total{route=\"/count\",status=\"499\"} 1";
  while (server.metrics().Render().find(line) == std::string::npos)
    std::this_thread::yield();
}

}  // namespace
}  // namespace pintail::http
