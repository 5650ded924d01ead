#include "backend/adbc/plain_columns.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "arrow/array/util.h"
#include "arrow/compute/cast.h"
#include "arrow/extension/opaque.h"
#include "arrow/extension_type.h"
#include "arrow/util/decimal.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "engine/source.h"

namespace pintail::backend {
namespace {

using arrow::DataType;
using arrow::Type;
using arrow::extension::OpaqueType;
using TypePtr = std::shared_ptr<DataType>;

const OpaqueType* AsOpaque(const DataType& type) {
  if (type.id() != Type::EXTENSION) return nullptr;
  const auto& extension = static_cast<const arrow::ExtensionType&>(type);
  return extension.extension_name() == "arrow.opaque"
             ? static_cast<const OpaqueType*>(&extension)
             : nullptr;
}

bool IsKept(const arrow::ExtensionType& type) {
  if (type.extension_name() == "arrow.uuid" || type.extension_name() == "arrow.json") {
    return true;
  }
  const OpaqueType* opaque = AsOpaque(type);
  return opaque && opaque->vendor_name() == "DuckDB";
}

std::string MetadataOf(const arrow::Field& field, const std::string& key) {
  if (!field.HasMetadata()) return "";
  const auto found = field.metadata()->Get(key);
  return found.ok() ? *found : "";
}

// NUMERIC(p, s) is kept in its column's "typmod": the precision in the upper 16 bits, the
// scale, which may be negative or larger than the precision, in the lower 11; and 4 more.
std::optional<TypePtr> DecimalOf(const std::string& typmod) {
  int32_t value = -1;
  std::from_chars(typmod.data(), typmod.data() + typmod.size(), value);
  if (value < 4) return std::nullopt;
  value -= 4;
  int precision = (value >> 16) & 0xffff;
  int scale = ((value & 0x7ff) ^ 1024) - 1024;
  if (scale < 0) precision -= std::exchange(scale, 0);
  precision = std::max(precision, scale);
  if (precision < 1 || precision > arrow::Decimal128Type::kMaxPrecision) {
    return std::nullopt;
  }
  return arrow::decimal128(precision, scale);
}

TypePtr PlainType(const TypePtr& type);

arrow::FieldVector PlainChildren(const DataType& type) {
  arrow::FieldVector children;
  for (const auto& field : type.fields()) {
    children.push_back(
        arrow::field(field->name(), PlainType(field->type()), field->nullable()));
  }
  return children;
}

TypePtr PlainType(const TypePtr& type) {
  switch (type->id()) {
    case Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
      return IsKept(extension) ? type : PlainType(extension.storage_type());
    }
    case Type::LIST:
      return arrow::list(PlainChildren(*type)[0]);
    case Type::LARGE_LIST:
      return arrow::large_list(PlainChildren(*type)[0]);
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          PlainChildren(*type)[0],
          static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::STRUCT:
      return arrow::struct_(PlainChildren(*type));
    default:
      return type;
  }
}

std::shared_ptr<arrow::ArrayData> WithType(const std::shared_ptr<arrow::ArrayData>& data,
                                           const TypePtr& type) {
  if (data->type->Equals(*type)) return data;
  auto plain = data->Copy();
  plain->type = type;
  for (int i = 0; i < type->num_fields(); ++i) {
    if (static_cast<size_t>(i) >= plain->child_data.size() || !plain->child_data[i])
      break;
    plain->child_data[i] = WithType(plain->child_data[i], type->field(i)->type());
  }
  return plain;
}

}  // namespace

std::shared_ptr<arrow::Field> PlainField(const arrow::Field& field) {
  TypePtr type = PlainType(field.type());
  if (const OpaqueType* opaque = AsOpaque(*field.type());
      opaque && opaque->type_name() == "numeric" && type->id() == Type::STRING) {
    type = DecimalOf(MetadataOf(field, "POSTGRESQL:typmod")).value_or(type);
  }
  return arrow::field(field.name(), std::move(type), field.nullable());
}

std::shared_ptr<arrow::Schema> PlainSchema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(PlainField(*field));
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::ArrayData> PlainStorage(
    const std::shared_ptr<arrow::ArrayData>& data) {
  return WithType(data, PlainType(data->type));
}

arrow::Result<std::shared_ptr<arrow::Array>> ExactCast(
    std::shared_ptr<arrow::Array> array, const TypePtr& type, const std::string& column) {
  if (array->type()->Equals(*type)) return array;
  // An extension type is its storage with a name.
  if (array->type_id() == Type::EXTENSION) {
    return ExactCast(static_cast<const arrow::ExtensionArray&>(*array).storage(), type,
                     column);
  }
  if (type->id() == Type::EXTENSION) {
    const auto& storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    ARROW_ASSIGN_OR_RAISE(auto stored, ExactCast(std::move(array), storage, column));
    return arrow::ExtensionType::WrapArray(type, stored);
  }
  auto cast = arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Safe());
  if (cast.ok()) return cast;
  return base::MakeError(base::ErrorKind::kInvalidArgument, "column '", column,
                         "' cannot be read as ", type->ToString(), ": ",
                         cast.status().message());
}

std::string PostgresTypeName(const arrow::Field& field) {
  return MetadataOf(field, "POSTGRESQL:type");
}

bool IsReadAsText(const arrow::Field& field) {
  const std::string type = PostgresTypeName(field);
  if (type == "money" || type == "bpchar") return true;
  const OpaqueType* opaque = AsOpaque(*field.type());
  return opaque && opaque->vendor_name() == "PostgreSQL" &&
         opaque->storage_type()->id() == Type::BINARY;
}

std::shared_ptr<arrow::Field> WithPostgresForm(std::shared_ptr<arrow::Field> plain,
                                               const arrow::Field& driver) {
  const std::string type = PostgresTypeName(driver);
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, type) != names.end();
  };
  if (type == "numeric" && arrow::is_decimal(plain->type()->id())) return plain;
  if (is_one_of({"text", "varchar", "bpchar", "bool", "int2", "int4", "int8", "float4",
                 "float8", "date", "timestamp", "timestamptz", "uuid"})) {
    return plain;
  }
  // Of these the driver's text may be another one than the server's.
  const bool is_text = plain->type()->id() == Type::STRING &&
                       !is_one_of({"numeric", "money", "json", "jsonb"});
  return plain->WithMetadata(
      arrow::key_value_metadata({engine::kColumnForm}, {is_text ? "text" : "other"}));
}

}  // namespace pintail::backend
