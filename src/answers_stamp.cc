#include "answers_stamp.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "config/version.h"

namespace pintail {
namespace {

// FNV-1a: the same in every run. Connections and options may hold secrets, which the
// stamp must not show.
class Hash {
 public:
  void Add(std::string_view text) {
    for (const char letter : text) Mix(static_cast<uint8_t>(letter));
    Mix(0);
  }
  void Add(int64_t number) { Add(std::to_string(number)); }
  std::string Text() const { return std::to_string(value_); }

 private:
  void Mix(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3U; }
  uint64_t value_ = 0xcbf29ce484222325U;
};

void Add(Hash& hash, const catalog::SourceDefinition& source) {
  for (const std::string* text :
       {&source.name, &source.type, &source.connection, &source.username, &source.driver,
        &source.driver_path}) {
    hash.Add(*text);
  }
  for (const auto& [name, value] : source.options) {
    hash.Add(name);
    hash.Add(value);
  }
  hash.Add(source.is_default ? 1 : 0);
}

void AddFile(Hash& hash, const std::filesystem::path& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error || bytes == 0) return hash.Add("none");
  hash.Add(static_cast<int64_t>(bytes));
  const auto time = std::filesystem::last_write_time(path, error);
  hash.Add(error ? 0 : time.time_since_epoch().count());
}

}  // namespace

std::string AnswersStamp(const ServerOptions& options,
                         const std::vector<catalog::SourceDefinition>& sources) {
  Hash hash;
  hash.Add(config::Version());
  AddFile(hash, options.database.path);
  AddFile(hash, options.database.path + ".wal");
  hash.Add(options.cache->answers.ttl.count());
  for (const auto& [name, ttl] : options.cache->ttls) {
    hash.Add(name);
    hash.Add(ttl.count());
  }
  auto ordered = sources;
  std::ranges::sort(ordered, {}, &catalog::SourceDefinition::name);
  for (const auto& source : ordered) Add(hash, source);
  return hash.Text();
}

}  // namespace pintail
