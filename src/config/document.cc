#include "config/document.h"

#include <algorithm>
#include <array>

#include "config/legacy.h"
#include "config/sources.h"
#include "config/toml_text.h"

namespace pintail::config {
namespace {

std::string_view SectionOf(const Option& option) {
  return option.key.substr(0, option.key.find('.'));
}

std::string_view NameOf(const Option& option) {
  return option.key.substr(option.key.find('.') + 1);
}

// A value as TOML, from how it is shown.
std::string TomlOf(const Option& option, const std::string& shown) {
  const bool plain = !option.secret && shown.find("${") == std::string::npos;
  switch (option.type) {
    case OptionType::kInteger:
    case OptionType::kSwitch:
      return plain ? shown : TomlQuote(shown);
    case OptionType::kList: {
      if (!plain) return TomlQuote(shown);
      std::string list = "[";
      std::string_view rest = shown == "none" ? "" : std::string_view(shown);
      while (!rest.empty()) {
        const size_t comma = rest.find(", ");
        if (list.size() > 1) list += ", ";
        list += TomlQuote(rest.substr(0, comma));
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
      }
      return list + "]";
    }
    default:
      return TomlQuote(shown);
  }
}

std::string MarkdownOf(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Code(std::string_view text) {
  return text.empty() ? "" : "`" + MarkdownOf(text) + "`";
}

std::string DefaultOf(const Option& option) {
  if (!option.initial.empty()) return Code(option.initial);
  return option.unset.empty() ? "" : "unset: " + MarkdownOf(option.unset);
}

std::string TypeOf(const Option& option) {
  if (option.choices.empty()) return std::string(TypeName(option.type));
  std::string type;
  for (const std::string_view choice : ChoicesOf(option)) {
    type += (type.empty() ? "" : ", ") + Code(choice);
  }
  return option.type == OptionType::kMap ? "map to " + type : type;
}

void AddSection(const Section& section, std::string* page) {
  *page +=
      "## " + std::string(section.name) + "\n\n" + std::string(section.text) + "\n\n";
  *page += "| key | type | default | meaning | flag | variable |\n";
  *page += "|---|---|---|---|---|---|\n";
  for (const Option& option : Options()) {
    if (SectionOf(option) != section.name) continue;
    std::string flags = Code(FlagOf(option));
    if (!option.short_flag.empty()) flags = Code(option.short_flag) + ", " + flags;
    *page += "| " + Code(option.key) + " | " + TypeOf(option) + " | " +
             DefaultOf(option) + " | " + MarkdownOf(option.help) +
             (option.secret ? " (secret)" : "") + " | " + flags + " | " +
             Code(VariableOf(option)) + " |\n";
  }
  *page += "\n";
}

void AddStreams(std::string* page) {
  *page +=
      "## [[streams]]\n\nA table for each declared stream. Streams that are not declared "
      "come "
      "to be when they are first written to.\n\n"
      "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Option& option : StreamOptions()) {
    const std::string unset =
        option.unset.empty() ? std::string("required") : MarkdownOf(option.unset);
    *page += "| " + Code(option.key) + " | " + TypeOf(option) + " | " + unset + " | " +
             MarkdownOf(option.help) + " |\n";
  }
  *page +=
      "\n```toml\n[[streams]]\nname = \"clicks\"\ntarget_table = \"web.clicks\"\n"
      "schema_policy = \"strict\"\ncommit_rows = 1_000_000\ncommit_interval = "
      "\"5s\"\n```\n\n";
}

void AddCopies(std::string* page) {
  *page +=
      "## [[cache.tables]]\n\nA table for each copy of a source's table "
      "([copies.md](copies.md)).\n\n"
      "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Option& option : CopyOptions()) {
    const std::string unset =
        option.unset.empty() ? std::string("required") : std::string(option.unset);
    *page += "| " + Code(option.key) + " | " + TypeOf(option) + " | " + unset + " | " +
             MarkdownOf(option.help) + " |\n";
  }
  *page +=
      "\n```toml\n[[cache.tables]]\nname = \"orders\"\nsource = "
      "\"shop.public.orders\"\ninterval = \"5m\"\n```\n\n";
}

void AddSources(std::string* page) {
  *page +=
      "## [sources.NAME]\n\nA table for each outside database; [sources](sources.md) has "
      "the rest. The variables `PINTAIL_SOURCES_NAME_USERNAME` and "
      "`PINTAIL_SOURCES_NAME_PASSWORD` outrank the file.\n\n"
      "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const Option& option : SourceOptions()) {
    const std::string initial = DefaultOf(option);
    *page += "| " + Code(option.key) + " | " + TypeOf(option) + " | " +
             (initial.empty() ? std::string("required") : initial) + " | " +
             MarkdownOf(option.help) + (option.secret ? " (secret)" : "") + " |\n";
  }
  *page +=
      "\n```toml\n[sources.shop]\ntype = \"postgres\"\nconnection = "
      "\"postgresql://db.example:5432/shop\"\nusername = \"pintail\"\n```\n\n";
}

void AddLegacy(std::string* page) {
  *page +=
      "## Settings of older programs\n\nThese are accepted so that their files, scripts "
      "and "
      "containers start unchanged. Within one source a key of ours overrides them. The "
      "user "
      "name and the password are taken from the environment, else from the flags, else "
      "from "
      "the connection's address.\n\n"
      "| key | flag | variable | meaning here |\n|---|---|---|---|\n";
  for (const LegacyName& legacy : LegacyNames()) {
    std::string variables;
    for (const std::string_view variable : legacy.variables) {
      if (!variable.empty())
        variables += (variables.empty() ? "" : ", ") + Code(variable);
    }
    *page += "| " + Code(legacy.key) + " | " + Code(legacy.flag) + " | " + variables +
             " | " + MarkdownOf(legacy.help) + " |\n";
  }
  *page +=
      "\nThe engine `adbc` is the default source `engine`, and "
      "`--cache-connection` is then the local database. When any of the flags or "
      "variables with `engine` or `cache` is given, `flight.advertise_transactions` is "
      "`false` unless it is set: the clients of that program begin a transaction "
      "wherever "
      "there are any, and never commit it.\n";
}

constexpr std::string_view kIntroduction =
    "# Configuration\n\n"
    "<!-- Written by `pintail config docs`; a test compares. Change "
    "src/config/options.cc. "
    "-->\n\n"
    "A setting is taken from, in rising order: its default, the configuration file, the "
    "environment, the flags of `pintail serve`. `pintail config show` prints what is in "
    "force "
    "and where each value came from, `pintail config check` tells whether a file is "
    "right, "
    "`pintail config defaults` prints a file to start from.\n\n"
    "The file is the one of `--config`, else of the variable `PINTAIL_CONFIG`, else "
    "`./pintail.toml`, else `/etc/pintail/pintail.toml`. It is TOML, or YAML when its "
    "name "
    "ends in `.yaml` or `.yml`. A key is a name in the table of its section:\n\n"
    "```toml\n[flight]\nlisten = [\"127.0.0.1:50051\"]\n\n[database]\nmemory_limit = "
    "\"4GB\"\n```\n\n"
    "An unknown key is an error. In texts `${env:NAME}` stands for an environment "
    "variable "
    "and `${file:/path}` for the content of a file, `$${` for `${` itself. They are for "
    "secrets, so `pintail config show` and `pintail.settings` print them as they are "
    "written and never what they stand for; passwords in addresses are masked.\n\n"
    "Types: bytes are `512MB`, `1GiB` or a plain number; durations have a unit, as "
    "`250ms`, "
    "`30s`, `5m`, `1h30m`; lists have commas between their elements in flags and "
    "variables, "
    "and `none` is the empty list; maps are tables in the file and `name=value` with "
    "commas "
    "between elsewhere.\n\n";

}  // namespace

std::string Page() {
  std::string page(kIntroduction);
  for (const Section& section : Sections()) AddSection(section, &page);
  AddStreams(&page);
  AddCopies(&page);
  AddSources(&page);
  AddLegacy(&page);
  return page;
}

std::string DefaultsFile() {
  std::string file;
  for (const Section& section : Sections()) {
    file += (file.empty() ? "# " : "\n# ") + std::string(section.text) + "\n[" +
            std::string(section.name) + "]\n";
    for (const Option& option : Options()) {
      if (SectionOf(option) != section.name) continue;
      const std::string name(NameOf(option));
      file += "# " + std::string(option.help) + "\n";
      if (option.initial.empty()) {
        // Without the mark it is TOML, and still leaves the option unset.
        file += "# " + name + " = \"\"  # unset: " + std::string(option.unset) + "\n";
      } else if (option.type == OptionType::kMap) {
        file += name + " = {}\n";
      } else {
        file += name + " = " + TomlOf(option, std::string(option.initial)) + "\n";
      }
    }
  }
  return file;
}

std::string ShowToml(const Settings& settings) {
  std::string file;
  std::string_view section;
  for (const Settings::Entry& entry : settings.entries()) {
    if (SectionOf(*entry.option) != section) {
      section = SectionOf(*entry.option);
      file += (file.empty() ? "[" : "\n[") + std::string(section) + "]\n";
    }
    const std::string name(NameOf(*entry.option));
    const bool unset = std::holds_alternative<std::monostate>(entry.value);
    file += unset ? "# " + name + " is unset"
                  : name + " = " + TomlOf(*entry.option, entry.shown);
    file += "  # " + entry.where + "\n";
  }
  for (const StreamSetting& stream : settings.streams) {
    file +=
        "\n[[streams]]  # " + stream.where + "\nname = " + TomlQuote(stream.name) + "\n";
    if (!stream.target_table.empty()) {
      file += "target_table = " + TomlQuote(stream.target_table) + "\n";
    }
    if (!stream.durability.empty()) {
      file += "durability = " + TomlQuote(stream.durability) + "\n";
    }
    if (!stream.write_through.empty()) {
      file += "write_through = " + TomlQuote(stream.write_through) + "\n";
    }
    if (!stream.write_through_mode.empty()) {
      file += "write_through_mode = " + TomlQuote(stream.write_through_mode) + "\n";
    }
    if (stream.retain) {
      file += "retain = " + TomlQuote(FormatDuration(*stream.retain)) + "\n";
    }
    if (stream.retain_rows) {
      file += "retain_rows = " + std::to_string(*stream.retain_rows) + "\n";
    }
    if (stream.retain_bytes) {
      file += "retain_bytes = " + std::to_string(*stream.retain_bytes) + "\n";
    }
    if (!stream.retain_column.empty()) {
      file += "retain_column = " + TomlQuote(stream.retain_column) + "\n";
    }
    if (!stream.schema_policy.empty()) {
      file += "schema_policy = " + TomlQuote(stream.schema_policy) + "\n";
    }
    if (stream.chunk_size) {
      file += "chunk_size = " + std::to_string(*stream.chunk_size) + "\n";
    }
    if (stream.commit_rows) {
      file += "commit_rows = " + std::to_string(*stream.commit_rows) + "\n";
    }
    if (stream.commit_interval) {
      file += "commit_interval = " + TomlQuote(FormatDuration(*stream.commit_interval)) +
              "\n";
    }
  }
  for (const SourceSetting& source : settings.sources) {
    file += "\n[sources." + source.definition.name + "]  # " + source.definition.origin +
            "\n";
    for (const auto& [key, text] : source.Shown()) {
      const bool entry = key.starts_with("options.");
      file += (entry ? "options." + TomlQuote(key.substr(8)) : key) + " = " +
              TomlQuote(text) + "\n";
    }
  }
  for (const CopySetting& copy : settings.copies) {
    file += "\n[[cache.tables]]  # " + copy.where + "\n";
    const auto text = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) file += std::string(key) + " = " + TomlQuote(value) + "\n";
    };
    const auto duration = [&](std::string_view key, const auto& value) {
      if (value) text(key, FormatDuration(*value));
    };
    text("name", copy.name);
    text("source", copy.source);
    if (!copy.columns.empty()) {
      std::string list;
      for (const std::string& column : copy.columns) {
        list += (list.empty() ? "" : ", ") + TomlQuote(column);
      }
      file += "columns = [" + list + "]\n";
    }
    text("filter", copy.filter);
    text("refresh", copy.refresh);
    text("append_column", copy.append_column);
    text("time_column", copy.time_column);
    duration("interval", copy.interval);
    text("cron", copy.cron);
    duration("data_window", copy.data_window);
    duration("retention", copy.retention);
    duration("max_staleness", copy.max_staleness);
  }
  return file;
}

std::string ShowTable(const Settings& settings) {
  using Row = std::array<std::string, 3>;
  std::vector<Row> rows = {{"key", "value", "from"}};
  for (const Settings::Entry& entry : settings.entries()) {
    rows.push_back({std::string(entry.option->key), entry.shown, entry.where});
  }
  for (const StreamSetting& stream : settings.streams) {
    const std::string target =
        stream.target_table.empty() ? stream.name : stream.target_table;
    rows.push_back({"streams", stream.name + " to " + target, stream.where});
  }
  for (const CopySetting& copy : settings.copies) {
    rows.push_back({"cache.tables", copy.name + " from " + copy.source, copy.where});
  }
  for (const SourceSetting& source : settings.sources) {
    for (const auto& [key, text] : source.Shown()) {
      rows.push_back({"sources." + source.definition.name + "." + key, text,
                      source.definition.origin});
    }
  }
  std::array<size_t, 2> widths = {0, 0};
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const Row& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) {
      table += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    }
    table += row[2] + "\n";
  }
  return table;
}

}  // namespace pintail::config
