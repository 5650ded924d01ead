#include "cli/parameters.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "arrow/array/util.h"
#include "arrow/scalar.h"
#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::cli {
namespace {

bool IsName(std::string_view text) {
  const auto letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  return !text.empty() && !std::isdigit(static_cast<unsigned char>(text.front())) &&
         std::ranges::all_of(text, letter);
}

template <typename T>
bool ParseWhole(std::string_view text, T* number) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

bool IsQuoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
}

std::string Unquote(std::string_view text) {
  std::string plain;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '\'' && text[i + 1] == '\'' && i + 2 < text.size()) ++i;
  }
  return plain;
}

std::shared_ptr<arrow::Scalar> ParseScalar(const std::string& text) {
  const std::string lower = base::LowerCase(text);
  if (lower == "null") return arrow::MakeNullScalar(arrow::null());
  if (lower == "true" || lower == "false") return arrow::MakeScalar(lower == "true");
  int64_t whole = 0;
  if (ParseWhole(text, &whole)) return arrow::MakeScalar(whole);
  double number = 0;
  // "inf" and "nan" are more likely words.
  if (ParseWhole(text, &number) && std::isfinite(number))
    return arrow::MakeScalar(number);
  return arrow::MakeScalar(IsQuoted(text) ? Unquote(text) : text);
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ParseParameters(
    const std::vector<std::string>& texts) {
  if (texts.empty()) return nullptr;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  size_t named = 0;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const bool has_name =
        equals != std::string::npos && IsName(std::string_view(text).substr(0, equals));
    named += has_name ? 1 : 0;
    const std::string name =
        has_name ? text.substr(0, equals) : std::to_string(fields.size() + 1);
    const auto scalar = ParseScalar(has_name ? text.substr(equals + 1) : text);
    fields.push_back(arrow::field(name, scalar->type));
    ARROW_ASSIGN_OR_RAISE(auto column, arrow::MakeArrayFromScalar(*scalar, 1));
    columns.push_back(std::move(column));
  }
  if (named != 0 && named != texts.size()) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "parameters are either all name=value or all plain values; "
                           "write a plain value with = in it in single quotes");
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1,
                                  std::move(columns));
}

}  // namespace pintail::cli
