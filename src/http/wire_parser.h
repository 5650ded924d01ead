// HTTP/1.x as bytes, in: request line, header fields, and the body in its framing.
//
// One parser a request. It is pushed bytes and never waits; the strictness about framing
// (one length, no mix of lengths and chunks) that keeps a request from being read as two
// lives here and in the parsing library behind it. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "arrow/result.h"
#include "http/head.h"

namespace pintail::http {

class WireParser {
 public:
  struct Limits {
    uint32_t header_bytes = 32 * 1024;
    size_t headers = 100;
    size_t target_bytes = 8 * 1024;
  };
  using BodySink = std::function<void(std::string_view)>;

  explicit WireParser(const Limits& limits);
  ~WireParser();
  WireParser(const WireParser&) = delete;
  WireParser& operator=(const WireParser&) = delete;

  // Parses a piece of the input and returns how many bytes of it were consumed; what was
  // not has to be shown again with more behind it. Until the head is done at most the
  // head is consumed; afterwards body bytes go to `body`. A failure is a Refusal.
  arrow::Result<size_t> Put(std::string_view bytes, const BodySink& body);

  bool started() const;  // a byte of the request has come
  bool head_done() const;
  bool done() const;
  const RequestHead& head() const;
  // For the body, as sent without chunk framing. Call once the head is done.
  void LimitBody(int64_t max_bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintail::http
