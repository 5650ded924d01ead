#include "gateway/put_key.h"

#include <algorithm>

#include "arrow/util/utf8.h"
#include "base/error.h"

namespace pintail::gateway {
namespace {

constexpr std::string_view kProducer = "producer ";
constexpr std::string_view kText = "key ";

// What the client sent of it, without a producer's number.
std::string_view SentOf(std::string_view key) {
  if (key.starts_with(kProducer)) {
    return key.substr(kProducer.size(), key.rfind(' ') - kProducer.size());
  }
  return key.substr(std::min(kText.size(), key.size()));
}

}  // namespace

std::string KeyOfProducer(std::string_view producer, int64_t sequence) {
  std::string key(kProducer);
  key += producer;
  return key + " " + std::to_string(sequence);
}

std::string KeyOfText(std::string_view text) {
  std::string key(kText);
  key += text;
  return key;
}

arrow::Status CheckPutKey(std::string_view key) {
  using base::ErrorKind;
  if (const size_t size = SentOf(key).size(); size > kMaxPutKey) {
    return base::MakeError(ErrorKind::kInvalidArgument,
                           "the producer's name or Idempotency-Key of a put has ", size,
                           " bytes; it can have ", kMaxPutKey);
  }
  arrow::util::InitializeUTF8();
  const bool is_text =
      arrow::util::ValidateUTF8(key) && key.find('\0') == std::string_view::npos;
  if (is_text) return arrow::Status::OK();
  return base::MakeError(ErrorKind::kInvalidArgument,
                         "the key of a put is not UTF-8 or has a zero byte; choose a "
                         "producer's name or an Idempotency-Key of plain text");
}

}  // namespace pintail::gateway
