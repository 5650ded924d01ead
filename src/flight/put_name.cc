#include "flight/put_name.h"

#include <charconv>
#include <string_view>

#include "base/error.h"
#include "gateway/put_key.h"

namespace pintail::flight {
namespace {

using base::ErrorKind;
using base::MakeError;

constexpr std::string_view kProducer = "pintail-producer";
constexpr std::string_view kSequence = "pintail-sequence";

arrow::Result<std::optional<std::string_view>> HeaderOf(
    const arrow::flight::CallHeaders& headers, std::string_view name) {
  const auto [first, last] = headers.equal_range(name);
  std::optional<std::string_view> value;
  for (auto header = first; header != last; ++header) {
    if (value && *value != header->second) {
      return MakeError(ErrorKind::kInvalidArgument, "The header ", name,
                       " is there twice, as '", *value, "' and '", header->second,
                       "'; send it once");
    }
    value = header->second;
  }
  return value;
}

template <typename T>
arrow::Result<std::optional<T>> OneOf(std::string_view what,
                                      const std::optional<T>& in_command,
                                      const std::optional<T>& in_headers) {
  if (in_command && in_headers && *in_command != *in_headers) {
    return MakeError(ErrorKind::kInvalidArgument, "The upload's ", what, " is '",
                     *in_command, "' in its command and '", *in_headers,
                     "' in its headers; tell it once, or the same");
  }
  return in_command ? in_command : in_headers;
}

}  // namespace

arrow::Result<PutName> PutNameInHeaders(const arrow::flight::CallHeaders& headers) {
  PutName name;
  ARROW_ASSIGN_OR_RAISE(const auto producer, HeaderOf(headers, kProducer));
  ARROW_ASSIGN_OR_RAISE(const auto sequence, HeaderOf(headers, kSequence));
  if (producer) {
    if (producer->empty()) {
      return MakeError(ErrorKind::kInvalidArgument, "The header ", kProducer,
                       " is empty; name the producer, or leave the header out");
    }
    name.producer = std::string(*producer);
  }
  if (!sequence) return name;
  int64_t number = 0;
  const char* const last = sequence->data() + sequence->size();
  const auto [end, failed] = std::from_chars(sequence->data(), last, number);
  if (failed != std::errc() || end != last || number < 0) {
    return MakeError(ErrorKind::kInvalidArgument, "The header ", kSequence, " is '",
                     *sequence,
                     "'; it must be a whole number from 0 to 9223372036854775807");
  }
  name.sequence = number;
  return name;
}

arrow::Result<std::string> KeyOfPut(const PutName& in_command,
                                    const PutName& in_headers) {
  ARROW_ASSIGN_OR_RAISE(const auto producer,
                        OneOf("producer", in_command.producer, in_headers.producer));
  ARROW_ASSIGN_OR_RAISE(const auto sequence,
                        OneOf("sequence", in_command.sequence, in_headers.sequence));
  if (!producer && !sequence) return std::string();
  if (!producer || !sequence) {
    return MakeError(
        ErrorKind::kInvalidArgument, "The upload tells ",
        producer ? "a producer and no sequence" : "a sequence and no producer",
        "; only both together name it, so tell both or neither");
  }
  return gateway::KeyOfProducer(*producer, *sequence);
}

}  // namespace pintail::flight
