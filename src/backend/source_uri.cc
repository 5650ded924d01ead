#include "backend/source_uri.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using base::MakeError;

bool IsUnreserved(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || std::string_view("-._~").contains(letter);
}

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = base::LowerCase(digit);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

arrow::Result<int> TakeNumber(const SourceOptions& options, SourceUri* uri,
                              std::string_view name, std::optional<int> own,
                              int otherwise, int least, int most) {
  const std::optional<std::string> text = uri->TakeParameter(name);
  int value = own.value_or(otherwise);
  if (!own && text) {
    const auto [end, error] =
        std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) {
      return MakeError(ErrorKind::kInvalidArgument, "source '", options.name, "': ", name,
                       " in its connection is '", *text, "', which is no whole number");
    }
  }
  if (value < least || value > most) {
    return MakeError(ErrorKind::kInvalidArgument, "source '", options.name, "': ", name,
                     " is ", value, "; it may be ", least, " to ", most);
  }
  return value;
}

bool IsSecretName(std::string_view name) {
  const std::string lower = base::LowerCase(name);
  return std::ranges::any_of(
      std::vector<std::string_view>{"password", "secret", "token", "key", "credential",
                                    "passphrase", "auth", "jwt", "header"},
      [&](std::string_view word) { return lower.contains(word); });
}

}  // namespace

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char letter : text) {
    if (IsUnreserved(letter)) {
      encoded += letter;
      continue;
    }
    const auto byte = static_cast<unsigned char>(letter);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

arrow::Result<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return MakeError(ErrorKind::kInvalidArgument,
                       "a % in the connection is not followed by two hexadecimal digits; "
                       "write %25 for a % of a user or password");
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

arrow::Result<SourceUri> ParseSourceUri(std::string_view text) {
  SourceUri uri;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    uri.rest = text;
    return uri;
  }
  uri.scheme = text.substr(0, colon);
  text.remove_prefix(colon + 3);
  const size_t question = text.find('?');
  std::string_view query =
      question == std::string_view::npos ? "" : text.substr(question + 1);
  text = text.substr(0, question);
  const std::string_view authority = text.substr(0, text.find('/'));
  // Passwords with an @ that was not encoded are common: the last one counts.
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = authority.substr(0, at);
    const size_t between = who.find(':');
    ARROW_ASSIGN_OR_RAISE(uri.user, PercentDecode(who.substr(0, between)));
    if (between != std::string_view::npos) {
      ARROW_ASSIGN_OR_RAISE(uri.password, PercentDecode(who.substr(between + 1)));
    }
    text.remove_prefix(at + 1);
  }
  uri.rest = text;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view part = query.substr(0, end);
    const size_t equals = part.find('=');
    if (!part.empty()) {
      uri.parameters.emplace_back(part.substr(0, equals), equals == std::string_view::npos
                                                              ? ""
                                                              : part.substr(equals + 1));
    }
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  return uri;
}

std::string SourceUri::ToString() const {
  if (scheme.empty()) return rest;
  std::string text = scheme + "://";
  if (!user.empty() || !password.empty()) {
    text += PercentEncode(user);
    if (!password.empty()) text += ":" + PercentEncode(password);
    text += "@";
  }
  text += rest;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    text += separator + name + "=" + value;
    separator = '&';
  }
  return text;
}

std::optional<std::string> SourceUri::TakeParameter(std::string_view name) {
  std::optional<std::string> taken;
  std::erase_if(parameters, [&](const auto& parameter) {
    if (parameter.first != name) return false;
    taken = parameter.second;
    return true;
  });
  return taken;
}

arrow::Result<PoolOptions> TakePoolOptions(const SourceOptions& options, SourceUri* uri) {
  PoolOptions pool{.source = options.name};
  ARROW_ASSIGN_OR_RAISE(pool.max, TakeNumber(options, uri, "pool_max", options.pool_max,
                                             pool.max, 1, 10'000));
  ARROW_ASSIGN_OR_RAISE(pool.min, TakeNumber(options, uri, "pool_min", options.pool_min,
                                             pool.min, 0, pool.max));
  const auto in_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(pool.connect_timeout).count();
  // When the option is given, what the URI says is taken off it all the same.
  ARROW_ASSIGN_OR_RAISE(
      const int seconds,
      TakeNumber(options, uri, "connect_timeout",
                 options.connect_timeout ? std::optional(1) : std::nullopt,
                 static_cast<int>(in_seconds), 1, 86'400));
  pool.connect_timeout =
      options.connect_timeout.value_or(std::chrono::milliseconds(seconds * 1'000));
  pool.lease_timeout = options.lease_timeout.value_or(pool.lease_timeout);
  pool.idle_timeout = options.idle_timeout.value_or(pool.idle_timeout);
  pool.max_lifetime = options.max_lifetime.value_or(pool.max_lifetime);
  return pool;
}

Redaction::Redaction(std::vector<std::string> secrets) {
  for (std::string& secret : secrets) {
    if (secret.empty()) continue;
    secrets_.push_back(PercentEncode(secret));
    secrets_.push_back(std::move(secret));
  }
  // Longer ones first: a secret that is part of another leaves nothing of it behind.
  std::ranges::stable_sort(secrets_, std::greater(), &std::string::size);
}

Redaction Redaction::Of(const SourceOptions& options, const SourceUri& uri) {
  std::vector<std::string> secrets = {options.password, uri.password};
  if (!uri.password.empty() || uri.scheme.empty()) secrets.push_back(options.connection);
  for (const auto& [name, value] : uri.parameters) {
    if (IsSecretName(name)) secrets.push_back(value);
  }
  for (const auto& [name, value] : options.driver_options) {
    if (IsSecretName(name)) secrets.push_back(value);
  }
  return Redaction(std::move(secrets));
}

std::string Redaction::Apply(std::string message) const {
  for (const std::string& secret : secrets_) {
    for (size_t at = 0; (at = message.find(secret, at)) != std::string::npos; at += 3) {
      message.replace(at, secret.size(), "***");
    }
  }
  return message;
}

}  // namespace pintail::backend
