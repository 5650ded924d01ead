#include "config/sources.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "config/file.h"
#include "config/nearest.h"
#include "config/toml_text.h"

namespace pintail::config {
namespace {

using base::ErrorKind;
using base::MakeError;
using catalog::SourceDefinition;
using std::chrono::milliseconds;

constexpr int64_t kDay = 86'400'000;

constexpr std::array kSourceOptions = {
    Option{.key = "type",
           .type = OptionType::kChoice,
           .help =
               "What kind of database it is; mysql also for Doris and StarRocks, adbc "
               "for all that has an ADBC driver",
           .choices = "postgres|mysql|sqlite|duckdb|motherduck|adbc|redis"},
    Option{.key = "connection",
           .help = "Where it is: an address, words like host=db dbname=shop, or a file",
           .unset = "for adbc: what the driver does without"},
    Option{.key = "username", .help = "Whom to log in as", .unset = "as connection says"},
    Option{.key = "password",
           .help = "The password, or token",
           .unset = "as connection says",
           .secret = true},
    Option{.key = "driver",
           .help = "Of adbc: the driver's short name, like postgresql or snowflake",
           .unset = "the scheme of connection"},
    Option{.key = "driver_path",
           .help = "Of adbc: the driver's library",
           .unset = "found by the name"},
    Option{.key = "options",
           .type = OptionType::kMap,
           .help = "More options of the driver or of ATTACH",
           .unset = "none"},
    Option{.key = "read_only",
           .type = OptionType::kSwitch,
           .initial = "false",
           .help = "Whether statements may not change it"},
    Option{.key = "pool_min",
           .type = OptionType::kInteger,
           .initial = "0",
           .help = "Connections that are kept open",
           .max = 10'000},
    Option{.key = "pool_max",
           .type = OptionType::kInteger,
           .initial = "8",
           .help = "Connections at most",
           .min = 1,
           .max = 10'000},
    Option{.key = "connect_timeout",
           .type = OptionType::kDuration,
           .initial = "10s",
           .help = "How long connecting may take",
           .min = 100,
           .max = kDay},
    Option{.key = "lease_timeout",
           .type = OptionType::kDuration,
           .initial = "30s",
           .help = "How long a statement waits for a connection",
           .min = 1,
           .max = kDay},
    Option{.key = "idle_timeout",
           .type = OptionType::kDuration,
           .initial = "1m",
           .help = "How long a connection is kept unused; 0 for ever",
           .max = kDay},
    Option{.key = "max_lifetime",
           .type = OptionType::kDuration,
           .initial = "0s",
           .help = "How old a connection may become; 0 for any age",
           .max = kDay},
    Option{.key = "default",
           .type = OptionType::kSwitch,
           .initial = "false",
           .help =
               "Whether names without a catalog that are not found locally are looked "
               "for here; one source at most"},
};

const Option* FindSourceOption(std::string_view key) {
  const auto found = std::ranges::find(kSourceOptions, key, &Option::key);
  return found == kSourceOptions.end() ? nullptr : &*found;
}

arrow::Status UnknownKey(const std::string& key) {
  std::vector<std::string> names;
  for (const Option& known : kSourceOptions) names.emplace_back(known.key);
  return MakeError(ErrorKind::kInvalidArgument, "unknown key \"", key,
                   "\" of a source; the nearest known one is \"", NearestName(key, names),
                   "\"");
}

void Remember(const std::string& key, const std::string& text, SourceDefinition* source) {
  std::erase_if(source->words, [&key](const auto& word) { return word.first == key; });
  if (!text.empty()) source->words.emplace_back(key, text);
}

void SetEntry(const std::string& name, const std::string& text,
              SourceDefinition* source) {
  std::erase_if(source->options,
                [&name](const auto& each) { return each.first == name; });
  if (!text.empty()) source->options.emplace_back(name, text);
  Remember("options." + name, text, source);
}

// "a=b,c=d"
arrow::Status SetEntries(std::string_view text, SourceDefinition* source) {
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view entry = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const size_t equals = entry.find('=');
    if (entry.empty()) continue;
    if (equals == 0 || equals == std::string_view::npos) {
      return MakeError(ErrorKind::kInvalidArgument,
                       "options must be name=value pairs with commas between");
    }
    SetEntry(std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1)),
             source);
  }
  return arrow::Status::OK();
}

void SetField(std::string_view key, const Value& value, SourceDefinition* source) {
  const auto* text = std::get_if<std::string>(&value);
  const std::string plain = text ? *text : std::string();
  if (key == "type") source->type = plain;
  if (key == "connection") source->connection = plain;
  if (key == "username") source->username = plain;
  if (key == "driver") source->driver = plain;
  if (key == "driver_path") source->driver_path = plain;
  if (const auto* on = std::get_if<bool>(&value)) {
    (key == "default" ? source->is_default : source->read_only) = *on;
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    (key == "pool_min" ? source->pool_min : source->pool_max) = *number;
  }
  if (const auto* time = std::get_if<milliseconds>(&value)) {
    if (key == "connect_timeout") source->connect_timeout = *time;
    if (key == "lease_timeout") source->lease_timeout = *time;
    if (key == "idle_timeout") source->idle_timeout = *time;
    if (key == "max_lifetime") source->max_lifetime = *time;
  }
}

std::string Upper(std::string_view name) {
  std::string upper;
  for (const char c : name) {
    upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return upper;
}

}  // namespace

std::span<const Option> SourceOptions() { return kSourceOptions; }

arrow::Status SetSourceWord(const std::string& key, const std::string& text,
                            SourceDefinition* source) {
  if (key.starts_with("options.") && key.size() > 8) {
    SetEntry(key.substr(8), text, source);
    return arrow::Status::OK();
  }
  if (key == "options") return SetEntries(text, source);
  const Option* option = FindSourceOption(key);
  if (!option) return UnknownKey(key);
  if (key == "password") {
    source->password = text;  // as it is: spaces may be part of it
  } else if (text.empty()) {
    ARROW_ASSIGN_OR_RAISE(const Value initial,
                          option->initial.empty()
                              ? arrow::Result<Value>(Value())
                              : ParseValue(*option, {std::string(option->initial)}));
    SetField(key, initial, source);
  } else {
    // What a connection holds is never repeated.
    ARROW_ASSIGN_OR_RAISE(const Value value, ParseValue(*option, {text}));
    SetField(key, value, source);
  }
  Remember(key, text, source);
  return arrow::Status::OK();
}

arrow::Status CheckSource(const SourceDefinition& source) {
  ARROW_RETURN_NOT_OK(catalog::CheckSourceName(source.name));
  const auto refuse = [&source](auto&&... parts) {
    return MakeError(ErrorKind::kInvalidArgument, "the source \"", source.name, "\" ",
                     parts...);
  };
  if (source.type.empty()) {
    return refuse("needs a type: ", FindSourceOption("type")->choices);
  }
  const bool adbc = source.type == "adbc";
  if (source.connection.empty() && !adbc && source.type != "motherduck") {
    return refuse("needs a connection");
  }
  if (adbc && source.connection.empty() && source.driver.empty() &&
      source.driver_path.empty()) {
    return refuse("needs a connection, a driver or a driver_path");
  }
  if (!adbc && (!source.driver.empty() || !source.driver_path.empty())) {
    return refuse("is of type ", source.type,
                  ", which has no driver; leave out driver "
                  "and driver_path, or make it type adbc");
  }
  if (source.pool_min > source.pool_max) {
    return refuse("has pool_min ", source.pool_min, ", more than pool_max ",
                  source.pool_max);
  }
  return arrow::Status::OK();
}

arrow::Result<SourceDefinition> MakeSource(const std::string& name,
                                           const catalog::SourceWords& words) {
  SourceDefinition source{.name = name};
  for (const auto& [key, text] : words) {
    ARROW_RETURN_NOT_OK(SetSourceWord(key, text, &source));
  }
  ARROW_RETURN_NOT_OK(CheckSource(source));
  return source;
}

arrow::Status TakeSourceVariables(const Environment& environment,
                                  SourceDefinition* source) {
  for (const std::string key : {"username", "password"}) {
    const auto found =
        environment.find("PINTAIL_SOURCES_" + Upper(source->name) + "_" + Upper(key));
    if (found == environment.end() || found->second.empty()) continue;
    ARROW_RETURN_NOT_OK(SetSourceWord(key, found->second, source));
  }
  return arrow::Status::OK();
}

std::string SourcesFile(const std::vector<SourceDefinition>& sources) {
  std::string file =
      "# Sources that were made while the server ran. It writes this file anew whenever "
      "one\n# is made, changed or dropped; there are passwords in it.\n";
  for (const SourceDefinition& source : sources) {
    file += "\n[sources." + TomlQuote(source.name) + "]\n";
    for (const auto& [key, text] : source.words) {
      if (!key.starts_with("options.")) file += key + " = " + TomlQuote(text) + "\n";
    }
    if (source.options.empty()) continue;
    file += "[sources." + TomlQuote(source.name) + ".options]\n";
    for (const auto& [name, text] : source.options) {
      file += TomlQuote(name) + " = " + TomlQuote(text) + "\n";
    }
  }
  return file;
}

arrow::Result<std::vector<SourceDefinition>> ReadSourcesFile(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const Tree tree, ReadTree(path));
  // What was written stands for itself.
  return ReadSourceTables(tree, path);
}

}  // namespace pintail::config
