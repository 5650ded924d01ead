#include "backend/redis/value_text.h"

#include <charconv>
#include <type_traits>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_decimal.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/builder_time.h"
#include "arrow/extension_type.h"
#include "arrow/type_traits.h"
#include "arrow/util/decimal.h"
#include "arrow/util/utf8.h"
#include "arrow/visit_type_inline.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using base::MakeError;

arrow::Status NoText(const arrow::DataType& type) {
  return MakeError(ErrorKind::kUnimplemented, "a Redis hash cannot hold ",
                   type.ToString(), "; cast the column, to VARCHAR for example");
}

arrow::Status NoValue(std::string_view text, const arrow::DataType& type) {
  constexpr size_t kShown = 64;
  return MakeError(ErrorKind::kInvalidArgument, "'", text.substr(0, kShown),
                   text.size() > kShown ? "…" : "", "' is no value of ", type.ToString());
}

// Types whose values are numbers in memory; booleans are kept as words.
template <typename T>
concept Number = requires {
  typename T::c_type;
} && std::is_arithmetic_v<typename T::c_type> && !arrow::is_boolean_type<T>::value;

struct Writer {
  template <typename T>
  arrow::Status Visit(const T& type) {
    if constexpr (arrow::is_boolean_type<T>::value) {
      text = static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    } else if constexpr (Number<T>) {
      using Array = typename arrow::TypeTraits<T>::ArrayType;
      char digits[64];
      const auto [end, error] = std::to_chars(
          digits, digits + sizeof(digits), static_cast<const Array&>(array).Value(row));
      text.assign(digits, end);
    } else if constexpr (arrow::is_decimal128_type<T>::value) {
      text = static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    } else if constexpr (arrow::is_base_binary_type<T>::value ||
                         std::is_same_v<T, arrow::FixedSizeBinaryType>) {
      using Array = typename arrow::TypeTraits<T>::ArrayType;
      text = static_cast<const Array&>(array).GetView(row);
    } else {
      return NoText(type);
    }
    return arrow::Status::OK();
  }

  const arrow::Array& array;
  const int64_t row;
  std::string text;
};

struct Reader {
  template <typename T>
  arrow::Status Visit(const T& type) {
    using Builder = typename arrow::TypeTraits<T>::BuilderType;
    if constexpr (arrow::is_boolean_type<T>::value) {
      if (text != "true" && text != "false") return NoValue(text, type);
      return static_cast<Builder*>(builder)->Append(text == "true");
    } else if constexpr (Number<T>) {
      typename T::c_type value{};
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) {
        return NoValue(text, type);
      }
      return static_cast<Builder*>(builder)->Append(value);
    } else if constexpr (arrow::is_decimal128_type<T>::value) {
      int32_t precision = 0;
      int32_t scale = 0;
      arrow::Decimal128 number;
      if (!arrow::Decimal128::FromString(text, &number, &precision, &scale).ok()) {
        return NoValue(text, type);
      }
      const auto scaled = number.Rescale(scale, type.scale());
      if (!scaled.ok() || !scaled->FitsInPrecision(type.precision())) {
        return NoValue(text, type);
      }
      return static_cast<Builder*>(builder)->Append(*scaled);
    } else if constexpr (arrow::is_base_binary_type<T>::value) {
      arrow::util::InitializeUTF8();
      if (arrow::is_string_type<T>::value && !arrow::util::ValidateUTF8(text)) {
        return NoValue("(bytes that are not UTF-8)", type);
      }
      return static_cast<Builder*>(builder)->Append(text);
    } else if constexpr (std::is_same_v<T, arrow::FixedSizeBinaryType>) {
      if (text.size() != static_cast<size_t>(type.byte_width())) {
        return NoValue("(bytes of another length)", type);
      }
      return static_cast<Builder*>(builder)->Append(text);
    } else {
      return NoText(type);
    }
  }

  const std::string_view text;
  arrow::ArrayBuilder* const builder;
};

struct Nothing {
  template <typename T>
  arrow::Status Visit(const T&) {
    return arrow::Status::OK();
  }
};

template <typename Visitor>
arrow::Status VisitText(const arrow::DataType& type, Visitor* visitor) {
  switch (type.id()) {
#define PINTAIL_VISIT(ID, TYPE) \
  case arrow::Type::ID:         \
    return visitor->Visit(static_cast<const arrow::TYPE&>(type));
    PINTAIL_VISIT(BOOL, BooleanType)
    PINTAIL_VISIT(INT8, Int8Type)
    PINTAIL_VISIT(INT16, Int16Type)
    PINTAIL_VISIT(INT32, Int32Type)
    PINTAIL_VISIT(INT64, Int64Type)
    PINTAIL_VISIT(UINT8, UInt8Type)
    PINTAIL_VISIT(UINT16, UInt16Type)
    PINTAIL_VISIT(UINT32, UInt32Type)
    PINTAIL_VISIT(UINT64, UInt64Type)
    PINTAIL_VISIT(FLOAT, FloatType)
    PINTAIL_VISIT(DOUBLE, DoubleType)
    PINTAIL_VISIT(DATE32, Date32Type)
    PINTAIL_VISIT(DATE64, Date64Type)
    PINTAIL_VISIT(TIME32, Time32Type)
    PINTAIL_VISIT(TIME64, Time64Type)
    PINTAIL_VISIT(TIMESTAMP, TimestampType)
    PINTAIL_VISIT(DURATION, DurationType)
    PINTAIL_VISIT(DECIMAL128, Decimal128Type)
    PINTAIL_VISIT(STRING, StringType)
    PINTAIL_VISIT(LARGE_STRING, LargeStringType)
    PINTAIL_VISIT(BINARY, BinaryType)
    PINTAIL_VISIT(LARGE_BINARY, LargeBinaryType)
    PINTAIL_VISIT(FIXED_SIZE_BINARY, FixedSizeBinaryType)
#undef PINTAIL_VISIT
    default:
      return NoText(type);
  }
}

}  // namespace

arrow::Status CheckHasValueText(const arrow::DataType& type) {
  if (type.id() == arrow::Type::EXTENSION) {
    return CheckHasValueText(
        *static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  Nothing nothing;
  return VisitText(type, &nothing);
}

arrow::Result<std::string> ValueText(const arrow::Array& array, int64_t row) {
  if (array.type_id() == arrow::Type::EXTENSION) {
    return ValueText(*static_cast<const arrow::ExtensionArray&>(array).storage(), row);
  }
  Writer writer{array, row, ""};
  ARROW_RETURN_NOT_OK(VisitText(*array.type(), &writer));
  return std::move(writer.text);
}

arrow::Status AppendValueText(std::string_view text, arrow::ArrayBuilder* builder) {
  Reader reader{text, builder};
  return VisitText(*builder->type(), &reader);
}

}  // namespace pintail::backend
