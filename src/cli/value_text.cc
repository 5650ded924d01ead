#include "cli/value_text.h"

#include <chrono>
#include <cmath>
#include <format>

#include "arrow/array/array_decimal.h"
#include "arrow/array/array_dict.h"
#include "arrow/array/array_nested.h"
#include "arrow/array/array_primitive.h"
#include "arrow/array/array_run_end.h"
#include "arrow/extension_type.h"
#include "arrow/scalar.h"
#include "arrow/type_traits.h"
#include "arrow/util/decimal.h"
#include "arrow/visit_array_inline.h"
#include "arrow/visit_type_inline.h"
#include "columnar/cell_text.h"
#include "columnar/temporal_text.h"

namespace pintail::cli {
namespace {

// The fraction of a second without the zeros at its end: ".5", or nothing.
std::string Fraction(int64_t nanoseconds) {
  if (nanoseconds == 0) return "";
  std::string digits = std::format(".{:09}", nanoseconds);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

std::string DateText(std::chrono::sys_days day) {
  const std::chrono::year_month_day date(day);
  return std::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

struct Units {
  int64_t per_second;
  int64_t nanoseconds;
};

Units UnitsOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {1, 1'000'000'000};
    case arrow::TimeUnit::MILLI:
      return {1'000, 1'000'000};
    case arrow::TimeUnit::MICRO:
      return {1'000'000, 1'000};
    case arrow::TimeUnit::NANO:
      return {1'000'000'000, 1};
  }
  return {1, 1};
}

std::string TimeText(int64_t value, arrow::TimeUnit::type unit) {
  const Units units = UnitsOf(unit);
  const int64_t seconds = value / units.per_second;
  return std::format("{:02}:{:02}:{:02}{}", seconds / 3'600, seconds / 60 % 60,
                     seconds % 60,
                     Fraction(value % units.per_second * units.nanoseconds));
}

std::string TimestampText(int64_t value, const arrow::TimestampType& type) {
  const Units units = UnitsOf(type.unit());
  int64_t part = value % units.per_second;
  if (part < 0) part += units.per_second;
  const std::chrono::sys_seconds second{
      std::chrono::seconds((value - part) / units.per_second)};
  const auto day = std::chrono::floor<std::chrono::days>(second);
  std::string text =
      DateText(day) + " " +
      TimeText((second - day).count() * units.per_second + part, type.unit());
  // The instant is kept in UTC whatever the zone it is to be shown in.
  return type.timezone().empty() ? text : text + "+00";
}

std::string BytesText(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte >= 0x20 && byte < 0x7f && c != '\\' ? std::string(1, c)
                                                     : std::format("\\x{:02X}", byte);
  }
  return text;
}

std::string UuidText(std::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += std::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return text;
}

std::string FloatText(double value, bool single) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return single ? std::format("{}", static_cast<float>(value)) : std::format("{}", value);
}

// Texts inside lists and structs are quoted, so that their commas cannot mislead.
std::string NestedText(const arrow::Array& array, int64_t row) {
  const std::string text = ValueText(array, row);
  const bool quote = arrow::is_base_binary_like(array.type_id()) && array.IsValid(row);
  return quote ? "'" + text + "'" : text;
}

std::string ElementsText(const arrow::Array& values, int64_t begin, int64_t end) {
  std::string text = "[";
  for (int64_t i = begin; i < end; ++i) {
    text += (i > begin ? ", " : "") + NestedText(values, i);
  }
  return text + "]";
}

struct Writer {
  int64_t row;
  std::string text;

  arrow::Status Visit(const arrow::BooleanArray& array) {
    text = array.Value(row) ? "true" : "false";
    return arrow::Status::OK();
  }
  template <typename T>
    requires arrow::is_integer_type<T>::value
  arrow::Status Visit(const arrow::NumericArray<T>& array) {
    text = std::to_string(array.Value(row));
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::FloatArray& array) {
    text = FloatText(array.Value(row), true);
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::DoubleArray& array) {
    text = FloatText(array.Value(row), false);
    return arrow::Status::OK();
  }
  template <typename T>
    requires(std::is_same_v<T, arrow::StringArray> ||
             std::is_same_v<T, arrow::LargeStringArray> ||
             std::is_same_v<T, arrow::StringViewArray>)
  arrow::Status Visit(const T& array) {
    text = array.GetView(row);
    return arrow::Status::OK();
  }
  template <typename T>
    requires(std::is_same_v<T, arrow::BinaryArray> ||
             std::is_same_v<T, arrow::LargeBinaryArray> ||
             std::is_same_v<T, arrow::BinaryViewArray> ||
             std::is_same_v<T, arrow::FixedSizeBinaryArray>)
  arrow::Status Visit(const T& array) {
    text = BytesText(array.GetView(row));
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::Decimal128Array& array) {
    text = array.FormatValue(row);
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::Date32Array& array) {
    if (!columnar::AppendInfiniteDate(array.Value(row), &text)) {
      text = DateText(std::chrono::sys_days(std::chrono::days(array.Value(row))));
    }
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::Time32Array& array) {
    text = TimeText(array.Value(row),
                    static_cast<const arrow::Time32Type&>(*array.type()).unit());
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::Time64Array& array) {
    text = TimeText(array.Value(row),
                    static_cast<const arrow::Time64Type&>(*array.type()).unit());
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::TimestampArray& array) {
    if (!columnar::AppendInfiniteTimestamp(array.Value(row), &text)) {
      text = TimestampText(array.Value(row),
                           static_cast<const arrow::TimestampType&>(*array.type()));
    }
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::MonthDayNanoIntervalArray& array) {
    const auto value = array.GetValue(row);
    if (value.months != 0) text += std::to_string(value.months) + " months ";
    if (value.days != 0) text += std::to_string(value.days) + " days ";
    const int64_t size = std::abs(value.nanoseconds);
    if (size != 0 || text.empty()) {
      text += (value.nanoseconds < 0 ? "-" : "") + TimeText(size, arrow::TimeUnit::NANO);
    }
    while (text.ends_with(' ')) text.pop_back();
    return arrow::Status::OK();
  }
  template <typename T>
    requires(std::is_same_v<T, arrow::ListArray> ||
             std::is_same_v<T, arrow::LargeListArray> ||
             std::is_same_v<T, arrow::FixedSizeListArray>)
  arrow::Status Visit(const T& array) {
    const int64_t begin = array.value_offset(row);
    text = ElementsText(*array.values(), begin, begin + array.value_length(row));
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::MapArray& array) {
    text = "{";
    const int64_t begin = array.value_offset(row);
    for (int64_t i = begin; i < begin + array.value_length(row); ++i) {
      text += (i > begin ? ", " : "") + NestedText(*array.keys(), i) + ": " +
              NestedText(*array.items(), i);
    }
    text += "}";
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::StructArray& array) {
    text = "{";
    for (int i = 0; i < array.num_fields(); ++i) {
      text += (i > 0 ? ", " : "") + array.type()->field(i)->name() + ": " +
              NestedText(*array.field(i), row);
    }
    text += "}";
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::DictionaryArray& array) {
    text = ValueText(*array.dictionary(), array.GetValueIndex(row));
    return arrow::Status::OK();
  }
  arrow::Status Visit(const arrow::ExtensionArray& array) {
    if (array.extension_type()->extension_name() == "arrow.opaque") {
      ARROW_ASSIGN_OR_RAISE(const auto cell, columnar::MakeCellText(array));
      cell->AppendText(row, &text);
      return arrow::Status::OK();
    }
    text = ValueText(*array.storage(), row);
    if (array.extension_type()->extension_name() == "arrow.uuid") {
      text = UuidText(
          static_cast<const arrow::FixedSizeBinaryArray&>(*array.storage()).GetView(row));
    }
    return arrow::Status::OK();
  }
  // Types that no column of a result has.
  arrow::Status Visit(const arrow::Array& array) {
    ARROW_ASSIGN_OR_RAISE(const auto scalar, array.GetScalar(row));
    text = scalar->ToString();
    return arrow::Status::OK();
  }
};

}  // namespace

std::string ValueText(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "NULL";
  Writer writer{.row = row, .text = {}};
  const arrow::Status status = arrow::VisitArrayInline(array, &writer);
  return status.ok() ? writer.text : "?";
}

std::string TypeText(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "boolean";
    case arrow::Type::INT8:
      return "tinyint";
    case arrow::Type::INT16:
      return "smallint";
    case arrow::Type::INT32:
      return "integer";
    case arrow::Type::INT64:
      return "bigint";
    case arrow::Type::UINT8:
      return "utinyint";
    case arrow::Type::UINT16:
      return "usmallint";
    case arrow::Type::UINT32:
      return "uinteger";
    case arrow::Type::UINT64:
      return "ubigint";
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return "varchar";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return "blob";
    case arrow::Type::DATE32:
      return "date";
    case arrow::Type::TIME64:
      return "time";
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).timezone().empty()
                 ? "timestamp"
                 : "timestamptz";
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return "interval";
    case arrow::Type::LIST:
      return TypeText(*static_cast<const arrow::ListType&>(type).value_type()) + "[]";
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListType&>(type);
      return TypeText(*list.value_type()) + "[" + std::to_string(list.list_size()) + "]";
    }
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      const std::string name = extension.extension_name();
      return name.starts_with("arrow.") ? name.substr(6) : name;
    }
    default:
      return type.ToString();
  }
}

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}

}  // namespace pintail::cli
