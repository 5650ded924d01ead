// What can be configured: one declaration an option, from which its key in the file, its
// flag, its environment variable, its help line and its row in docs/config.md follow.
//
// Pure values and functions, callable from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "arrow/result.h"

namespace pintail::config {

enum class OptionType : uint8_t {
  kText,
  kInteger,
  kBytes,     // "512MB", "1GiB", "1000"
  kDuration,  // "250ms", "30s", "5m", "1h30m"
  kSwitch,    // true or false
  kChoice,    // one of Option::choices
  kList,      // texts with commas between, or a list in the file; "none" for no element
  kMap,       // "flight=debug,http=warn", or a table in the file
};

// What a text, or each text of a list, must look like.
enum class Shape : uint8_t {
  kAny,
  kAddress,     // "127.0.0.1:8000", "[::1]:0"
  kMetricName,  // as Prometheus names figures
};

struct Option {
  std::string_view key;  // "flight.listen"; the part before the dot is the section
  OptionType type = OptionType::kText;
  std::string_view initial;     // the default, as one would write it; empty: unset
  std::string_view help;        // one line
  std::string_view unset;       // what unset means, for the documentation
  std::string_view short_flag;  // accepted beside the flag that follows from the key
  std::string_view choices;     // what a choice or a map's values may be: "strict|coerce"
  std::string_view names;       // what a map's names may be, likewise; empty: any
  // The range of integers, bytes and durations (in milliseconds).
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  Shape shape = Shape::kAny;
  bool secret = false;  // never shown
};

struct Section {
  std::string_view name;
  std::string_view text;  // what it is about
};

using Pairs = std::vector<std::pair<std::string, std::string>>;
// monostate: unset.
using Value =
    std::variant<std::monostate, std::string, int64_t, std::chrono::milliseconds, bool,
                 std::vector<std::string>, Pairs>;

// All options, section by section, and the sections in the same order.
std::span<const Option> Options();
std::span<const Section> Sections();
// Null when there is none of this key.
const Option* FindOption(std::string_view key);

std::string VariableOf(const Option& option);  // "PINTAIL_FLIGHT_LISTEN"
std::string FlagOf(const Option& option);      // "--flight-listen"
std::string_view TypeName(OptionType type);    // "bytes"

// The value that the texts mean: one text, or the elements of a list. InvalidArgument
// says what would be right; it does not repeat the text of a secret.
arrow::Result<Value> ParseValue(const Option& option,
                                const std::vector<std::string>& texts);

// Empty when the text has the shape, else what it must be, to go on "it must be …".
std::string_view ShapeMissed(Shape shape, std::string_view text);

// The value as one would write it in the file (without quotes); secrets as "********".
std::string FormatValue(const Option& option, const Value& value);

// The choices one by one.
std::vector<std::string_view> ChoicesOf(const Option& option);
// "a|b" as a and b.
std::vector<std::string_view> SplitChoices(std::string_view text);

// "1m30s" as that; InvalidArgument, naming the option, for what is no duration.
arrow::Result<std::chrono::milliseconds> ParseDuration(const Option& option,
                                                       std::string_view text);
// "90s" as "1m30s", 1500 ms as "1500ms".
std::string FormatDuration(std::chrono::milliseconds duration);
// 1073741824 as "1GiB", 1000 as "1000".
std::string FormatBytes(int64_t bytes);

// The text with the password of every "scheme://user:password@" in it masked.
std::string MaskPasswords(std::string_view text);

}  // namespace pintail::config
