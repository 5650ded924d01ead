#include "columnar/supertype.h"

#include <algorithm>
#include <optional>

#include "arrow/extension_type.h"
#include "arrow/type_traits.h"
#include "arrow/util/checked_cast.h"

namespace pintail::columnar {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kMaxDigits = 38;  // of a decimal, in DuckDB

std::shared_ptr<arrow::Field> Stored(const std::shared_ptr<arrow::Field>& field) {
  return field->WithType(StoredType(field->type()));
}

int BitWidth(const arrow::DataType& type) {
  return checked_cast<const arrow::FixedWidthType&>(type).bit_width();
}

TypePtr SignedOf(int bits) {
  if (bits <= 8) return arrow::int8();
  if (bits <= 16) return arrow::int16();
  return bits <= 32 ? arrow::int32() : arrow::int64();
}

TypePtr CommonInteger(const arrow::DataType& left, const arrow::DataType& right) {
  const bool left_signed = arrow::is_signed_integer(left.id());
  const int left_bits = BitWidth(left);
  const int right_bits = BitWidth(right);
  if (left_signed == arrow::is_signed_integer(right.id())) {
    return left_bits >= right_bits ? left.GetSharedPtr() : right.GetSharedPtr();
  }
  const int unsigned_bits = left_signed ? right_bits : left_bits;
  const int bits = std::max(left_signed ? left_bits : right_bits, 2 * unsigned_bits);
  return bits <= 64 ? SignedOf(bits) : arrow::decimal128(20, 0);
}

TypePtr CommonFloat(const arrow::DataType& left, const arrow::DataType& right) {
  for (const arrow::DataType* type : {&left, &right}) {
    if (arrow::is_integer(type->id()) && BitWidth(*type) > 32) return nullptr;
  }
  const auto fits_float = [](const arrow::DataType& type) {
    return arrow::is_integer(type.id()) ? BitWidth(type) <= 16 : BitWidth(type) <= 32;
  };
  return fits_float(left) && fits_float(right) ? arrow::float32() : arrow::float64();
}

struct Digits {
  int before;  // the point
  int after;
};

std::optional<Digits> DigitsOf(const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) {
    const auto& decimal = checked_cast<const arrow::DecimalType&>(type);
    return Digits{decimal.precision() - decimal.scale(), decimal.scale()};
  }
  if (!arrow::is_integer(type.id())) return std::nullopt;
  switch (BitWidth(type)) {
    case 8:
      return Digits{3, 0};
    case 16:
      return Digits{5, 0};
    case 32:
      return Digits{10, 0};
    default:
      return Digits{arrow::is_signed_integer(type.id()) ? 19 : 20, 0};
  }
}

TypePtr CommonDecimal(const arrow::DataType& left, const arrow::DataType& right) {
  const auto one = DigitsOf(left);
  const auto other = DigitsOf(right);
  if (!one || !other) return nullptr;
  const int before = std::max(one->before, other->before);
  const int after = std::max(one->after, other->after);
  return before + after <= kMaxDigits ? arrow::decimal128(before + after, after)
                                      : nullptr;
}

TypePtr CommonTimestamp(const arrow::DataType& left, const arrow::DataType& right) {
  const auto& one = checked_cast<const arrow::TimestampType&>(left);
  const auto& other = checked_cast<const arrow::TimestampType&>(right);
  // A zone is only how an instant is shown; with and without one are different things.
  if (one.timezone().empty() != other.timezone().empty()) return nullptr;
  return arrow::timestamp(std::max(one.unit(), other.unit()), one.timezone());
}

// The fields of `left` with types that hold both, matched by name; empty when they
// differ.
std::optional<arrow::FieldVector> CommonFields(const arrow::DataType& left,
                                               const arrow::DataType& right,
                                               bool by_name) {
  if (left.num_fields() != right.num_fields()) return std::nullopt;
  arrow::FieldVector fields;
  for (int i = 0; i < left.num_fields(); ++i) {
    int match = i;
    if (by_name) {
      match = checked_cast<const arrow::StructType&>(right).GetFieldIndex(
          left.field(i)->name());
      if (match < 0) return std::nullopt;
    }
    TypePtr type = SuperType(left.field(i)->type(), right.field(match)->type());
    if (!type) return std::nullopt;
    fields.push_back(left.field(i)->WithType(std::move(type)));
  }
  return fields;
}

TypePtr CommonNested(const arrow::DataType& left, const arrow::DataType& right) {
  if (left.id() == Type::FIXED_SIZE_LIST &&
      checked_cast<const arrow::FixedSizeListType&>(left).list_size() !=
          checked_cast<const arrow::FixedSizeListType&>(right).list_size()) {
    return nullptr;
  }
  const auto fields = CommonFields(left, right, left.id() == Type::STRUCT);
  if (!fields) return nullptr;
  switch (left.id()) {
    case Type::LIST:
      return arrow::list(fields->front());
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          fields->front(),
          checked_cast<const arrow::FixedSizeListType&>(left).list_size());
    case Type::STRUCT:
      return arrow::struct_(*fields);
    case Type::MAP:
      return std::make_shared<arrow::MapType>(fields->front());
    default:
      return nullptr;
  }
}

}  // namespace

TypePtr StoredType(const TypePtr& type) {
  switch (type->id()) {
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::HALF_FLOAT:
      return arrow::float32();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL256: {
      const auto& decimal = checked_cast<const arrow::DecimalType&>(*type);
      if (decimal.precision() > kMaxDigits) return type;
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    case Type::DATE64:
      return arrow::date32();
    case Type::TIME32:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
      return arrow::month_day_nano_interval();
    case Type::DICTIONARY:
      return StoredType(checked_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::RUN_END_ENCODED:
      return StoredType(
          checked_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return arrow::list(Stored(type->field(0)));
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          Stored(type->field(0)),
          checked_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::MAP:
      return std::make_shared<arrow::MapType>(Stored(type->field(0)));
    case Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(Stored(field));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

TypePtr SuperType(const TypePtr& left, const TypePtr& right) {
  if (left->Equals(*right)) return left;
  if (left->id() == Type::NA) return right;
  if (right->id() == Type::NA) return left;
  const auto is_float = [](const TypePtr& type) {
    return arrow::is_floating(type->id());
  };
  if (arrow::is_integer(left->id()) && arrow::is_integer(right->id())) {
    return CommonInteger(*left, *right);
  }
  if (arrow::is_decimal(left->id()) || arrow::is_decimal(right->id())) {
    return CommonDecimal(*left, *right);
  }
  if ((is_float(left) && arrow::is_numeric(right->id())) ||
      (is_float(right) && arrow::is_numeric(left->id()))) {
    return CommonFloat(*left, *right);
  }
  if (left->id() != right->id()) return nullptr;
  if (left->id() == Type::TIMESTAMP) return CommonTimestamp(*left, *right);
  return arrow::is_nested(left->id()) ? CommonNested(*left, *right) : nullptr;
}

}  // namespace pintail::columnar
