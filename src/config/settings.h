// The configuration in force: the value of every option and where it came from.
//
// Made by Load, then only read. A value; not for several threads while it is being read
// for the first time, as it notes which options were asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "catalog/source_definition.h"
#include "config/option.h"

namespace pintail::config {

// Later ones override earlier ones.
enum class Origin : uint8_t { kDefault, kFile, kEnvironment, kFlag };

// That a source gives an option a value.
struct Assignment {
  const Option* option = nullptr;
  std::vector<std::string> texts;
  Origin origin = Origin::kDefault;
  std::string where;  // "pintail.toml:3", "PINTAIL_FLIGHT_LISTEN", "--flight-listen"
  // What to show instead of the value: the reference that it was read through.
  std::optional<std::string> shown;
};

// One [[streams]] table, its values already checked.
struct StreamSetting {
  std::string name;
  std::string target_table;   // empty: a table of the stream's own name
  std::string schema_policy;  // empty: that of the section ingest; and so on
  std::optional<int64_t> chunk_size;
  std::optional<int64_t> commit_rows;
  std::optional<std::chrono::milliseconds> commit_interval;
  std::string durability;          // empty: ingest.durability
  std::string write_through;       // empty: the rows are not sent on
  std::string write_through_mode;  // empty: async
  std::optional<std::chrono::milliseconds> retain;
  std::optional<int64_t> retain_rows;
  std::optional<int64_t> retain_bytes;
  std::string retain_column;
  std::string where;

  // Whether older rows are left to the source.
  bool keeps_some() const { return retain || retain_rows || retain_bytes; }
};

// One [[cache.tables]] table, its values already checked one by one.
struct CopySetting {
  std::string name;
  std::string source;
  std::vector<std::string> columns;  // empty: all
  std::string filter;
  std::string refresh;  // empty: full
  std::string append_column;
  std::string time_column;
  std::optional<std::chrono::milliseconds> interval;
  std::string cron;
  std::optional<std::chrono::milliseconds> data_window;
  std::optional<std::chrono::milliseconds> retention;
  std::optional<std::chrono::milliseconds> max_staleness;
  std::string where;
};

// The keys of a [[cache.tables]] table.
std::span<const Option> CopyOptions();

// One [sources.NAME] table, its values already checked.
struct SourceSetting {
  catalog::SourceDefinition definition;
  // What to show of a key instead of its value: the reference that it was read through.
  std::map<std::string, std::string> written;

  // Key and text of everything that was given; secrets masked.
  catalog::SourceWords Shown() const;
};

// The keys of a [[streams]] table.
std::span<const Option> StreamOptions();

class Settings {
 public:
  struct Entry {
    const Option* option = nullptr;
    Value value;
    Origin origin = Origin::kDefault;
    std::string where;
    std::string shown;  // the value for people, secrets masked
  };

  // Every option at its default.
  Settings();

  // InvalidArgument, beginning with where it came from, when the value is not valid.
  arrow::Status Assign(const Assignment& assignment);

  // The option's value. The key must be a declared one of that type; unset options have
  // no value only where that is the return type's meaning.
  std::string Text(std::string_view key) const;  // empty when unset; also of choices
  int64_t Integer(std::string_view key) const;   // also of bytes
  std::optional<int64_t> OptionalInteger(std::string_view key) const;
  std::chrono::milliseconds Duration(std::string_view key) const;
  std::optional<std::chrono::milliseconds> OptionalDuration(std::string_view key) const;
  bool Switch(std::string_view key) const;
  std::vector<std::string> List(std::string_view key) const;
  Pairs Map(std::string_view key) const;

  // In the order of Options().
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry& entry(std::string_view key) const;

  std::vector<StreamSetting> streams;
  std::vector<CopySetting> copies;
  std::vector<SourceSetting> sources;
  // What a person should know: settings that have no effect, names that look mistyped.
  std::vector<std::string> notes;
  std::string file;  // that was read; empty: none

  // The keys that were asked for.
  const std::set<std::string, std::less<>>& keys_read() const { return keys_read_; }

 private:
  template <typename T>
  const T* Read(std::string_view key) const;

  std::vector<Entry> entries_;
  mutable std::set<std::string, std::less<>> keys_read_;
};

}  // namespace pintail::config
