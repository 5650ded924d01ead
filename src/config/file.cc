#include "config/file.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/lower_case.h"
#include "config/nearest.h"
#include "config/sources.h"

namespace pintail::config {
namespace {

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('.') + 1); }

std::vector<std::string> KnownKeys() {
  std::vector<std::string> keys;
  for (const Option& option : Options()) keys.emplace_back(option.key);
  for (const LegacyName& legacy : LegacyNames()) {
    if (!legacy.key.empty()) keys.emplace_back(legacy.key);
  }
  return keys;
}

// Reads one file; the paths of errors are put together here.
class FileReader {
 public:
  // Without `expands` no text is a reference.
  FileReader(const std::string& name, const Environment& environment, bool expands = true)
      : name_(name), environment_(environment), expands_(expands) {}

  arrow::Status ReadTable(const Tree::Table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      ARROW_RETURN_NOT_OK(ReadEntry(prefix.empty() ? key : prefix + "." + key, node));
    }
    return arrow::Status::OK();
  }

  arrow::Status ReadSources(const Tree& node) {
    const Tree::Table* table = node.table();
    if (!table) return Refuse(node, "sources must be tables, as [sources.NAME]");
    for (const auto& [name, source] : *table) {
      if (!source.table())
        return Refuse(source, "sources must be tables, as [sources.NAME]");
      ARROW_RETURN_NOT_OK(ReadSource(name, source));
    }
    return arrow::Status::OK();
  }

  FileSettings Take() { return std::move(settings_); }

 private:
  struct Texts {
    std::vector<std::string> texts;
    bool referred = false;
    std::string written;  // as it stands in the file
  };

  std::string Where(const Tree& node) const {
    return name_ + ":" + std::to_string(node.line);
  }

  template <typename... Parts>
  arrow::Status Refuse(const Tree& node, Parts&&... parts) const {
    return base::MakeError(base::ErrorKind::kInvalidArgument, Where(node), ": ",
                           std::forward<Parts>(parts)...);
  }

  bool IsTableOfKeys(const std::string& key) const {
    const auto begins = [&key](const std::string& known) {
      return known.starts_with(key + ".");
    };
    return std::ranges::any_of(keys_, begins);
  }

  arrow::Status ReadEntry(const std::string& key, const Tree& node) {
    if (key == "streams") return ReadStreams(node);
    if (key == "cache.tables") return ReadCopies(node);
    if (key == "sources") return ReadSources(node);
    if (const Option* option = FindOption(key)) return ReadOption(*option, node);
    if (const LegacyName* legacy = FindLegacyKey(key)) return ReadLegacy(*legacy, node);
    if (!IsTableOfKeys(key)) {
      return Refuse(node, "unknown key \"", key, "\"; the nearest known one is \"",
                    NearestKey(key), "\"");
    }
    if (const Tree::Table* table = node.table()) return ReadTable(*table, key);
    return Refuse(node, key, " must be a table of keys and values");
  }

  arrow::Status ReadOption(const Option& option, const Tree& node) {
    ARROW_ASSIGN_OR_RAISE(Texts read, ReadTexts(option.key, option.type, node));
    settings_.assignments.push_back(
        {.option = &option,
         .texts = std::move(read.texts),
         .origin = Origin::kFile,
         .where = Where(node),
         .shown = read.referred ? std::optional(read.written) : std::nullopt});
    return arrow::Status::OK();
  }

  arrow::Status ReadLegacy(const LegacyName& legacy, const Tree& node) {
    const auto type = node.table() ? OptionType::kMap : OptionType::kText;
    ARROW_ASSIGN_OR_RAISE(Texts read, ReadTexts(legacy.key, type, node));
    settings_.legacy[std::string(legacy.name)] = {
        .texts = std::move(read.texts), .origin = Origin::kFile, .where = Where(node)};
    return arrow::Status::OK();
  }

  // A value's texts: one, a list's elements, or a map's "name=value".
  arrow::Result<Texts> ReadTexts(std::string_view key, OptionType type,
                                 const Tree& node) {
    Texts read;
    if (const Tree::Table* table = node.table()) {
      if (type != OptionType::kMap) {
        return Refuse(node, key, " must be a value, not a table");
      }
      for (const auto& [name, value] : *table) {
        ARROW_RETURN_NOT_OK(AddText(key, value, name + "=", &read));
      }
    } else if (const Tree::List* list = node.list()) {
      for (const Tree& element : *list) {
        ARROW_RETURN_NOT_OK(AddText(key, element, "", &read));
      }
    } else {
      ARROW_RETURN_NOT_OK(AddText(key, node, "", &read));
    }
    return read;
  }

  arrow::Status AddText(std::string_view key, const Tree& node, const std::string& before,
                        Texts* read) {
    const std::string* text = node.text();
    if (!text) return Refuse(node, "the values of ", key, " must be plain");
    auto expansion = expands_ ? Expand(*text, environment_)
                              : arrow::Result<Expansion>(Expansion{.text = *text});
    if (!expansion.ok()) return base::WithContext(expansion.status(), Where(node));
    read->texts.push_back(before + expansion->text);
    read->referred = read->referred || expansion->referred;
    read->written += (read->written.empty() ? "" : ", ") + before + *text;
    return arrow::Status::OK();
  }

  arrow::Status ReadStreams(const Tree& node) {
    const Tree::List* list = node.list();
    if (!list) return Refuse(node, "streams must be a list of tables, as [[streams]]");
    for (const Tree& element : *list) {
      if (!element.table()) {
        return Refuse(element, "streams must be a list of tables, as [[streams]]");
      }
      ARROW_RETURN_NOT_OK(ReadStream(element));
    }
    return arrow::Status::OK();
  }

  arrow::Status ReadStream(const Tree& node) {
    StreamSetting stream{.where = Where(node)};
    for (const auto& [key, value] : *node.table()) {
      ARROW_ASSIGN_OR_RAISE(const Value parsed,
                            ReadKey(StreamOptions(), "a stream", key, value));
      Set(key, parsed, &stream);
    }
    if (stream.name.empty()) return Refuse(node, "a stream needs a name");
    if (!stream_names_.insert(stream.name).second) {
      return Refuse(node, "the stream \"", stream.name, "\" is declared twice");
    }
    settings_.streams.push_back(std::move(stream));
    return arrow::Status::OK();
  }

  arrow::Status ReadCopies(const Tree& node) {
    constexpr std::string_view kList = "cache.tables must be a list of tables, as ";
    const Tree::List* list = node.list();
    if (!list) return Refuse(node, kList, "[[cache.tables]]");
    for (const Tree& element : *list) {
      if (!element.table()) return Refuse(element, kList, "[[cache.tables]]");
      CopySetting copy{.where = Where(element)};
      for (const auto& [key, value] : *element.table()) {
        ARROW_ASSIGN_OR_RAISE(const Value parsed,
                              ReadKey(CopyOptions(), "a table copy", key, value));
        Set(key, parsed, &copy);
      }
      if (copy.name.empty() || copy.source.empty()) {
        return Refuse(element, "a table copy needs a name and a source");
      }
      if (!copy_names_.insert(base::LowerCase(copy.name)).second) {
        return Refuse(element, "the table copy \"", copy.name, "\" is declared twice");
      }
      settings_.copies.push_back(std::move(copy));
    }
    return arrow::Status::OK();
  }

  // The value of a key of a table that is one of a list.
  arrow::Result<Value> ReadKey(std::span<const Option> options, std::string_view what,
                               const std::string& key, const Tree& node) {
    const auto option = std::ranges::find(options, key, &Option::key);
    if (option == options.end()) {
      std::vector<std::string> names;
      for (const Option& known : options) names.emplace_back(known.key);
      return Refuse(node, "unknown key \"", key, "\" of ", what,
                    "; the nearest known one is \"", NearestName(key, names), "\"");
    }
    ARROW_ASSIGN_OR_RAISE(const Texts read, ReadTexts(key, option->type, node));
    auto parsed = ParseValue(*option, read.texts);
    if (!parsed.ok()) return base::WithContext(parsed.status(), Where(node));
    return parsed;
  }

  static void Set(const std::string& key, const Value& value, CopySetting* copy) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* list = std::get_if<std::vector<std::string>>(&value);
    const auto* duration = std::get_if<std::chrono::milliseconds>(&value);
    if (key == "name" && text) copy->name = *text;
    if (key == "source" && text) copy->source = *text;
    if (key == "columns" && list) copy->columns = *list;
    if (key == "filter" && text) copy->filter = *text;
    if (key == "refresh" && text) copy->refresh = *text;
    if (key == "append_column" && text) copy->append_column = *text;
    if (key == "time_column" && text) copy->time_column = *text;
    if (key == "interval" && duration) copy->interval = *duration;
    if (key == "cron" && text) copy->cron = *text;
    if (key == "data_window" && duration) copy->data_window = *duration;
    if (key == "retention" && duration) copy->retention = *duration;
    if (key == "max_staleness" && duration) copy->max_staleness = *duration;
  }

  arrow::Status ReadSource(const std::string& name, const Tree& node) {
    SourceSetting source{
        .definition = {.name = name, .declared = true, .origin = Where(node)}};
    for (const auto& [key, value] : *node.table()) {
      if (key == "options" && value.table()) {
        for (const auto& [option, text] : *value.table()) {
          ARROW_RETURN_NOT_OK(SetWord("options." + option, text, &source));
        }
      } else {
        ARROW_RETURN_NOT_OK(SetWord(key, value, &source));
      }
    }
    const auto same = [&name](const SourceSetting& other) {
      return base::LowerCase(other.definition.name) == base::LowerCase(name);
    };
    if (std::ranges::any_of(settings_.sources, same)) {
      return Refuse(node, "the source \"", name, "\" is declared twice");
    }
    settings_.sources.push_back(std::move(source));
    return arrow::Status::OK();
  }

  arrow::Status SetWord(const std::string& key, const Tree& node, SourceSetting* source) {
    ARROW_ASSIGN_OR_RAISE(const Texts read, ReadTexts(key, OptionType::kText, node));
    if (read.texts.size() != 1) return Refuse(node, key, " must be one value");
    const arrow::Status set = SetSourceWord(key, read.texts.front(), &source->definition);
    if (!set.ok()) return base::WithContext(set, Where(node));
    if (read.referred) source->written[key] = read.written;
    return arrow::Status::OK();
  }

  static void Set(const std::string& key, const Value& value, StreamSetting* stream) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* number = std::get_if<int64_t>(&value);
    const auto* duration = std::get_if<std::chrono::milliseconds>(&value);
    if (key == "name" && text) stream->name = *text;
    if (key == "target_table" && text) stream->target_table = *text;
    if (key == "schema_policy" && text) stream->schema_policy = *text;
    if (key == "durability" && text) stream->durability = *text;
    if (key == "write_through" && text) stream->write_through = *text;
    if (key == "write_through_mode" && text) stream->write_through_mode = *text;
    if (key == "retain_column" && text) stream->retain_column = *text;
    if (key == "retain" && duration) stream->retain = *duration;
    if (key == "retain_rows" && number) stream->retain_rows = *number;
    if (key == "retain_bytes" && number) stream->retain_bytes = *number;
    if (key == "chunk_size" && number) stream->chunk_size = *number;
    if (key == "commit_rows" && number) stream->commit_rows = *number;
    if (key == "commit_interval" && duration) stream->commit_interval = *duration;
  }

  const std::string& name_;
  const Environment& environment_;
  const bool expands_;
  const std::vector<std::string> keys_ = KnownKeys();
  std::set<std::string> stream_names_;
  std::set<std::string> copy_names_;
  FileSettings settings_;
};

}  // namespace

std::string NearestKey(const std::string& key) {
  std::vector<std::string> keys = KnownKeys();
  keys.emplace_back("streams");
  keys.emplace_back("cache.tables");
  keys.emplace_back("sources");
  // The right name in the wrong section is nearer than any other name.
  for (const std::string& known : keys) {
    if (LastPart(known) == LastPart(key)) return known;
  }
  if (key.find('.') == std::string::npos) {
    for (const Section& section : Sections()) keys.emplace_back(section.name);
  }
  return NearestName(key, keys);
}

arrow::Result<FileSettings> ReadSettings(const Tree& tree, const std::string& name,
                                         const Environment& environment) {
  FileReader reader(name, environment);
  ARROW_RETURN_NOT_OK(reader.ReadTable(*tree.table(), ""));
  return reader.Take();
}

arrow::Result<std::vector<catalog::SourceDefinition>> ReadSourceTables(
    const Tree& tree, const std::string& name) {
  const Environment none;
  FileReader reader(name, none, /*expands=*/false);
  for (const auto& [key, node] : *tree.table()) {
    if (key != "sources") {
      return base::MakeError(base::ErrorKind::kInvalidArgument, name, ":", node.line,
                             ": unknown key \"", key, "\"; there are only sources here");
    }
    ARROW_RETURN_NOT_OK(reader.ReadSources(node));
  }
  std::vector<catalog::SourceDefinition> sources;
  for (SourceSetting& source : reader.Take().sources) {
    source.definition.declared = false;
    source.definition.origin = name;
    const arrow::Status right = CheckSource(source.definition);
    if (!right.ok()) return base::WithContext(right, name);
    sources.push_back(std::move(source.definition));
  }
  return sources;
}

}  // namespace pintail::config
