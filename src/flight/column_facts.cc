#include "flight/column_facts.h"

#include <optional>
#include <string>
#include <utility>

#include "arrow/flight/sql/column_metadata.h"
#include "arrow/type_traits.h"
#include "arrow/util/key_value_metadata.h"

namespace pintail::flight {
namespace {

using arrow::flight::sql::ColumnMetadata;

// Significant decimal digits, or the length of what SQL shows of it; empty for types
// without one.
std::optional<int32_t> Precision(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return 1;
    case arrow::Type::INT8:
    case arrow::Type::UINT8:
      return 3;
    case arrow::Type::INT16:
    case arrow::Type::UINT16:
      return 5;
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
      return 10;
    case arrow::Type::INT64:
      return 19;
    case arrow::Type::UINT64:
      return 20;
    case arrow::Type::FLOAT:
      return 7;
    case arrow::Type::DOUBLE:
      return 15;
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return static_cast<const arrow::DecimalType&>(type).precision();
    case arrow::Type::DATE32:
      return 10;
    case arrow::Type::TIME64:
      return 15;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).unit() ==
                     arrow::TimeUnit::NANO
                 ? 29
                 : 26;
    default:
      return std::nullopt;
  }
}

std::optional<int32_t> Scale(const arrow::DataType& type) {
  if (arrow::is_integer(type.id())) return 0;
  if (arrow::is_decimal(type.id())) {
    return static_cast<const arrow::DecimalType&>(type).scale();
  }
  return std::nullopt;
}

std::string Value(const arrow::Field& field, const char* key) {
  if (!field.metadata()) return "";
  return field.metadata()->Get(key).ValueOr("");
}

}  // namespace

std::shared_ptr<arrow::Schema> WithColumnFacts(const arrow::Schema& schema,
                                               const engine::TableName& table) {
  arrow::FieldVector fields;
  fields.reserve(static_cast<size_t>(schema.num_fields()));
  for (const auto& field : schema.fields()) {
    auto builder = ColumnMetadata::Builder();
    builder.CatalogName(table.catalog)
        .SchemaName(table.schema)
        .TableName(table.table)
        .IsAutoIncrement(false)
        .IsCaseSensitive(arrow::is_string(field->type()->id()))
        .IsReadOnly(false)
        .IsSearchable(true);
    if (const std::string name = Value(*field, "TYPE_NAME"); !name.empty()) {
      builder.TypeName(name);
    }
    if (const std::string remarks = Value(*field, "REMARKS"); !remarks.empty()) {
      builder.Remarks(remarks);
    }
    if (const auto precision = Precision(*field->type())) builder.Precision(*precision);
    if (const auto scale = Scale(*field->type())) builder.Scale(*scale);
    // What makes the type (an extension's name) stays.
    std::shared_ptr<const arrow::KeyValueMetadata> metadata =
        builder.Build().metadata_map();
    if (field->metadata()) {
      auto kept = field->metadata()->Copy();
      for (const char* key : {"TYPE_NAME", "REMARKS"}) {
        if (kept->Contains(key)) (void)kept->Delete(std::string_view(key));
      }
      metadata = kept->Merge(*metadata);
    }
    fields.push_back(field->WithMetadata(std::move(metadata)));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace pintail::flight
