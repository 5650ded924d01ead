// A configuration file as read: tables, lists and texts, each with its line. What the
// TOML and the YAML parser both give, so that everything after them is the same for both.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "arrow/result.h"

namespace pintail::config {

struct Tree {
  using Table = std::vector<std::pair<std::string, Tree>>;  // in the order of the file
  using List = std::vector<Tree>;

  // Numbers, switches and dates are the text that stands for them.
  std::variant<std::string, Table, List> value;
  int line = 0;  // from 1

  const Table* table() const { return std::get_if<Table>(&value); }
  const List* list() const { return std::get_if<List>(&value); }
  const std::string* text() const { return std::get_if<std::string>(&value); }
};

// The whole document, whose top is a table. InvalidArgument with `name` and the line when
// the text is not of the language.
arrow::Result<Tree> ParseToml(std::string_view text, const std::string& name);
arrow::Result<Tree> ParseYaml(std::string_view text, const std::string& name);

// Reads and parses the file: YAML when its name ends so (.yaml, .yml), else TOML.
// NotFound when there is none.
arrow::Result<Tree> ReadTree(const std::string& path);

}  // namespace pintail::config
