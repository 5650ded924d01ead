#include "engine/result_types.h"

#include "arrow/extension/json.h"
#include "arrow/extension/opaque.h"
#include "arrow/extension/uuid.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "duckdb/common/extension_type_info.hpp"

namespace pintail::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using TypeResult = arrow::Result<std::shared_ptr<arrow::DataType>>;

// DuckDB reads types of this vendor back as what they were.
std::shared_ptr<arrow::DataType> Opaque(std::shared_ptr<arrow::DataType> storage,
                                        const char* name) {
  return arrow::extension::opaque(std::move(storage), name, "DuckDB");
}

class TypeMapper {
 public:
  explicit TypeMapper(const std::string& time_zone) : time_zone_(time_zone) {}

  arrow::Result<std::shared_ptr<arrow::Field>> Field(const std::string& name,
                                                     const LogicalType& type,
                                                     bool nullable = true) const {
    ARROW_ASSIGN_OR_RAISE(auto arrow_type, Map(type));
    auto field = arrow::field(name, std::move(arrow_type), nullable);
    if (type.id() == LogicalTypeId::GEOMETRY) {
      return field->WithMetadata(arrow::key_value_metadata(
          {"ARROW:extension:name", "ARROW:extension:metadata"}, {"geoarrow.wkb", "{}"}));
    }
    return field;
  }

 private:
  TypeResult Map(const LogicalType& type) const {
    switch (type.id()) {
      case LogicalTypeId::SQLNULL:
        return arrow::null();
      case LogicalTypeId::BOOLEAN:
        return arrow::boolean();
      case LogicalTypeId::TINYINT:
        return arrow::int8();
      case LogicalTypeId::SMALLINT:
        return arrow::int16();
      case LogicalTypeId::INTEGER:
        return arrow::int32();
      case LogicalTypeId::BIGINT:
        return arrow::int64();
      case LogicalTypeId::UTINYINT:
        return arrow::uint8();
      case LogicalTypeId::USMALLINT:
        return arrow::uint16();
      case LogicalTypeId::UINTEGER:
        return arrow::uint32();
      case LogicalTypeId::UBIGINT:
        return arrow::uint64();
      case LogicalTypeId::FLOAT:
        return arrow::float32();
      case LogicalTypeId::DOUBLE:
        return arrow::float64();
      case LogicalTypeId::HUGEINT:
      case LogicalTypeId::UHUGEINT:
        return arrow::decimal128(38, 0);
      case LogicalTypeId::DECIMAL:
        return arrow::decimal128(duckdb::DecimalType::GetWidth(type),
                                 duckdb::DecimalType::GetScale(type));
      case LogicalTypeId::VARCHAR:
        return type.IsJSONType() ? arrow::extension::json() : arrow::utf8();
      case LogicalTypeId::ENUM:
        return arrow::utf8();
      case LogicalTypeId::BLOB:
      case LogicalTypeId::GEOMETRY:
        return arrow::binary();
      case LogicalTypeId::UUID:
        return arrow::extension::uuid();
      case LogicalTypeId::BIT:
        return Opaque(arrow::binary(), "bit");
      case LogicalTypeId::BIGNUM:
        return Opaque(arrow::binary(), "bignum");
      default:
        return MapTemporal(type);
    }
  }

  TypeResult MapTemporal(const LogicalType& type) const {
    switch (type.id()) {
      case LogicalTypeId::DATE:
        return arrow::date32();
      case LogicalTypeId::TIME:
        return arrow::time64(arrow::TimeUnit::MICRO);
      case LogicalTypeId::TIME_NS:
        return arrow::time64(arrow::TimeUnit::NANO);
      case LogicalTypeId::TIME_TZ:
        return Opaque(arrow::fixed_size_binary(8), "time_tz");
      case LogicalTypeId::TIMESTAMP:
        return arrow::timestamp(arrow::TimeUnit::MICRO);
      case LogicalTypeId::TIMESTAMP_SEC:
        return arrow::timestamp(arrow::TimeUnit::SECOND);
      case LogicalTypeId::TIMESTAMP_MS:
        return arrow::timestamp(arrow::TimeUnit::MILLI);
      case LogicalTypeId::TIMESTAMP_NS:
        return arrow::timestamp(arrow::TimeUnit::NANO);
      case LogicalTypeId::TIMESTAMP_TZ:
        return arrow::timestamp(arrow::TimeUnit::MICRO, time_zone_);
      case LogicalTypeId::INTERVAL:
        return arrow::month_day_nano_interval();
      default:
        return MapNested(type);
    }
  }

  TypeResult MapNested(const LogicalType& type) const {
    switch (type.id()) {
      case LogicalTypeId::LIST: {
        ARROW_ASSIGN_OR_RAISE(auto item,
                              Field("item", duckdb::ListType::GetChildType(type)));
        return arrow::list(std::move(item));
      }
      case LogicalTypeId::ARRAY: {
        ARROW_ASSIGN_OR_RAISE(auto item,
                              Field("item", duckdb::ArrayType::GetChildType(type)));
        return arrow::fixed_size_list(
            std::move(item), static_cast<int32_t>(duckdb::ArrayType::GetSize(type)));
      }
      case LogicalTypeId::STRUCT: {
        arrow::FieldVector fields;
        for (const auto& [name, child] : duckdb::StructType::GetChildTypes(type)) {
          ARROW_ASSIGN_OR_RAISE(auto field, Field(name, child));
          fields.push_back(std::move(field));
        }
        return arrow::struct_(std::move(fields));
      }
      case LogicalTypeId::MAP: {
        ARROW_ASSIGN_OR_RAISE(auto key,
                              Field("key", duckdb::MapType::KeyType(type), false));
        ARROW_ASSIGN_OR_RAISE(auto value,
                              Field("value", duckdb::MapType::ValueType(type)));
        return std::make_shared<arrow::MapType>(std::move(key), std::move(value));
      }
      case LogicalTypeId::UNION: {
        arrow::FieldVector fields;
        std::vector<int8_t> codes;
        for (const auto& [name, child] : duckdb::UnionType::CopyMemberTypes(type)) {
          ARROW_ASSIGN_OR_RAISE(auto field, Field(name, child));
          fields.push_back(std::move(field));
          codes.push_back(static_cast<int8_t>(codes.size()));
        }
        return arrow::sparse_union(std::move(fields), std::move(codes));
      }
      default:
        return base::MakeError(
            base::ErrorKind::kUnimplemented, "the type ", type.ToString(),
            " has no Arrow type; cast it in the statement, for example "
            "to VARCHAR or JSON");
    }
  }

  const std::string& time_zone_;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::Field>> ResultField(const std::string& name,
                                                         const LogicalType& type,
                                                         const std::string& time_zone) {
  auto field = TypeMapper(time_zone).Field(name, type);
  if (!field.ok()) {
    return base::WithContext(field.status(), "column \"" + name + "\"");
  }
  return field;
}

arrow::Result<std::shared_ptr<arrow::Schema>> ResultSchema(
    const duckdb::vector<std::string>& names, const duckdb::vector<LogicalType>& types,
    const std::string& time_zone) {
  arrow::FieldVector fields;
  fields.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto field, ResultField(names[i], types[i], time_zone));
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace pintail::engine
