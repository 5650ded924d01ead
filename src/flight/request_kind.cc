#include "flight/request_kind.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace pintail::flight {
namespace {

using base::ErrorKind;
using google::protobuf::internal::WireFormatLite;

constexpr std::string_view kSqlTypePrefix =
    "type.googleapis.com/arrow.flight.protocol.sql.";

bool ParseAny(std::string_view bytes, google::protobuf::Any* any) {
  return any->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// One part of a dotted name, taken off its front: plain up to the next dot, or quoted.
std::optional<std::string> TakePart(std::string_view* rest) {
  if (!rest->starts_with('"')) {
    const size_t end = std::min(rest->find('.'), rest->size());
    std::string part(rest->substr(0, end));
    rest->remove_prefix(end);
    return part.empty() ? std::nullopt : std::optional(std::move(part));
  }
  auto quoted = engine::TakeQuotedName(*rest);
  return quoted && quoted->empty() ? std::nullopt : quoted;
}

arrow::Result<engine::TableName> TableOfParts(const std::vector<std::string>& parts,
                                              std::string_view shown) {
  switch (parts.size()) {
    case 1:
      return engine::TableName{"", "", parts[0]};
    case 2:
      return engine::TableName{"", parts[0], parts[1]};
    case 3:
      return engine::TableName{parts[0], parts[1], parts[2]};
    default:
      return base::MakeError(ErrorKind::kInvalidArgument, "'", shown,
                             "' does not name a table: give table, schema.table or "
                             "catalog.schema.table");
  }
}

}  // namespace

RequestKind KindOfRequest(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return RequestKind::kUnknown;
  if (bytes.starts_with(kPollPrefix)) return RequestKind::kPoll;
  // An Any cannot begin with a brace: that would open a group, which it has none of.
  if (bytes[first] == '{') return RequestKind::kJson;
  google::protobuf::Any any;
  if (ParseAny(bytes, &any) && any.type_url().starts_with(kSqlTypePrefix)) {
    return RequestKind::kFlightSql;
  }
  return RequestKind::kUnknown;
}

std::optional<std::string> TypeOfMessage(std::string_view bytes) {
  google::protobuf::Any any;
  if (!ParseAny(bytes, &any) || any.type_url().empty()) return std::nullopt;
  // The name follows the last slash of the URL.
  const std::string& url = any.type_url();
  const std::string name = url.substr(url.rfind('/') + 1, 200);
  const bool printable =
      std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (name.empty() || !printable) return std::nullopt;
  return name;
}

std::optional<std::string> FlightSqlCommand(std::string_view bytes,
                                            std::string_view name) {
  google::protobuf::Any any;
  if (!ParseAny(bytes, &any)) return std::nullopt;
  const std::string_view url = any.type_url();
  if (!url.starts_with(kSqlTypePrefix) || url.substr(kSqlTypePrefix.size()) != name) {
    return std::nullopt;
  }
  return any.value();
}

std::optional<std::string> ProtobufBytes(std::string_view message, int field_number) {
  google::protobuf::io::CodedInputStream input(
      reinterpret_cast<const uint8_t*>(message.data()), static_cast<int>(message.size()));
  std::optional<std::string> value;
  while (const uint32_t tag = input.ReadTag()) {
    if (WireFormatLite::GetTagFieldNumber(tag) == field_number &&
        WireFormatLite::GetTagWireType(tag) ==
            WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      std::string bytes;
      if (!WireFormatLite::ReadBytes(&input, &bytes)) return std::nullopt;
      value = std::move(bytes);
    } else if (!WireFormatLite::SkipField(&input, tag)) {
      return std::nullopt;
    }
  }
  return value;
}

arrow::Result<engine::TableName> TableOfDottedName(std::string_view name) {
  std::vector<std::string> parts;
  std::string_view rest = name;
  while (parts.size() < 4) {
    auto part = TakePart(&rest);
    if (!part) {
      parts.clear();
      break;
    }
    parts.push_back(std::move(*part));
    if (rest.empty()) break;
    if (rest.front() != '.') {
      parts.clear();
      break;
    }
    rest.remove_prefix(1);
  }
  return TableOfParts(parts, name.substr(0, 200));
}

arrow::Result<engine::TableName> TableOfPath(const std::vector<std::string>& path) {
  if (path.size() == 1) return TableOfDottedName(path[0]);
  std::string shown;
  for (const std::string& part : path) {
    if (part.empty()) {
      return base::MakeError(ErrorKind::kInvalidArgument,
                             "The descriptor's path has an empty part");
    }
    if (shown.size() < 200) shown += (shown.empty() ? "" : "/") + part;
  }
  return TableOfParts(path, shown);
}

}  // namespace pintail::flight
