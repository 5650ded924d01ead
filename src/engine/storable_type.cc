#include "engine/storable_type.h"

#include <cstring>
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

// Bytes from one value's nanoseconds to the next, or 0 when the type has none that DuckDB
// would round; `offset` is where in a value they are.
int64_t NanosecondStride(const arrow::DataType& type, int64_t* offset) {
  *offset = 0;
  switch (type.id()) {
    case Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).unit() ==
              arrow::TimeUnit::NANO &&
          HasTimeZone(type)) {
        return 8;
      }
      return 0;
    case Type::DURATION:
      return static_cast<const arrow::DurationType&>(type).unit() == arrow::TimeUnit::NANO
                 ? 8
                 : 0;
    case Type::INTERVAL_MONTH_DAY_NANO:
      *offset = 8;
      return 16;
    default:
      return 0;
  }
}

}  // namespace

TypeResult StorableType(const TypePtr& type) {
  switch (type->id()) {
    case Type::HALF_FLOAT:
      return arrow::float32();
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

arrow::Status CheckNothingIsRounded(const arrow::ArrayData& array,
                                    const std::string& column) {
  int64_t offset = 0;
  const int64_t stride = NanosecondStride(*array.type, &offset);
  if (stride > 0 && array.buffers[1] != nullptr) {
    const uint8_t* values = array.buffers[1]->data() + array.offset * stride + offset;
    for (int64_t i = 0; i < array.length; ++i) {
      int64_t nanos;
      std::memcpy(&nanos, values + i * stride, sizeof(nanos));
      if (nanos % 1'000 != 0 && array.IsValid(i)) {
        return base::MakeError(
            ErrorKind::kInvalidArgument, "column \"", column, "\": the database keeps ",
            array.type->ToString(), " in microseconds, and row ", i, " has ",
            nanos % 1'000,
            " nanoseconds more; round them, or send integers or, for a time, a timestamp "
            "without a time zone");
      }
    }
  }
  for (const auto& child : array.child_data) {
    if (child) ARROW_RETURN_NOT_OK(CheckNothingIsRounded(*child, column));
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
