#include "http/json_values.h"

#include "arrow/builder.h"
#include "base/error.h"

namespace pintail::http {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using TypePtr = std::shared_ptr<arrow::DataType>;

arrow::Status Mixed(const std::string& what, const TypePtr& a, const TypePtr& b) {
  return base::MakeError(base::ErrorKind::kInvalidArgument, what,
                         " is a list whose elements have different types (",
                         a->ToString(), " and ", b->ToString(),
                         "); a list's elements must have one type");
}

bool IsNumber(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT64 || type.id() == arrow::Type::UINT64 ||
         type.id() == arrow::Type::DOUBLE;
}

arrow::Result<TypePtr> Unify(const TypePtr& a, const TypePtr& b,
                             const std::string& what) {
  if (a->Equals(*b) || b->id() == arrow::Type::NA) return a;
  if (a->id() == arrow::Type::NA) return b;
  if (IsNumber(*a) && IsNumber(*b)) return arrow::float64();
  if (a->id() == arrow::Type::LIST && b->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(const TypePtr item,
                          Unify(a->field(0)->type(), b->field(0)->type(), what));
    return arrow::list(item);
  }
  if (a->id() == arrow::Type::STRUCT && b->id() == arrow::Type::STRUCT &&
      a->num_fields() == b->num_fields()) {
    arrow::FieldVector fields;
    for (const auto& field : a->fields()) {
      const auto other =
          static_cast<const arrow::StructType&>(*b).GetFieldByName(field->name());
      if (!other) return Mixed(what, a, b);
      ARROW_ASSIGN_OR_RAISE(const TypePtr type,
                            Unify(field->type(), other->type(), what));
      fields.push_back(arrow::field(field->name(), type));
    }
    return arrow::struct_(std::move(fields));
  }
  return Mixed(what, a, b);
}

arrow::Result<TypePtr> TypeOf(element value, const std::string& what) {
  switch (value.type()) {
    case element_type::NULL_VALUE:
      return arrow::null();
    case element_type::BOOL:
      return arrow::boolean();
    case element_type::INT64:
      return arrow::int64();
    case element_type::UINT64:
      return arrow::uint64();
    case element_type::DOUBLE:
      return arrow::float64();
    case element_type::STRING:
      return arrow::utf8();
    case element_type::ARRAY: {
      TypePtr item = arrow::null();
      for (const element child : value.get_array().value_unsafe()) {
        ARROW_ASSIGN_OR_RAISE(const TypePtr type, TypeOf(child, what));
        ARROW_ASSIGN_OR_RAISE(item, Unify(item, type, what));
      }
      return arrow::list(item);
    }
    case element_type::OBJECT: {
      arrow::FieldVector fields;
      for (const auto child : value.get_object().value_unsafe()) {
        ARROW_ASSIGN_OR_RAISE(const TypePtr type, TypeOf(child.value, what));
        fields.push_back(arrow::field(std::string(child.key), type));
      }
      return arrow::struct_(std::move(fields));
    }
    default:
      return base::MakeError(
          base::ErrorKind::kInvalidArgument, what,
          " is a number too large for any type; give it as a string and "
          "cast it in the statement");
  }
}

arrow::Status Append(element value, arrow::ArrayBuilder* builder) {
  if (value.is_null()) return builder->AppendNull();
  switch (builder->type()->id()) {
    case arrow::Type::BOOL:
      return static_cast<arrow::BooleanBuilder*>(builder)->Append(
          value.get_bool().value_unsafe());
    case arrow::Type::INT64:
      return static_cast<arrow::Int64Builder*>(builder)->Append(
          value.get_int64().value_unsafe());
    case arrow::Type::UINT64:
      return static_cast<arrow::UInt64Builder*>(builder)->Append(
          value.get_uint64().value_unsafe());
    case arrow::Type::DOUBLE:
      return static_cast<arrow::DoubleBuilder*>(builder)->Append(
          value.get_double().value_unsafe());
    case arrow::Type::STRING:
      return static_cast<arrow::StringBuilder*>(builder)->Append(
          value.get_string().value_unsafe());
    case arrow::Type::LIST: {
      auto* list = static_cast<arrow::ListBuilder*>(builder);
      ARROW_RETURN_NOT_OK(list->Append());
      for (const element child : value.get_array().value_unsafe()) {
        ARROW_RETURN_NOT_OK(Append(child, list->value_builder()));
      }
      return arrow::Status::OK();
    }
    case arrow::Type::STRUCT: {
      auto* row = static_cast<arrow::StructBuilder*>(builder);
      ARROW_RETURN_NOT_OK(row->Append());
      // A builder makes its type anew each time it is asked.
      const auto type = row->type();
      for (int i = 0; i < row->num_fields(); ++i) {
        const std::string& name = type->field(i)->name();
        ARROW_RETURN_NOT_OK(Append(value.get_object().value_unsafe()[name].value_unsafe(),
                                   row->field_builder(i)));
      }
      return arrow::Status::OK();
    }
    default:
      return builder->AppendNull();
  }
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Array>> ArrayOfJson(element value,
                                                         const std::string& what) {
  ARROW_ASSIGN_OR_RAISE(const TypePtr type, TypeOf(value, what));
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(type));
  ARROW_RETURN_NOT_OK(Append(value, builder.get()));
  return builder->Finish();
}

}  // namespace pintail::http
