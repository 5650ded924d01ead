#include "flight/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "base/error.h"

namespace pintail::flight {
namespace {

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<uint32_t> Hex(std::string_view digits) {
  uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

struct Endpoint {
  std::vector<uint32_t> address;  // words in memory order: one for IPv4, four for IPv6
  uint16_t port = 0;
};

// "0100007F:1F90", or the same with 32 digits.
std::optional<Endpoint> ParseEndpoint(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  Endpoint endpoint;
  for (size_t i = 0; i < colon; i += 8) {
    const auto word = Hex(text.substr(i, 8));
    if (!word) return std::nullopt;
    endpoint.address.push_back(*word);
  }
  const auto port = Hex(text.substr(colon + 1));
  if (!port || *port > 0xffff) return std::nullopt;
  endpoint.port = static_cast<uint16_t>(*port);
  return endpoint;
}

std::string AsPeer(const Endpoint& endpoint) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const std::string port = ":" + std::to_string(endpoint.port);
  const auto& words = endpoint.address;
  const bool is_mapped =
      words.size() == 4 && words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff);
  if (words.size() == 1 || is_mapped) {
    in_addr v4{.s_addr = words.back()};
    inet_ntop(AF_INET, &v4, text.data(), text.size());
    return "ipv4:" + std::string(text.data()) + port;
  }
  in6_addr v6;
  std::memcpy(&v6, words.data(), sizeof(v6));
  inet_ntop(AF_INET6, &v6, text.data(), text.size());
  return "ipv6:%5B" + std::string(text.data()) + "%5D" + port;
}

}  // namespace

void AddConnectedPeers(std::string_view table, const std::set<uint16_t>& ports,
                       std::set<std::string>* peers) {
  constexpr std::string_view kEstablished = "01";
  while (!table.empty()) {
    const size_t end = std::min(table.find('\n'), table.size());
    const auto words = Words(table.substr(0, end));
    table.remove_prefix(std::min(end + 1, table.size()));
    if (words.size() < 4 || words[3] != kEstablished) continue;
    const auto local = ParseEndpoint(words[1]);
    const auto remote = ParseEndpoint(words[2]);
    if (local && remote && ports.contains(local->port)) peers->insert(AsPeer(*remote));
  }
}

arrow::Result<std::set<std::string>> ConnectedPeers(const std::set<uint16_t>& ports) {
  std::set<std::string> peers;
  bool readable = false;
  for (const char* path : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
    std::ifstream file(path);
    if (!file) continue;
    readable = true;
    const std::string table{std::istreambuf_iterator<char>(file), {}};
    AddConnectedPeers(table, ports, &peers);
  }
  if (!readable) {
    return base::MakeError(base::ErrorKind::kUnimplemented,
                           "This system does not list its connections in /proc");
  }
  return peers;
}

}  // namespace pintail::flight
