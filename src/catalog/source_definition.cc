#include "catalog/source_definition.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/lower_case.h"
#include "catalog/connection_text.h"

namespace pintail::catalog {
namespace {

constexpr std::string_view kMask = "********";

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void Replace(std::string_view secret, std::string* text) {
  // A shorter one would tear words apart, and is no secret.
  if (secret.size() < 3) return;
  for (size_t at = text->find(secret); at != std::string::npos;
       at = text->find(secret, at + kMask.size())) {
    text->replace(at, secret.size(), kMask);
  }
}

}  // namespace

arrow::Status CheckSourceName(std::string_view name) {
  constexpr std::array<std::string_view, 6> kTaken = {
      "system", "temp", "memory", "main", "pintail", "pintail_journal"};
  const bool is_name = !name.empty() && IsLetter(name.front()) && name.size() <= 63 &&
                       std::ranges::all_of(name, [](char c) {
                         return IsLetter(c) || (c >= '0' && c <= '9');
                       });
  if (!is_name) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "a source cannot be called \"", name,
                           "\": a name has letters, digits and _, does not begin with a "
                           "digit and has 63 characters at most");
  }
  if (std::ranges::contains(kTaken, base::LowerCase(name))) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "a source cannot be called \"", name,
                           "\", which means something else in SQL; choose another");
  }
  return arrow::Status::OK();
}

std::string ShownConnection(const SourceDefinition& source) {
  return WithoutSecrets(source, MaskConnection(source.connection));
}

SourceWords ShownWords(const SourceDefinition& source) {
  SourceWords shown;
  for (const auto& [key, text] : source.words) {
    if (key == "password" || key.starts_with("options.")) {
      shown.emplace_back(key, kMask);
    } else {
      shown.emplace_back(key, key == "connection" ? ShownConnection(source) : text);
    }
  }
  return shown;
}

std::string WithoutSecrets(const SourceDefinition& source, std::string text) {
  for (const std::string& secret : SecretsOf(source.connection)) Replace(secret, &text);
  Replace(source.password, &text);
  for (const auto& [name, value] : source.options) {
    if (IsSecretName(name)) Replace(value, &text);
  }
  return text;
}

}  // namespace pintail::catalog
