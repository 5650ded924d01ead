// What the REST door can be told, with safe defaults. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pintail::http {

struct HttpOptions {
  // "address:port" or "[address]:port"; port 0 takes a free one.
  std::vector<std::string> listen = {"127.0.0.1:8000"};
  // Names by which clients may call this server, beside localhost and loopback addresses.
  std::vector<std::string> allowed_hosts;

  size_t io_threads = 2;   // move bytes, never run a handler
  size_t workers = 64;     // requests that are being answered at a time
  size_t max_queue = 256;  // complete heads that wait for a worker; more get a 503
  size_t max_connections = 4'096;

  uint32_t max_header_bytes = 32 * 1024;  // request line and all header lines
  size_t max_headers = 100;
  size_t max_target_bytes = 8 * 1024;
  int64_t max_body_bytes = int64_t{16} << 30;  // a streamed body, as sent
  // JSON and SQL text, decoded; held in memory: one, and all together with what they are
  // turned into.
  int64_t max_document_bytes = int64_t{256} << 20;
  int64_t document_budget_bytes = int64_t{1} << 30;

  std::chrono::milliseconds idle_time{75'000};   // a kept connection without a request
  std::chrono::milliseconds head_time{10'000};   // from a head's first byte to its last
  std::chrono::milliseconds stall_time{30'000};  // no byte moves while one is wanted
  std::chrono::milliseconds request_time{
      3'600'000};  // from head to the answer's last byte
  // After `rate_grace` of waiting for a peer, less than this many bytes a second ends it.
  int64_t min_bytes_per_second = 1'024;
  std::chrono::milliseconds rate_grace{10'000};
  // How much of an unwanted body is taken in so that its sender reads the refusal instead
  // of a reset.
  int64_t linger_bytes = int64_t{1} << 30;

  size_t body_queue_bytes = 1024 * 1024;    // received and not yet read by the handler
  size_t answer_queue_bytes = 1024 * 1024;  // written by the handler and not yet sent

  // Tests set these; a server does not. They follow from how the door is built, and the
  // ones above bound what an operator pays for.
  std::chrono::milliseconds linger_time{10'000};  // as linger_bytes, but for the time
  std::chrono::milliseconds sweep_interval{100};  // how often the times are checked
  size_t prefetch_bytes = 64 * 1024;  // of a body, before a worker is taken; at most
                                      // body_queue_bytes
  size_t answer_chunk_bytes =
      256 * 1024;  // a shorter answer is sent whole, with its length
};

}  // namespace pintail::http
