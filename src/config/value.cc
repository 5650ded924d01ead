// Reading and writing the values of options.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/lower_case.h"
#include "config/option.h"

namespace pintail::config {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kMask = "********";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) {
    text.remove_suffix(1);
  }
  return text;
}

arrow::Status Refuse(const Option& option, std::string_view text,
                     std::string_view expected) {
  if (option.secret) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, option.key,
                           " is not valid: it must be ", expected);
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, option.key, " = \"", text,
                         "\" is not valid: it must be ", expected);
}

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr std::array kByteUnits = {
    Unit{"b", 1},
    Unit{"kb", 1'000},
    Unit{"kib", int64_t{1} << 10},
    Unit{"mb", 1'000'000},
    Unit{"mib", int64_t{1} << 20},
    Unit{"gb", 1'000'000'000},
    Unit{"gib", int64_t{1} << 30},
    Unit{"tb", 1'000'000'000'000},
    Unit{"tib", int64_t{1} << 40},
};
constexpr std::array kTimeUnits = {
    Unit{"ms", 1},        Unit{"s", 1'000},      Unit{"m", 60'000},
    Unit{"h", 3'600'000}, Unit{"d", 86'400'000},
};

template <size_t size>
const Unit* FindUnit(const std::array<Unit, size>& units, std::string_view name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  return found == units.end() ? nullptr : &*found;
}

// One "12.5gb" from the front of the text, which it is cut from; a missing unit is
// `plain`. Empty when it is malformed or too large.
template <size_t size>
std::optional<int64_t> TakeQuantity(std::string_view& text,
                                    const std::array<Unit, size>& units,
                                    std::optional<int64_t> plain) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(),
                                            number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  text = Trim(text.substr(static_cast<size_t>(end - text.data())));
  size_t letters = 0;
  while (letters < text.size() &&
         std::isalpha(static_cast<unsigned char>(text[letters]))) {
    ++letters;
  }
  const Unit* unit = FindUnit(units, text.substr(0, letters));
  if (!unit && !(letters == 0 && (plain || number == 0))) return std::nullopt;
  const int64_t factor = unit ? unit->factor : plain.value_or(1);
  text = Trim(text.substr(letters));
  const double product = number * static_cast<double>(factor);
  if (product > 9.2e18) return std::nullopt;
  // Whole numbers stay exact beyond what a double holds.
  const double rounded = std::round(product);
  return std::abs(rounded - product) < 1e-6 ? std::optional(static_cast<int64_t>(rounded))
                                            : std::nullopt;
}

arrow::Result<int64_t> ParseInteger(const Option& option, std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;  // as TOML writes large numbers
  }
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Refuse(option, text, "a whole number");
  }
  return number;
}

arrow::Result<int64_t> ParseBytes(const Option& option, std::string_view text) {
  const std::string lower = base::LowerCase(text);
  std::string_view rest = lower;
  // A plain number is read as an integer, so that it is exact.
  if (std::ranges::all_of(lower,
                          [](char c) { return (c >= '0' && c <= '9') || c == '_'; }) &&
      !lower.empty()) {
    return ParseInteger(option, text);
  }
  const auto bytes = TakeQuantity(rest, kByteUnits, 1);
  if (!bytes || !rest.empty()) {
    return Refuse(option, text, "a number of bytes like 512MB, 1GiB or 1000000");
  }
  return *bytes;
}

arrow::Result<int64_t> ParseMilliseconds(const Option& option, std::string_view text) {
  const std::string lower = base::LowerCase(text);
  std::string_view rest = lower;
  int64_t total = 0;
  do {
    const auto part = TakeQuantity(rest, kTimeUnits, std::nullopt);
    if (!part || __builtin_add_overflow(total, *part, &total)) {
      return Refuse(option, text,
                    "a duration with its unit, like 250ms, 30s, 5m or 1h30m");
    }
  } while (!rest.empty());
  return total;
}

std::string FormatQuantity(const Option& option, int64_t number) {
  switch (option.type) {
    case OptionType::kBytes:
      return FormatBytes(number);
    case OptionType::kDuration:
      return FormatDuration(milliseconds(number));
    default:
      return std::to_string(number);
  }
}

arrow::Result<int64_t> InRange(const Option& option, std::string_view text,
                               int64_t number) {
  if (number >= option.min && number <= option.max) return number;
  if (option.max == std::numeric_limits<int64_t>::max()) {
    return Refuse(option, text, FormatQuantity(option, option.min) + " or more");
  }
  return Refuse(option, text,
                "between " + FormatQuantity(option, option.min) + " and " +
                    FormatQuantity(option, option.max));
}

arrow::Result<bool> ParseSwitch(const Option& option, std::string_view text) {
  const std::string lower = base::LowerCase(text);
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (lower == no) return false;
  }
  return Refuse(option, text, "true or false");
}

// The text in lower case if it is one of the choices, "a|b".
arrow::Result<std::string> ParseChoice(const Option& option, std::string_view text,
                                       std::string_view choices_text) {
  const std::string lower = base::LowerCase(text);
  std::string all;
  const auto choices = SplitChoices(choices_text);
  for (const std::string_view choice : choices) {
    if (lower == choice) return lower;
    if (!all.empty()) all += choice == choices.back() ? " or " : ", ";
    all += choice;
  }
  return Refuse(option, text, all);
}

std::vector<std::string> SplitList(const std::vector<std::string>& texts) {
  std::vector<std::string> elements;
  for (const std::string& text : texts) {
    std::string_view rest = text;
    while (true) {
      const size_t comma = rest.find(',');
      const std::string_view element = Trim(rest.substr(0, comma));
      if (!element.empty() && element != "none") elements.emplace_back(element);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return elements;
}

arrow::Result<Pairs> ParseMap(const Option& option,
                              const std::vector<std::string>& texts) {
  Pairs pairs;
  for (const std::string& element : SplitList(texts)) {
    const size_t equals = element.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Refuse(option, element, "name=value pairs with commas between");
    }
    const std::string value =
        base::LowerCase(Trim(std::string_view(element).substr(equals + 1)));
    if (!option.choices.empty()) {
      ARROW_RETURN_NOT_OK(ParseChoice(option, value, option.choices).status());
    }
    std::string name(Trim(std::string_view(element).substr(0, equals)));
    if (!option.names.empty()) {
      ARROW_ASSIGN_OR_RAISE(name, ParseChoice(option, name, option.names));
    }
    pairs.emplace_back(std::move(name), value);
  }
  return pairs;
}

arrow::Status CheckShape(const Option& option, std::string_view text) {
  const std::string_view expected = ShapeMissed(option.shape, text);
  return expected.empty() ? arrow::Status::OK() : Refuse(option, text, expected);
}

std::string Join(const std::vector<std::string>& elements) {
  std::string joined;
  for (const std::string& element : elements) {
    if (!joined.empty()) joined += ", ";
    joined += element;
  }
  return joined.empty() ? "none" : joined;
}

}  // namespace

arrow::Result<Value> ParseValue(const Option& option,
                                const std::vector<std::string>& texts) {
  if (option.type == OptionType::kList) {
    std::vector<std::string> elements = SplitList(texts);
    for (const std::string& element : elements) {
      ARROW_RETURN_NOT_OK(CheckShape(option, element));
    }
    return Value(std::move(elements));
  }
  if (option.type == OptionType::kMap) return ParseMap(option, texts);
  if (texts.size() != 1) return Refuse(option, Join(texts), "one value, not a list");
  const std::string_view text = Trim(texts.front());
  if (text.empty()) {
    if (option.initial.empty()) return Value();
    return Refuse(option, text, "given; leave it out for the default");
  }
  switch (option.type) {
    case OptionType::kInteger: {
      ARROW_ASSIGN_OR_RAISE(const int64_t number, ParseInteger(option, text));
      return InRange(option, text, number);
    }
    case OptionType::kBytes: {
      ARROW_ASSIGN_OR_RAISE(const int64_t bytes, ParseBytes(option, text));
      return InRange(option, text, bytes);
    }
    case OptionType::kDuration: {
      ARROW_ASSIGN_OR_RAISE(const int64_t time, ParseMilliseconds(option, text));
      ARROW_RETURN_NOT_OK(InRange(option, text, time));
      return milliseconds(time);
    }
    case OptionType::kSwitch: {
      ARROW_ASSIGN_OR_RAISE(const bool on, ParseSwitch(option, text));
      return Value(on);
    }
    case OptionType::kChoice:
      return ParseChoice(option, text, option.choices);
    default:
      ARROW_RETURN_NOT_OK(CheckShape(option, text));
      return Value(std::string(text));
  }
}

arrow::Result<milliseconds> ParseDuration(const Option& option, std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(const int64_t time, ParseMilliseconds(option, text));
  return milliseconds(time);
}

std::string FormatDuration(milliseconds duration) {
  int64_t rest = duration.count();
  if (rest == 0) return "0s";
  if (rest % 1'000 != 0) return std::to_string(rest) + "ms";
  std::string text;
  for (const Unit unit : {Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}}) {
    if (rest < unit.factor) continue;
    text += std::to_string(rest / unit.factor);
    text += unit.name;
    rest %= unit.factor;
  }
  return text;
}

std::string FormatBytes(int64_t bytes) {
  for (const Unit unit : {Unit{"TiB", int64_t{1} << 40}, Unit{"GiB", int64_t{1} << 30},
                          Unit{"MiB", int64_t{1} << 20}, Unit{"KiB", int64_t{1} << 10},
                          Unit{"GB", 1'000'000'000}, Unit{"MB", 1'000'000}}) {
    if (bytes >= unit.factor && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor).append(unit.name);
    }
  }
  return std::to_string(bytes);
}

std::string FormatValue(const Option& option, const Value& value) {
  struct Formatter {
    const Option& option;
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& text) const { return MaskPasswords(text); }
    std::string operator()(int64_t number) const {
      return FormatQuantity(option, number);
    }
    std::string operator()(milliseconds duration) const {
      return FormatDuration(duration);
    }
    std::string operator()(bool on) const { return on ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>& list) const {
      return MaskPasswords(Join(list));
    }
    std::string operator()(const Pairs& pairs) const {
      std::vector<std::string> elements;
      for (const auto& [name, text] : pairs) elements.push_back(name + "=" + text);
      return MaskPasswords(Join(elements));
    }
  };
  if (option.secret && !std::holds_alternative<std::monostate>(value)) {
    return std::string(kMask);
  }
  return std::visit(Formatter{option}, value);
}

std::string MaskPasswords(std::string_view text) {
  std::string masked;
  while (true) {
    const size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return masked.append(text);
    masked.append(text.substr(0, scheme + 3));
    text.remove_prefix(scheme + 3);
    // The authority ends at the path; a password may itself contain "@".
    const std::string_view authority = text.substr(0, text.find_first_of("/?# ,"));
    const size_t at = authority.rfind('@');
    const size_t colon = authority.find(':');
    if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) {
      continue;
    }
    masked.append(text.substr(0, colon + 1)).append(kMask);
    text.remove_prefix(at);
  }
}

}  // namespace pintail::config
