#include "catalog/connection_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::catalog {
namespace {

constexpr std::string_view kMask = "********";

// A part of a connection text that is a secret.
struct Secret {
  size_t begin = 0;
  size_t end = 0;
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = base::LowerCase(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string Decode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string KeyOf(std::string_view key) {
  std::string name = base::LowerCase(key);
  std::ranges::replace(name, '-', '_');
  if (name == "database" || name == "db") return "dbname";
  if (name == "passwd") return "password";
  if (name == "username") return "user";
  return name;
}

arrow::Status Malformed(std::string_view what) {
  return base::MakeError(base::ErrorKind::kInvalidArgument, "the connection ", what,
                         "; write it as scheme://host:port/database or as host=… port=… "
                         "dbname=…");
}

// host:port,host:port as two lists, as PostgreSQL's library takes several.
void AddHosts(std::string_view text, ConnectionWords* words) {
  std::string hosts;
  std::string ports;
  bool any_port = false;
  bool first = true;
  while (true) {
    const size_t comma = text.find(',');
    std::string_view host = text.substr(0, comma);
    std::string_view port;
    const size_t colon = host.rfind(':');
    const size_t bracket = host.rfind(']');
    if (colon != std::string_view::npos &&
        (bracket == std::string_view::npos || colon > bracket)) {
      port = host.substr(colon + 1);
      host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
    }
    if (!first) {
      hosts += ',';
      ports += ',';
    }
    first = false;
    hosts += Decode(host);
    ports += port;
    any_port = any_port || !port.empty();
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (!hosts.empty()) words->emplace_back("host", hosts);
  if (any_port) words->emplace_back("port", ports);
}

ConnectionWords ReadAddress(std::string_view text) {
  ConnectionWords words;
  text.remove_prefix(text.find("://") + 3);
  const size_t question = text.find('?');
  std::string_view parameters =
      question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  text = text.substr(0, question);
  // Up to the last @, so that no part of a password with odd characters in it is taken
  // for anything that is shown.
  const size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view login = text.substr(0, at);
    const size_t colon = login.find(':');
    words.emplace_back("user", Decode(login.substr(0, colon)));
    if (colon != std::string_view::npos) {
      words.emplace_back("password", Decode(login.substr(colon + 1)));
    }
    text.remove_prefix(at + 1);
  }
  const size_t slash = text.find('/');
  AddHosts(text.substr(0, slash), &words);
  if (slash != std::string_view::npos && slash + 1 < text.size()) {
    words.emplace_back("dbname", Decode(text.substr(slash + 1)));
  }
  while (!parameters.empty()) {
    const size_t end = parameters.find('&');
    const std::string_view parameter = parameters.substr(0, end);
    const size_t equals = parameter.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? "" : parameter.substr(equals + 1);
    if (!parameter.empty()) {
      words.emplace_back(KeyOf(Decode(parameter.substr(0, equals))), Decode(value));
    }
    parameters.remove_prefix(end == std::string_view::npos ? parameters.size() : end + 1);
  }
  return words;
}

// One key=value from `at` on, which it is moved behind; where its value stands.
struct RawWord {
  std::string key;
  std::string value;
  size_t begin = 0;
  size_t end = 0;
};

std::optional<RawWord> NextWord(std::string_view text, size_t* at) {
  RawWord word;
  size_t i = *at;
  const size_t key_begin = i;
  while (i < text.size() && text[i] != '=' && !IsSpace(text[i])) ++i;
  word.key = KeyOf(text.substr(key_begin, i - key_begin));
  while (i < text.size() && IsSpace(text[i])) ++i;
  if (i == text.size() || text[i] != '=' || word.key.empty()) return std::nullopt;
  ++i;
  while (i < text.size() && IsSpace(text[i])) ++i;
  const char quote = i < text.size() && (text[i] == '\'' || text[i] == '"') ? text[i] : 0;
  if (quote) ++i;
  word.begin = i;
  while (i < text.size() && (quote ? text[i] != quote : !IsSpace(text[i]))) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    word.value += text[i++];
  }
  word.end = i;
  if (quote && i == text.size()) return std::nullopt;
  *at = quote ? i + 1 : i;
  return word;
}

arrow::Result<std::vector<RawWord>> CutWords(std::string_view text) {
  std::vector<RawWord> words;
  size_t at = 0;
  while (true) {
    while (at < text.size() && IsSpace(text[at])) ++at;
    if (at == text.size()) return words;
    auto word = NextWord(text, &at);
    if (!word) return Malformed("has a word without its value");
    words.push_back(*std::move(word));
  }
}

std::vector<Secret> FindSecretsOfAddress(std::string_view text, size_t begin) {
  std::vector<Secret> secrets;
  // As ReadAddress does: a password may hold what ends an authority.
  const size_t at = text.rfind('@', std::min(text.find('?', begin), text.size()));
  if (at != std::string_view::npos && at >= begin) {
    const size_t colon = text.find(':', begin);
    if (colon < at) secrets.push_back({colon + 1, at});
  }
  size_t parameter = text.find('?', begin);
  while (parameter != std::string_view::npos && parameter < text.size()) {
    const size_t end = std::min(text.find('&', parameter + 1), text.size());
    const size_t equals = text.find('=', parameter + 1);
    if (equals < end &&
        IsSecretName(text.substr(parameter + 1, equals - parameter - 1))) {
      secrets.push_back({equals + 1, end});
    }
    parameter = end;
  }
  return secrets;
}

std::vector<Secret> FindSecrets(std::string_view text) {
  const size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) return FindSecretsOfAddress(text, scheme + 3);
  // "md:database?motherduck_token=…" and "file.db?key=…" have parameters, too.
  std::vector<Secret> secrets;
  if (text.find('?') != std::string_view::npos) {
    secrets = FindSecretsOfAddress(text, std::min(text.find('?'), text.size()));
  }
  if (auto words = CutWords(text); words.ok()) {
    for (const RawWord& word : *words) {
      if (IsSecretName(word.key) && word.end > word.begin) {
        secrets.push_back({word.begin, word.end});
      }
    }
  }
  std::ranges::sort(secrets, {}, &Secret::begin);
  return secrets;
}

}  // namespace

arrow::Result<ConnectionWords> ReadConnection(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return ReadAddress(text);
  ARROW_ASSIGN_OR_RAISE(const auto cut, CutWords(text));
  ConnectionWords words;
  for (const RawWord& word : cut) words.emplace_back(word.key, word.value);
  return words;
}

std::string PostgresWords(const ConnectionWords& words) {
  std::string text;
  for (const auto& [key, value] : words) {
    text += (text.empty() ? "" : " ") + key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += '\'';
  }
  return text;
}

std::string MysqlWords(const ConnectionWords& words) {
  std::string text;
  for (const auto& [key, value] : words) {
    text += (text.empty() ? "" : " ") + (key == "dbname" ? "database" : key) + "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text;
}

std::string WordOf(const ConnectionWords& words, std::string_view key) {
  for (const auto& [name, value] : words) {
    if (name == key) return value;
  }
  return "";
}

std::string TakeWord(ConnectionWords* words, std::string_view key) {
  std::string value = WordOf(*words, key);
  std::erase_if(*words, [key](const auto& word) { return word.first == key; });
  return value;
}

bool IsSecretName(std::string_view name) {
  constexpr std::array<std::string_view, 9> kParts = {
      "pass", "pwd", "secret", "token", "key", "credential", "auth", "cert", "private"};
  const std::string lower = base::LowerCase(name);
  return std::ranges::any_of(kParts, [&lower](std::string_view part) {
    return lower.find(part) != std::string::npos;
  });
}

std::string MaskConnection(std::string_view text) {
  std::string masked;
  size_t done = 0;
  for (const Secret& secret : FindSecrets(text)) {
    if (secret.begin < done) continue;
    masked.append(text.substr(done, secret.begin - done)).append(kMask);
    done = secret.end;
  }
  return masked.append(text.substr(done));
}

std::vector<std::string> SecretsOf(std::string_view text) {
  std::vector<std::string> secrets;
  for (const Secret& secret : FindSecrets(text)) {
    const std::string_view found = text.substr(secret.begin, secret.end - secret.begin);
    secrets.emplace_back(found);
    secrets.push_back(Decode(found));
  }
  return secrets;
}

}  // namespace pintail::catalog
