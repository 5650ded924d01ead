#include "engine/storable_type.h"

#include <cstring>
#include <limits>
#include <sstream>
#include <vector>

#include "arrow/extension/opaque.h"
#include "arrow/extension_type.h"
#include "arrow/util/bitmap_ops.h"
#include "base/error.h"

namespace pintail::engine {
namespace {

using arrow::Type;
using base::ErrorKind;
using TypePtr = std::shared_ptr<arrow::DataType>;
using TypeResult = arrow::Result<TypePtr>;

arrow::Status Refuse(const arrow::DataType& type, std::string_view advice) {
  return base::MakeError(ErrorKind::kInvalidArgument, "the database has no type for ",
                         type.ToString(), "; ", advice);
}

// Types that are only brought to another one as a column of their own, not inside lists,
// structs and the like, where that would mean to rebuild all of it.
TypeResult WithoutConversion(const TypePtr& type) {
  ARROW_ASSIGN_OR_RAISE(TypePtr storable, StorableType(type));
  if (!storable->Equals(*type)) {
    return Refuse(*type, "inside another type send it as " + storable->ToString());
  }
  return storable;
}

// DuckDB's own inner formats of BIT and BIGNUM: it would trust what is in them.
bool IsTrustedFormat(const arrow::ExtensionType& type) {
  if (type.extension_name() != "arrow.opaque") return false;
  const auto& opaque = static_cast<const arrow::extension::OpaqueType&>(type);
  return opaque.vendor_name() == "DuckDB" &&
         (opaque.type_name() == "bit" || opaque.type_name() == "bignum");
}

TypeResult StorableExtension(const TypePtr& type) {
  const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
  if (IsTrustedFormat(extension)) {
    return Refuse(*type, "send it as text and cast it in SQL");
  }
  ARROW_RETURN_NOT_OK(WithoutConversion(extension.storage_type()));
  return type;
}

TypeResult StorableNested(const TypePtr& type) {
  for (const auto& field : type->fields()) {
    ARROW_RETURN_NOT_OK(WithoutConversion(field->type()));
  }
  if (type->id() == Type::FIXED_SIZE_LIST &&
      static_cast<const arrow::FixedSizeListType&>(*type).list_size() == 0) {
    return Refuse(*type, "send lists of one length that is not zero, or a list");
  }
  if (type->id() == Type::STRUCT && type->num_fields() == 0) {
    return Refuse(*type, "a struct needs a field");
  }
  return type;
}

bool HasTimeZone(const arrow::DataType& type) {
  return !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

// How DuckDB brings the numbers in a type's values to its own.
struct Scaling {
  int64_t stride =
      0;  // bytes from one number to the next; 0 when it keeps all as they are
  int64_t offset = 0;  // where in a value its number is
  int64_t multiply_by = 1;
  int64_t divide_by = 1;
  int64_t max = std::numeric_limits<int64_t>::max();
  std::string_view unit = "microseconds";
};

Scaling ToMicroseconds(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {.stride = 8, .multiply_by = 1'000'000};
    case arrow::TimeUnit::MILLI:
      return {.stride = 8, .multiply_by = 1'000};
    case arrow::TimeUnit::NANO:
      return {.stride = 8, .divide_by = 1'000};
    case arrow::TimeUnit::MICRO:
      break;
  }
  return {};
}

Scaling ScalingOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::TIMESTAMP:
      return HasTimeZone(type)
                 ? ToMicroseconds(static_cast<const arrow::TimestampType&>(type).unit())
                 : Scaling{};
    case Type::DURATION:
      return ToMicroseconds(static_cast<const arrow::DurationType&>(type).unit());
    case Type::INTERVAL_MONTH_DAY_NANO:
      return {.stride = 16, .offset = 8, .divide_by = 1'000};
    case Type::DATE64:
      return {.stride = 8,
              .divide_by = 86'400'000,
              .max = std::numeric_limits<int32_t>::max(),
              .unit = "days of 32 bits"};
    default:
      return {};
  }
}

bool IsTooLarge(int64_t number, const Scaling& scaling) {
  int64_t scaled = 0;
  if (__builtin_mul_overflow(number, scaling.multiply_by, &scaled)) return true;
  scaled /= scaling.divide_by;
  return scaled > scaling.max || scaled < -scaling.max;
}

arrow::Status CheckNumbers(const arrow::ArrayData& array, const Scaling& scaling) {
  const uint8_t* numbers =
      array.buffers[1]->data() + array.offset * scaling.stride + scaling.offset;
  for (int64_t i = 0; i < array.length; ++i) {
    int64_t number;
    std::memcpy(&number, numbers + i * scaling.stride, sizeof(number));
    const int64_t rest = number % scaling.divide_by;
    const bool too_large = IsTooLarge(number, scaling);
    if ((rest == 0 && !too_large) || !array.IsValid(i)) continue;
    std::ostringstream problem;
    problem << "the database keeps " << array.type->ToString() << " in " << scaling.unit
            << ", and row " << i << " has ";
    if (too_large) {
      problem << number << ", which is too large; send it as an integer";
    } else {
      problem << rest << (array.type->id() == Type::DATE64 ? " milli" : " nano")
              << "seconds more; round them, or send integers or, for a time, a timestamp "
                 "without a time zone";
    }
    return base::MakeStatus(ErrorKind::kInvalidArgument, problem.str());
  }
  return arrow::Status::OK();
}

}  // namespace

TypeResult StorableType(const TypePtr& type) {
  switch (type->id()) {
    case Type::HALF_FLOAT:
      return arrow::float32();
    // DuckDB reads its two numbers as one, of milliseconds.
    case Type::INTERVAL_DAY_TIME:
      return arrow::month_day_nano_interval();
    case Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::Decimal256Type&>(*type);
      if (decimal.precision() > 38) {
        return Refuse(*type, "its decimals have at most 38 digits");
      }
      return arrow::decimal128(decimal.precision(), decimal.scale());
    }
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      if (decimal.scale() < 0 || decimal.scale() > decimal.precision()) {
        return Refuse(*type, "a decimal's scale must be between 0 and its precision");
      }
      return type;
    }
    case Type::DENSE_UNION:
      return Refuse(*type, "send a sparse union");
    case Type::EXTENSION:
      return StorableExtension(type);
    case Type::DICTIONARY:
      ARROW_RETURN_NOT_OK(WithoutConversion(
          static_cast<const arrow::DictionaryType&>(*type).value_type()));
      return type;
    default:
      return type->num_fields() > 0 || type->id() == Type::STRUCT ? StorableNested(type)
                                                                  : TypeResult(type);
  }
}

arrow::Status CheckValuesAreStorable(const arrow::ArrayData& array) {
  const Scaling scaling = ScalingOf(*array.type);
  if (scaling.stride > 0 && array.buffers[1] != nullptr) {
    ARROW_RETURN_NOT_OK(CheckNumbers(array, scaling));
  }
  for (const auto& child : array.child_data) {
    if (child) ARROW_RETURN_NOT_OK(CheckValuesAreStorable(*child));
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ValidityFromZero(
    const arrow::Array& array) {
  if (array.null_count() == 0 || array.null_bitmap() == nullptr) return nullptr;
  return arrow::internal::CopyBitmap(arrow::default_memory_pool(),
                                     array.null_bitmap_data(), array.offset(),
                                     array.length());
}

}  // namespace pintail::engine
