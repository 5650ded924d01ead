#include "columnar/target_column.h"

#include <set>
#include <utility>

#include "arrow/type_traits.h"
#include "arrow/util/key_value_metadata.h"
#include "base/lower_case.h"

namespace pintail::columnar {
namespace {

using arrow::Type;
using FieldPtr = std::shared_ptr<arrow::Field>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr std::string_view kFromTextKey = "pintail.from_text";

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_numeric(type.id()) || arrow::is_decimal(type.id());
}

// How values of JSON are read for a column, and whether they have to be cast then.
struct Reading {
  TypePtr type;
  bool cast = false;
};

Reading ForColumn(const TypePtr& inferred, const TypePtr& column);

// Nothing but nulls so far, so that the column alone decides.
Reading ForNulls(const TypePtr& column) {
  switch (column->id()) {
    case Type::BOOL:
    case Type::STRING:
      return {column};
    case Type::LIST:
    case Type::FIXED_SIZE_LIST: {
      const Reading item = ForNulls(column->field(0)->type());
      return {arrow::list(item.type), item.cast || column->id() != Type::LIST};
    }
    case Type::STRUCT: {
      arrow::FieldVector fields;
      bool cast = false;
      for (const FieldPtr& field : column->fields()) {
        Reading reading = ForNulls(field->type());
        cast |= reading.cast;
        fields.push_back(field->WithType(std::move(reading.type)));
      }
      return {arrow::struct_(std::move(fields)), cast};
    }
    default:
      if (IsNumber(*column)) return {column};
      return {arrow::utf8(), true};
  }
}

Reading ForText(const TypePtr& column) {
  // Both parse texts too, and exactly.
  if (column->id() == Type::STRING || arrow::is_decimal(column->id())) return {column};
  // A text is no number, truth value, list or object: that is for the policy.
  const bool other =
      IsNumber(*column) || column->id() == Type::BOOL || (arrow::is_nested(column->id()));
  return {arrow::utf8(), !other};
}

// Members that the column lacks stay, so that the policy sees them.
Reading ForObject(const TypePtr& inferred, const TypePtr& column) {
  std::set<std::string> known;
  arrow::FieldVector fields;
  bool cast = false;
  const arrow::Schema members(inferred->fields());
  const TargetColumns by_name(&members);
  for (const FieldPtr& field : column->fields()) {
    FieldPtr found = by_name.Find(field->name());
    Reading reading =
        found ? ForColumn(found->type(), field->type()) : ForNulls(field->type());
    cast |= reading.cast;
    if (found) known.insert(found->name());
    fields.push_back((found ? found : field)->WithType(std::move(reading.type)));
  }
  const bool all_known = static_cast<int>(known.size()) == inferred->num_fields();
  for (const FieldPtr& field : inferred->fields()) {
    if (!known.contains(field->name())) fields.push_back(field);
  }
  return {arrow::struct_(std::move(fields)), cast && all_known};
}

Reading ForColumn(const TypePtr& inferred, const TypePtr& column) {
  switch (inferred->id()) {
    case Type::NA:
      return ForNulls(column);
    case Type::STRING:
    case Type::TIMESTAMP:
      return ForText(column);
    case Type::LIST: {
      if (column->id() != Type::LIST && column->id() != Type::FIXED_SIZE_LIST) break;
      const Reading item =
          ForColumn(inferred->field(0)->type(), column->field(0)->type());
      return {arrow::list(inferred->field(0)->WithType(item.type)),
              item.cast || column->id() != Type::LIST};
    }
    case Type::STRUCT:
      if (column->id() == Type::STRUCT) return ForObject(inferred, column);
      break;
    default:
      if (IsNumber(*inferred) && IsNumber(*column)) return {column};
      break;
  }
  return {inferred};
}

}  // namespace

TargetColumns::TargetColumns(const arrow::Schema* columns) {
  if (columns == nullptr) return;
  for (const FieldPtr& field : columns->fields()) {
    columns_.emplace(base::LowerCase(field->name()), field);
  }
}

FieldPtr TargetColumns::Find(std::string_view name) const {
  const auto found = columns_.find(base::LowerCase(name));
  return found == columns_.end() ? nullptr : found->second;
}

std::string TypeNameOf(const arrow::Field& column) {
  if (column.metadata()) {
    const auto name = column.metadata()->Get(kTypeNameKey);
    if (name.ok()) return *name;
  }
  return column.type()->ToString();
}

FieldPtr MarkedFromText(const FieldPtr& field) {
  return field->WithMergedMetadata(
      arrow::key_value_metadata({std::string(kFromTextKey)}, {"true"}));
}

bool IsFromText(const arrow::Field& field) {
  return field.metadata() &&
         field.metadata()->Get(kFromTextKey).ValueOr("") == std::string_view("true");
}

FieldPtr CsvField(const std::string& name, const arrow::Field& column) {
  const TypePtr& type = column.type();
  switch (type->id()) {
    case Type::STRING:
    case Type::DATE32:
    case Type::TIME64:
      return arrow::field(name, type);
    default:
      if (IsNumber(*type)) return arrow::field(name, type);
      return MarkedFromText(arrow::field(name, arrow::utf8()));
  }
}

FieldPtr NdjsonField(const FieldPtr& inferred, const arrow::Field& column) {
  Reading reading = ForColumn(inferred->type(), column.type());
  const FieldPtr field = inferred->WithType(std::move(reading.type));
  return reading.cast ? MarkedFromText(field) : field;
}

}  // namespace pintail::columnar
