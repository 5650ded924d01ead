#include "http/request.h"

#include <algorithm>
#include <cstring>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "columnar/body_codec.h"
#include "gateway/put_key.h"
#include "http/status.h"

namespace pintail::http {
namespace {

constexpr size_t kMaxSessionKey = 128;

bool IsSessionKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxSessionKey &&
         std::ranges::all_of(key, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

std::optional<std::string> Request::QueryValue(const std::string& name) const {
  const auto found = target.query.find(name);
  if (found == target.query.end()) return std::nullopt;
  return found->second;
}

std::string Request::MediaType() const {
  std::string_view value = head.fields.Find("content-type").value_or("");
  value = value.substr(0, value.find(';'));
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  return base::LowerCase(value);
}

arrow::Result<std::string> PutKeyOf(const Request& request) {
  constexpr std::string_view kField = "Idempotency-Key";
  for (const std::string_view other : {"pintail-producer", "pintail-sequence"}) {
    if (!request.head.fields.Find(other)) continue;
    return base::MakeError(base::ErrorKind::kInvalidArgument, other,
                           " is a header of Flight; over HTTP a put is named by ",
                           kField);
  }
  const auto text = request.head.fields.Find(kField);
  if (!text) return std::string();
  if (text->empty() || request.head.fields.Count(kField) > 1) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, kField, " is ",
                           text->empty() ? "empty" : "there more than once",
                           "; send one that names this upload, or none");
  }
  return gateway::KeyOfText(*text);
}

arrow::Result<gateway::SessionPtr> SessionOf(const Request& request,
                                             gateway::Gateway& gateway) {
  const auto key = request.head.fields.Find("pintail-session");
  if (!key) return gateway.TransientSession(request.call);
  if (!IsSessionKey(*key)) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "the header field Pintail-Session must have 1 to ",
                           kMaxSessionKey, " letters, digits, \"-\", \"_\" or \".\"");
  }
  return gateway.OpenSession(request.call, "rest:" + std::string(*key));
}

arrow::Result<std::shared_ptr<arrow::io::InputStream>> DecodedBody(
    const Request& request, const columnar::Limits& limits) {
  const auto encoding = request.head.fields.Find("content-encoding").value_or("");
  auto decoded = columnar::DecodeContent(encoding, request.body, limits);
  if (!decoded.ok() &&
      base::KindOf(decoded.status()) == base::ErrorKind::kInvalidArgument) {
    return Refusal(415, "unsupported_media_type", decoded.status().message());
  }
  return decoded;
}

std::string_view Document::text() const {
  return {reinterpret_cast<const char*>(buffer->data()), size};
}

arrow::Result<Document> ReadDocument(const Request& request,
                                     const columnar::Limits& limits, int64_t max_bytes,
                                     size_t padding, DocumentBudget::Share& memory) {
  ARROW_ASSIGN_OR_RAISE(auto body, DecodedBody(request, limits));
  const auto extra = static_cast<int64_t>(padding);
  constexpr int64_t kFirstBytes = 64 * 1024;
  // What a length that is only announced may take of everybody's memory.
  constexpr int64_t kTrustedBytes = 4 << 20;
  // A byte more than announced, so that the end is seen without growing.
  const int64_t announced = request.head.content_length.value_or(kFirstBytes) + 1;
  int64_t capacity =
      std::clamp(announced, int64_t{4'096}, std::min(max_bytes + 1, kTrustedBytes));
  ARROW_RETURN_NOT_OK(memory.Grow(capacity + extra));
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(capacity + extra));
  int64_t size = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(int64_t read,
                          body->Read(capacity - size, buffer->mutable_data() + size));
    size += read;
    if (size < capacity) break;
    if (size > max_bytes) {
      return Refusal(413, "payload_too_large",
                     "the request's body has more than " + std::to_string(max_bytes) +
                         " bytes, the most this server takes for it; for data use "
                         "POST /v1/ingest, which streams");
    }
    const int64_t grown =
        std::min(capacity < announced ? std::min(capacity * 2, announced) : capacity * 2,
                 max_bytes + 1);
    ARROW_RETURN_NOT_OK(memory.Grow(grown - capacity));
    capacity = grown;
    ARROW_RETURN_NOT_OK(buffer->Resize(capacity + extra, false));
  }
  std::memset(buffer->mutable_data() + size, 0, padding);
  return Document{std::shared_ptr<arrow::Buffer>(std::move(buffer)),
                  static_cast<size_t>(size)};
}

}  // namespace pintail::http
