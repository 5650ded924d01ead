// YAML to a Tree.
#include "base/error.h"
#include "config/tree.h"
#include "yaml-cpp/yaml.h"

namespace pintail::config {
namespace {

constexpr int kMaxDepth = 64;  // also ends a document whose aliases form a circle

arrow::Result<Tree> Convert(const YAML::Node& node, const std::string& name, int depth) {
  const int line = node.Mark().line + 1;
  if (depth > kMaxDepth) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, name, ":", line,
                           ": nested more than ", kMaxDepth, " deep");
  }
  if (node.IsMap()) {
    Tree::Table entries;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) {
        return base::MakeError(base::ErrorKind::kInvalidArgument, name, ":",
                               entry.first.Mark().line + 1, ": a key must be a name");
      }
      ARROW_ASSIGN_OR_RAISE(Tree value, Convert(entry.second, name, depth + 1));
      value.line = entry.first.Mark().line + 1;
      entries.emplace_back(entry.first.Scalar(), std::move(value));
    }
    return Tree{.value = std::move(entries), .line = line};
  }
  if (node.IsSequence()) {
    Tree::List elements;
    for (const YAML::Node& element : node) {
      ARROW_ASSIGN_OR_RAISE(Tree value, Convert(element, name, depth + 1));
      elements.push_back(std::move(value));
    }
    return Tree{.value = std::move(elements), .line = line};
  }
  return Tree{.value = node.IsScalar() ? node.Scalar() : std::string(), .line = line};
}

}  // namespace

arrow::Result<Tree> ParseYaml(std::string_view text, const std::string& name) {
  try {
    const YAML::Node document = YAML::Load(std::string(text));
    if (document.IsNull()) return Tree{.value = Tree::Table(), .line = 1};
    ARROW_ASSIGN_OR_RAISE(Tree tree, Convert(document, name, 0));
    if (tree.table()) return tree;
    return base::MakeError(base::ErrorKind::kInvalidArgument, name,
                           ":1: the file must be a table of keys and values");
  } catch (const YAML::Exception& error) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, name, ":",
                           error.mark.line + 1, ": this is not YAML: ", error.msg);
  }
}

}  // namespace pintail::config
