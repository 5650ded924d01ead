#include "columnar/exact_double.h"

#include "arrow/array.h"
#include "arrow/util/checked_cast.h"
#include "base/error.h"
#include "columnar/supertype.h"

namespace pintail::columnar {
namespace {

using arrow::Type;
using arrow::internal::checked_cast;

constexpr int64_t kMostExact = int64_t{1} << 53;

arrow::Status Refuse(const std::string& value, const std::string& name) {
  return base::MakeError(
      base::ErrorKind::kInvalidArgument, "column '", name,
      "' is double, which cannot hold ", value, " as it is (only up to ±", kMostExact,
      "); send doubles, or use the policy coerce to have such values rounded");
}

arrow::Status CheckSigned(const arrow::Int64Array& column, const std::string& name) {
  for (int64_t i = 0; i < column.length(); ++i) {
    const int64_t value = column.Value(i);
    if (value >= -kMostExact && value <= kMostExact) continue;
    if (column.IsValid(i)) return Refuse(std::to_string(value), name);
  }
  return arrow::Status::OK();
}

arrow::Status CheckUnsigned(const arrow::UInt64Array& column, const std::string& name) {
  for (int64_t i = 0; i < column.length(); ++i) {
    const uint64_t value = column.Value(i);
    if (value <= static_cast<uint64_t>(kMostExact)) continue;
    if (column.IsValid(i)) return Refuse(std::to_string(value), name);
  }
  return arrow::Status::OK();
}

}  // namespace

bool MayBeInexactAsDouble(const arrow::DataType& arriving) {
  const Type::type stored = StoredType(arriving.GetSharedPtr())->id();
  return stored == Type::INT64 || stored == Type::UINT64;
}

arrow::Status CheckExactAsDouble(const arrow::Array& column, const std::string& name) {
  switch (column.type_id()) {
    case Type::INT64:
      return CheckSigned(checked_cast<const arrow::Int64Array&>(column), name);
    case Type::UINT64:
      return CheckUnsigned(checked_cast<const arrow::UInt64Array&>(column), name);
    case Type::DICTIONARY:
      return CheckExactAsDouble(
          *checked_cast<const arrow::DictionaryArray&>(column).dictionary(), name);
    case Type::RUN_END_ENCODED:
      return CheckExactAsDouble(
          *checked_cast<const arrow::RunEndEncodedArray&>(column).values(), name);
    default:
      return arrow::Status::OK();
  }
}

}  // namespace pintail::columnar
