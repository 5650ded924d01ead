// TOML to a Tree.
#include <sstream>

#include "base/error.h"
#include "config/tree.h"
#include "toml++/toml.hpp"

namespace pintail::config {
namespace {

std::string Scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* on = node.as_boolean()) return on->get() ? "true" : "false";
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  std::ostringstream out;
  node.visit([&out](const auto& other) {
    if constexpr (toml::is_value<decltype(other)>) out << other.get();
  });
  return out.str();
}

Tree Convert(const toml::node& node) {
  const int line = static_cast<int>(node.source().begin.line);
  if (const toml::table* table = node.as_table()) {
    Tree::Table entries;
    for (const auto& [key, value] : *table) {
      entries.emplace_back(std::string(key.str()), Convert(value));
      // The key's own line, as a value may begin on a later one.
      entries.back().second.line = static_cast<int>(key.source().begin.line);
    }
    return {.value = std::move(entries), .line = line};
  }
  if (const toml::array* array = node.as_array()) {
    Tree::List elements;
    for (const toml::node& element : *array) elements.push_back(Convert(element));
    return {.value = std::move(elements), .line = line};
  }
  return {.value = Scalar(node), .line = line};
}

}  // namespace

arrow::Result<Tree> ParseToml(std::string_view text, const std::string& name) {
  try {
    return Convert(toml::parse(text, name));
  } catch (const toml::parse_error& error) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, name, ":",
                           error.source().begin.line,
                           ": this is not TOML: ", error.description());
  }
}

}  // namespace pintail::config
