// How a scan of a source is copied with its plan.

#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/serializer/deserializer.hpp"
#include "duckdb/common/serializer/serializer.hpp"
#include "duckdb/main/client_context.hpp"
#include "engine/source_scan.h"

namespace pintail::engine {

std::string AllOf(const std::vector<std::string>& conditions) {
  if (conditions.size() == 1) return conditions[0];
  std::string joined;
  for (const auto& condition : conditions) {
    if (!joined.empty()) joined += " AND ";
    joined += "(" + condition + ")";
  }
  return joined;
}

duckdb::unique_ptr<duckdb::FunctionData> SourceScanData::Copy() const {
  auto copy = duckdb::make_uniq<SourceScanData>();
  copy->table = table;
  copy->conditions = conditions;
  copy->exact = exact;
  copy->keys = keys;
  copy->limit = limit;
  copy->shared = shared;
  return copy;
}

bool SourceScanData::Equals(const FunctionData& other_data) const {
  const auto& other = other_data.Cast<SourceScanData>();
  return table == other.table && conditions == other.conditions && keys == other.keys &&
         limit == other.limit;
}

void SourceScanData::Write(duckdb::Serializer& serializer) const {
  const auto& data = *this;
  const auto& table = *data.table;
  serializer.WriteProperty(100, "catalog", table.source_catalog().GetName());
  serializer.WriteProperty(101, "schema", table.table().name.schema);
  serializer.WriteProperty(102, "table", table.table().name.table);
  serializer.WriteProperty(
      103, "conditions",
      duckdb::vector<std::string>(data.conditions.begin(), data.conditions.end()));
  serializer.WriteProperty(104, "keyed", data.keys.has_value());
  duckdb::vector<duckdb::Value> keys;
  if (data.keys) keys.insert(keys.end(), data.keys->begin(), data.keys->end());
  serializer.WriteProperty(105, "keys", keys);
  serializer.WriteProperty(106, "limit", data.limit.value_or(-1));
  serializer.WriteProperty(107, "shared", data.shared);
  serializer.WriteProperty(
      108, "exact", duckdb::vector<std::string>(data.exact.begin(), data.exact.end()));
}

duckdb::unique_ptr<duckdb::FunctionData> SourceScanData::Read(
    duckdb::Deserializer& deserializer) {
  std::string catalog;
  std::string schema;
  std::string table;
  duckdb::vector<std::string> conditions;
  duckdb::vector<duckdb::Value> keys;
  bool keyed = false;
  int64_t limit = -1;
  auto data = duckdb::make_uniq<SourceScanData>();
  deserializer.ReadProperty(100, "catalog", catalog);
  deserializer.ReadProperty(101, "schema", schema);
  deserializer.ReadProperty(102, "table", table);
  deserializer.ReadProperty(103, "conditions", conditions);
  deserializer.ReadProperty(104, "keyed", keyed);
  deserializer.ReadProperty(105, "keys", keys);
  deserializer.ReadProperty(106, "limit", limit);
  deserializer.ReadProperty(107, "shared", data->shared);
  duckdb::vector<std::string> exact;
  deserializer.ReadProperty(108, "exact", exact);
  data->exact.assign(exact.begin(), exact.end());
  auto& context = deserializer.Get<duckdb::ClientContext&>();
  data->table = duckdb::Catalog::GetEntry<duckdb::TableCatalogEntry>(context, catalog,
                                                                     schema, table)
                    .Cast<SourceTableEntry>()
                    .shared_from_this();
  data->conditions.assign(conditions.begin(), conditions.end());
  if (keyed) data->keys.emplace(keys.begin(), keys.end());
  if (limit >= 0) data->limit = limit;
  return data;
}

}  // namespace pintail::engine
