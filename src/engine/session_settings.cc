#include "engine/session_settings.h"

#include <charconv>
#include <map>

#include "duckdb/catalog/catalog_search_path.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/client_data.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/main/database.hpp"

namespace pintail::engine {
namespace {

// DuckDB numbers its settings, those of extensions after its own, and does not tell how
// many there are. There are about 200.
constexpr duckdb::idx_t kMostSettings = 1024;
constexpr const char* kCacheTtl = "pintail.cache_ttl";

// Nothing for what is no duration.
std::optional<std::chrono::milliseconds> ParseDuration(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr int64_t kMost = int64_t{366} * 86'400;
  if (error != std::errc() || number < 0 || number > kMost) return std::nullopt;
  const std::string unit(end, text.data() + text.size());
  static const std::map<std::string, int64_t> kUnits = {
      {"", 1'000}, {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
  const auto found = kUnits.find(unit);
  if (found == kUnits.end()) return std::nullopt;
  return std::min(std::chrono::milliseconds(number * found->second),
                  std::chrono::milliseconds(kMost * 1'000));
}

void CheckCacheTtl(duckdb::ClientContext&, duckdb::SetScope, duckdb::Value& value) {
  if (value.IsNull() || value.ToString().empty() || ParseDuration(value.ToString())) {
    return;
  }
  throw duckdb::InvalidInputException(
      "%s is '%s'; it has to be a duration with its unit, like '10s' or '5m', or '0s' to "
      "go past the cache",
      kCacheTtl, value.ToString());
}

std::optional<duckdb::idx_t> IndexOfCacheTtl(duckdb::ClientContext& context) {
  duckdb::ExtensionOption option;
  const auto& config = duckdb::DBConfig::GetConfig(context);
  if (!config.TryGetExtensionOption(kCacheTtl, option)) return std::nullopt;
  return option.setting_index.GetIndex();
}

}  // namespace

std::string OwnSettings(duckdb::ClientContext& context) {
  const auto& settings = duckdb::ClientConfig::GetConfig(context).user_settings;
  const auto& everybodys = duckdb::DBConfig::GetConfig(context).user_settings;
  const auto cache_ttl = IndexOfCacheTtl(context);
  std::string text = duckdb::CatalogSearchEntry::ListToString(
      duckdb::ClientData::Get(context).catalog_search_path->GetSetPaths());
  for (duckdb::idx_t i = 0; i < kMostSettings; ++i) {
    if (!settings.IsSet(i) || i == cache_ttl) continue;
    duckdb::Value value;
    settings.TryGetSetting(everybodys, i, value);
    text += ";" + std::to_string(i) + "=" + value.ToSQLString();
  }
  return text;
}

SessionSettings SettingsOf(duckdb::ClientContext& context) {
  SessionSettings own{.text = OwnSettings(context), .cache_ttl = std::nullopt};
  std::map<std::string, std::string> variables;
  for (const auto& [name, value] :
       duckdb::ClientConfig::GetConfig(context).user_variables) {
    variables[name] = value.type().ToString() + " " + value.ToSQLString();
  }
  for (const auto& [name, value] : variables) own.text += ";$" + name + "=" + value;
  const auto& everybodys = duckdb::DBConfig::GetConfig(context).user_settings;
  for (duckdb::idx_t i = 0; i < kMostSettings; ++i) {
    duckdb::Value value;
    if (!everybodys.IsSet(i) || !everybodys.TryGetSetting(i, value)) continue;
    own.everybodys += ";" + std::to_string(i) + "=" + value.ToSQLString();
  }
  duckdb::Value ttl;
  if (context.TryGetCurrentSetting(kCacheTtl, ttl) && !ttl.IsNull()) {
    own.cache_ttl = ParseDuration(ttl.ToString());
  }
  return own;
}

void AddCacheTtlSetting(duckdb::DatabaseInstance& database) {
  duckdb::DBConfig::GetConfig(database).AddExtensionOption(
      kCacheTtl, "How old an answer from the cache may be, in place of cache.ttl",
      duckdb::LogicalType::VARCHAR, duckdb::Value(), CheckCacheTtl,
      duckdb::SetScope::SESSION);
}

}  // namespace pintail::engine
