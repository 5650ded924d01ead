#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flight/commands/commands.h"
#include "flight/door.h"

namespace pintail::flight::commands {
namespace {

using fl::SetSessionOptionErrorValue;

// The part as DuckDB reads it in a list, be that of names or of values; empty for one
// that the two would have to be told differently.
std::optional<std::string> PartOf(const std::string& part) {
  if (part.find_first_of("\"\\") != std::string::npos) return std::nullopt;
  const bool plain = part.find_first_of(" ,'()[]{}:=") == std::string::npos;
  return plain && !part.empty() ? part : '"' + part + '"';
}

// The shortest text that is read as the same number again.
std::string TextOf(double number) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end};
}

// An option's value as text, none for "unset"; empty when it has a form that no option
// takes.
std::optional<std::string> TextOf(const fl::SessionOptionValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return "";
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return TextOf(*number);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string text;
    for (const std::string& each : *list) {
      const auto part = PartOf(each);
      if (!part) return std::nullopt;
      text += (text.empty() ? "" : ",") + *part;
    }
    return text;
  }
  return std::nullopt;
}

SetSessionOptionErrorValue ErrorValue(const arrow::Status& status) {
  switch (base::KindOf(status)) {
    case base::ErrorKind::kNotFound:
      return SetSessionOptionErrorValue::kInvalidName;
    case base::ErrorKind::kInvalidArgument:
    case base::ErrorKind::kInvalidSql:
      return SetSessionOptionErrorValue::kInvalidValue;
    default:
      return SetSessionOptionErrorValue::kError;
  }
}

}  // namespace

arrow::Result<fl::SetSessionOptionsResult> SetSessionOptions(
    Call& call, const fl::SetSessionOptionsRequest& request) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  fl::SetSessionOptionsResult result;
  for (const auto& [name, value] : request.session_options) {
    const auto text = TextOf(value);
    if (!text) {
      result.errors[name] = {SetSessionOptionErrorValue::kInvalidValue};
      continue;
    }
    const arrow::Status status =
        call.gateway().SetSessionOption(call.context(), session, name, *text);
    if (!status.ok()) result.errors[name] = {ErrorValue(status)};
  }
  return result;
}

arrow::Result<fl::GetSessionOptionsResult> GetSessionOptions(Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto options,
                        call.gateway().SessionOptions(call.context(), session));
  fl::GetSessionOptionsResult result;
  for (auto& [name, value] : options) result.session_options[name] = std::move(value);
  return result;
}

arrow::Result<fl::CloseSessionResult> CloseSession(Call& call) {
  ARROW_RETURN_NOT_OK(call.gateway().CloseSession(call.context(), call.session_id()));
  call.door().sessions.Forget(call.session_id());
  return fl::CloseSessionResult(fl::CloseSessionStatus::kClosed);
}

}  // namespace pintail::flight::commands
