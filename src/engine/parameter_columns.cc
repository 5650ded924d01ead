#include "engine/parameter_columns.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "arrow/util/string.h"
#include "base/error.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;

bool IsNumber(const std::string& name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

std::string Join(const std::vector<std::string>& names, const std::string& mark) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? mark : ", " + mark) + name;
  return list;
}

std::string Counted(size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::optional<std::vector<int>> ByName(const std::vector<std::string>& expected,
                                       const std::vector<std::string>& names) {
  std::vector<int> columns;
  for (const auto& wanted : expected) {
    const auto found = std::ranges::find_if(names, [&](const std::string& name) {
      return arrow::internal::AsciiEqualsCaseInsensitive(name, wanted);
    });
    if (found == names.end()) return std::nullopt;
    columns.push_back(static_cast<int>(found - names.begin()));
  }
  return columns;
}

}  // namespace

arrow::Result<std::vector<int>> MatchParameters(const std::vector<std::string>& expected,
                                                const arrow::Schema* given) {
  const std::vector<std::string> names =
      given == nullptr ? std::vector<std::string>() : given->field_names();
  if (names.size() != expected.size()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "the statement has ",
                           Counted(expected.size(), "parameter"),
                           expected.empty() ? "" : " (" + Join(expected, "$") + ")",
                           ", but ", Counted(names.size(), "value"),
                           names.size() == 1 ? " was" : " were",
                           " given; bind one value for each parameter");
  }
  if (auto columns = ByName(expected, names)) return *std::move(columns);

  const bool numbered = std::ranges::all_of(expected, IsNumber);
  const bool nameless = std::ranges::all_of(
      names, [](const std::string& name) { return name.empty() || IsNumber(name); });
  if (!numbered && !nameless) {
    return base::MakeError(ErrorKind::kInvalidArgument, "the statement's parameters are ",
                           Join(expected, "$"), ", but the given values are named ",
                           Join(names, ""),
                           "; give each parameter's value under its name");
  }
  std::vector<int> columns(expected.size());
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

}  // namespace pintail::engine
