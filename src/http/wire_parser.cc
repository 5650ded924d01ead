#include "http/wire_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <format>

#include "http/status.h"

namespace pintail::http {

namespace beast = boost::beast;

class WireParser::Impl final : public beast::http::basic_parser<true> {
 public:
  explicit Impl(const Limits& limits) : limits_(limits) {
    header_limit(limits.header_bytes);
    body_limit(boost::none);  // set by LimitBody, once it is known what the body is for
  }

  RequestHead head;
  const BodySink* sink = nullptr;  // during a Put
  arrow::Status refusal;           // why a callback made the parser fail

 private:
  using Code = beast::error_code;
  using Text = beast::string_view;

  void Refuse(Code& code, arrow::Status why) {
    refusal = std::move(why);
    code = beast::http::error::bad_value;
  }

  void CountField(Code& code) {
    if (++fields_ > limits_.headers) {
      Refuse(code, Refusal(431, "headers_too_large",
                           std::format("the request has more than {} header fields, the "
                                       "most this server takes",
                                       limits_.headers)));
    }
  }

  void on_request_impl(beast::http::verb, Text method, Text target, int version,
                       Code& code) override {
    if (target.size() > limits_.target_bytes) {
      Refuse(code, Refusal(414, "uri_too_long",
                           std::format("the request's URL has {} bytes, the most this "
                                       "server takes is {}; send long values in the body",
                                       target.size(), limits_.target_bytes)));
      return;
    }
    head.method = method;
    head.target = target;
    head.minor_version = version % 10;
  }

  void on_response_impl(int, Text, int, Code&) override {}  // never: we parse requests

  void on_field_impl(beast::http::field name, Text name_text, Text value,
                     Code& code) override {
    if (name == beast::http::field::content_length && head.fields.Count(name_text) > 0) {
      Refuse(code, Refusal(400, "invalid_argument",
                           "the request has more than one Content-Length"));
      return;
    }
    if (name == beast::http::field::content_length &&
        !std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
      Refuse(code, Refusal(400, "invalid_argument",
                           "the request's Content-Length is not one whole number"));
      return;
    }
    if (name == beast::http::field::transfer_encoding &&
        !EqualsIgnoreCase(value, "chunked")) {
      Refuse(code, Refusal(501, "unimplemented",
                           "the only Transfer-Encoding this server takes is chunked"));
      return;
    }
    head.fields.Add(name_text, value);
    CountField(code);
  }

  void on_trailer_field_impl(beast::http::field, Text, Text, Code& code) override {
    CountField(code);  // trailers are read past, never used
  }

  void on_header_impl(Code& code) override {
    head.keep_alive = keep_alive();
    head.chunked = chunked();
    if (const auto length = content_length()) {
      if (head.chunked || *length > uint64_t{INT64_MAX}) {
        Refuse(code, Refusal(400, "invalid_argument",
                             "the request's Content-Length cannot be true"));
        return;
      }
      head.content_length = static_cast<int64_t>(*length);
    }
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(Text body, Code&) override {
    (*sink)(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code&) override {
    (*sink)(body);
    return body.size();
  }
  void on_finish_impl(Code&) override {}

  const Limits limits_;
  size_t fields_ = 0;
};

namespace {

// Whether a header line goes on in the next, as HTTP of long ago allowed it: readers have
// differed in where such a field ends.
bool HasFoldedLine(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, bytes.find("\r\n\r\n"));
  return head.contains("\n ") || head.contains("\n\t");
}

arrow::Status RefusalFor(const beast::error_code& code) {
  using beast::http::error;
  if (code == error::header_limit) {
    return Refusal(431, "headers_too_large",
                   "the request's head is larger than this server takes");
  }
  if (code == error::body_limit) {
    return Refusal(413, "payload_too_large",
                   "the request's body is larger than this server takes");
  }
  if (code == error::bad_version) {
    return Refusal(400, "invalid_argument", "this server speaks HTTP/1.1 and HTTP/1.0");
  }
  return Refusal(400, "invalid_argument",
                 "what arrived is not an HTTP request (" + code.message() + ")");
}

}  // namespace

WireParser::WireParser(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
WireParser::~WireParser() = default;

arrow::Result<size_t> WireParser::Put(std::string_view bytes, const BodySink& body) {
  size_t skipped = 0;
  if (!impl_->got_some()) {
    // Some clients end a body with a line break too many.
    while (bytes.starts_with("\r\n")) {
      bytes.remove_prefix(2);
      skipped += 2;
    }
    if (bytes.empty() || bytes == "\r") return skipped;
  }
  if (!impl_->is_header_done() && HasFoldedLine(bytes)) {
    return Refusal(400, "invalid_argument",
                   "a header line of the request goes on in the next line, which this "
                   "server does not take");
  }
  impl_->sink = &body;
  impl_->eager(impl_->is_header_done());
  beast::error_code code;
  const size_t consumed =
      impl_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), code);
  impl_->sink = nullptr;
  if (!impl_->refusal.ok()) return impl_->refusal;
  if (code && code != beast::http::error::need_more) return RefusalFor(code);
  return skipped + consumed;
}

bool WireParser::started() const { return impl_->got_some(); }
bool WireParser::head_done() const { return impl_->is_header_done(); }
bool WireParser::done() const { return impl_->is_done(); }
const RequestHead& WireParser::head() const { return impl_->head; }
void WireParser::LimitBody(int64_t max_bytes) {
  impl_->body_limit(static_cast<std::uint64_t>(max_bytes));
}

}  // namespace pintail::http
