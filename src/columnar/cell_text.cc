#include "columnar/cell_text.h"

#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/extension/opaque.h"
#include "arrow/extension_type.h"
#include "arrow/type_traits.h"
#include "arrow/util/decimal.h"
#include "arrow/util/float16.h"
#include "base/error.h"
#include "base/json_string.h"
#include "columnar/nested_cell_text.h"
#include "columnar/opaque_text.h"
#include "columnar/temporal_text.h"
#include "simdutf.h"

namespace pintail::columnar {
namespace {

using arrow::Type;
using std::string;

// A cell whose nulls are those of its array and whose JSON is made of its text. `Traits`
// says how: kBare as it is, kQuoted between quotes, kEscaped as a JSON string.
enum class JsonForm : uint8_t { kBare, kQuoted, kEscaped };

template <typename ArrayType, JsonForm kForm, typename Append>
class Simple final : public CellText {
 public:
  Simple(const arrow::Array& array, Append append)
      : array_(static_cast<const ArrayType&>(array)), append_(std::move(append)) {}

  bool IsNull(int64_t row) const override { return array_.IsNull(row); }
  void AppendText(int64_t row, string* out) const override { append_(array_, row, out); }
  void AppendJson(int64_t row, string* out) const override {
    if (array_.IsNull(row)) {
      out->append("null");
    } else if constexpr (kForm == JsonForm::kBare) {
      append_(array_, row, out);
    } else if constexpr (kForm == JsonForm::kQuoted) {
      out->push_back('"');
      append_(array_, row, out);
      out->push_back('"');
    } else {
      base::AppendJsonStringOfUtf8(array_.GetView(row), out);
    }
  }

 private:
  const ArrayType& array_;
  const Append append_;
};

template <typename ArrayType, JsonForm kForm, typename Append>
std::unique_ptr<CellText> MakeSimple(const arrow::Array& array, Append append) {
  return std::make_unique<Simple<ArrayType, kForm, Append>>(array, std::move(append));
}

template <typename ArrayType>
std::unique_ptr<CellText> MakeInteger(const arrow::Array& array) {
  return MakeSimple<ArrayType, JsonForm::kBare>(
      array, [](const ArrayType& a, int64_t row, string* out) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof(digits), a.Value(row)).ptr;
        out->append(digits, end);
      });
}

template <typename Real>
void AppendReal(Real value, string* out) {
  if (std::isnan(value)) {
    out->append("NaN");
    return;
  }
  if (std::isinf(value)) {
    out->append(value < 0 ? "-Infinity" : "Infinity");
    return;
  }
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  const std::string_view text(digits, static_cast<size_t>(end - digits));
  out->append(text);
  // Keeps whole numbers from being read back as integers.
  if (text.find_first_of(".e") == std::string_view::npos) out->append(".0");
}

// JSON has no word for NaN and infinities: they are strings there.
template <typename ArrayType, typename ValueOf>
class RealText final : public CellText {
 public:
  RealText(const arrow::Array& array, ValueOf value_of)
      : array_(static_cast<const ArrayType&>(array)), value_of_(value_of) {}
  bool IsNull(int64_t row) const override { return array_.IsNull(row); }
  void AppendText(int64_t row, string* out) const override {
    AppendReal(value_of_(array_, row), out);
  }
  void AppendJson(int64_t row, string* out) const override {
    if (array_.IsNull(row)) {
      out->append("null");
      return;
    }
    const auto value = value_of_(array_, row);
    if (std::isfinite(value)) {
      AppendReal(value, out);
      return;
    }
    out->push_back('"');
    AppendReal(value, out);
    out->push_back('"');
  }

 private:
  const ArrayType& array_;
  const ValueOf value_of_;
};

template <typename ArrayType>
std::unique_ptr<CellText> MakeReal(const arrow::Array& array) {
  const auto value_of = [](const ArrayType& a, int64_t row) { return a.Value(row); };
  return std::make_unique<RealText<ArrayType, decltype(value_of)>>(array, value_of);
}

std::unique_ptr<CellText> MakeHalf(const arrow::Array& array) {
  const auto value_of = [](const arrow::HalfFloatArray& a, int64_t row) {
    return arrow::util::Float16::FromBits(a.Value(row)).ToFloat();
  };
  return std::make_unique<RealText<arrow::HalfFloatArray, decltype(value_of)>>(array,
                                                                               value_of);
}

template <typename ArrayType>
std::unique_ptr<CellText> MakeText(const arrow::Array& array) {
  return MakeSimple<ArrayType, JsonForm::kEscaped>(
      array,
      [](const ArrayType& a, int64_t row, string* out) { out->append(a.GetView(row)); });
}

template <typename ArrayType>
std::unique_ptr<CellText> MakeBinary(const arrow::Array& array) {
  return MakeSimple<ArrayType, JsonForm::kQuoted>(
      array, [](const ArrayType& a, int64_t row, string* out) {
        const std::string_view bytes = a.GetView(row);
        const size_t begin = out->size();
        out->resize(begin + simdutf::base64_length_from_binary(bytes.size()));
        simdutf::binary_to_base64(bytes.data(), bytes.size(), out->data() + begin);
      });
}

template <typename ArrayType, typename Value>
std::unique_ptr<CellText> MakeDecimal(const arrow::Array& array) {
  const int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  return MakeSimple<ArrayType, JsonForm::kQuoted>(
      array, [scale](const ArrayType& a, int64_t row, string* out) {
        AppendDecimal(Value(a.GetValue(row)).ToIntegerString(), scale, out);
      });
}

template <typename ArrayType>
std::unique_ptr<CellText> MakeTime(const arrow::Array& array) {
  const auto unit = static_cast<const arrow::TimeType&>(*array.type()).unit();
  return MakeSimple<ArrayType, JsonForm::kQuoted>(
      array, [unit](const ArrayType& a, int64_t row, string* out) {
        AppendTimeOfDay(a.Value(row), unit, out);
      });
}

std::unique_ptr<CellText> MakeTimestamp(const arrow::Array& array) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  return MakeSimple<arrow::TimestampArray, JsonForm::kQuoted>(
      array, [unit = type.unit(), has_zone = !type.timezone().empty()](
                 const arrow::TimestampArray& a, int64_t row, string* out) {
        if (AppendInfiniteTimestamp(a.Value(row), out)) return;
        AppendTimestamp(a.Value(row), unit, has_zone, out);
      });
}

std::unique_ptr<CellText> MakeDuration(const arrow::Array& array) {
  const auto unit = static_cast<const arrow::DurationType&>(*array.type()).unit();
  return MakeSimple<arrow::DurationArray, JsonForm::kQuoted>(
      array, [unit](const arrow::DurationArray& a, int64_t row, string* out) {
        AppendDuration(a.Value(row), unit, out);
      });
}

// "550e8400-e29b-41d4-a716-446655440000".
void AppendUuid(std::string_view bytes, string* out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out->push_back('-');
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out->push_back(kDigits[byte >> 4]);
    out->push_back(kDigits[byte & 15]);
  }
}

// An extension value is what it is stored as, but for the few that have a text of their
// own. The storage array lives here.
class ExtensionText final : public CellText {
 public:
  ExtensionText(std::shared_ptr<arrow::Array> storage, std::unique_ptr<CellText> text)
      : storage_(std::move(storage)), text_(std::move(text)) {}
  bool IsNull(int64_t row) const override { return text_->IsNull(row); }
  void AppendText(int64_t row, string* out) const override {
    text_->AppendText(row, out);
  }
  void AppendJson(int64_t row, string* out) const override {
    text_->AppendJson(row, out);
  }

 private:
  const std::shared_ptr<arrow::Array> storage_;
  const std::unique_ptr<CellText> text_;
};

template <typename Append>
std::unique_ptr<CellText> MakeOpaqueBytes(const arrow::Array& bytes, Append append) {
  const auto make = [&]<typename ArrayType>() {
    return MakeSimple<ArrayType, JsonForm::kQuoted>(
        bytes, [append](const ArrayType& a, int64_t row, string* out) {
          append(a.GetView(row), out);
        });
  };
  switch (bytes.type_id()) {
    case Type::BINARY:
      return make.template operator()<arrow::BinaryArray>();
    case Type::FIXED_SIZE_BINARY:
      return make.template operator()<arrow::FixedSizeBinaryArray>();
    default:
      return nullptr;
  }
}

// DuckDB's own types by their texts; null for what is none of them or stored otherwise.
arrow::Result<std::unique_ptr<CellText>> MakeOpaque(
    const arrow::extension::OpaqueType& type, const arrow::Array& bytes) {
  if (type.vendor_name() != "DuckDB") return nullptr;
  if (type.type_name() == "bit") return MakeOpaqueBytes(bytes, AppendBitString);
  if (type.type_name() == "time_tz") return MakeOpaqueBytes(bytes, AppendTimeWithOffset);
  if (type.type_name() != "bignum") return nullptr;
  if (bytes.type_id() == Type::BINARY) {
    const auto& values = static_cast<const arrow::BinaryArray&>(bytes);
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.value_length(i) <= kMaxBigNumberBytes) continue;
      return base::MakeError(base::ErrorKind::kUnimplemented, "a BIGNUM of ",
                             values.value_length(i), " bytes is not written as text, of ",
                             kMaxBigNumberBytes,
                             " bytes at most; cast it in the statement, to VARCHAR or "
                             "DOUBLE");
    }
  }
  return MakeOpaqueBytes(bytes, AppendBigNumber);
}

arrow::Result<std::unique_ptr<CellText>> MakeExtension(const arrow::Array& array) {
  const auto& extension = static_cast<const arrow::ExtensionArray&>(array);
  const auto name =
      static_cast<const arrow::ExtensionType&>(*array.type()).extension_name();
  std::shared_ptr<arrow::Array> storage = extension.storage();
  std::unique_ptr<CellText> text;
  if (name == "arrow.uuid" && storage->type_id() == Type::FIXED_SIZE_BINARY) {
    text = MakeSimple<arrow::FixedSizeBinaryArray, JsonForm::kQuoted>(
        *storage, [](const arrow::FixedSizeBinaryArray& a, int64_t row, string* out) {
          AppendUuid(a.GetView(row), out);
        });
  } else if (name == "arrow.bool8" && storage->type_id() == Type::INT8) {
    text = MakeSimple<arrow::Int8Array, JsonForm::kBare>(
        *storage, [](const arrow::Int8Array& a, int64_t row, string* out) {
          out->append(a.Value(row) != 0 ? "true" : "false");
        });
  } else if (name == "arrow.opaque") {
    ARROW_ASSIGN_OR_RAISE(
        text, MakeOpaque(static_cast<const arrow::extension::OpaqueType&>(*array.type()),
                         *storage));
  }
  if (!text) {
    ARROW_ASSIGN_OR_RAISE(text, MakeCellText(*storage));
  }
  return std::make_unique<ExtensionText>(std::move(storage), std::move(text));
}

std::unique_ptr<CellText> MakeNull(const arrow::Array& array) {
  return MakeSimple<arrow::Array, JsonForm::kBare>(
      array, [](const arrow::Array&, int64_t, string* out) { out->append("null"); });
}

std::unique_ptr<CellText> MakeBoolean(const arrow::Array& array) {
  return MakeSimple<arrow::BooleanArray, JsonForm::kBare>(
      array, [](const arrow::BooleanArray& a, int64_t row, string* out) {
        out->append(a.Value(row) ? "true" : "false");
      });
}

template <typename ArrayType>
std::unique_ptr<CellText> MakeDate(const arrow::Array& array, int64_t per_day) {
  return MakeSimple<ArrayType, JsonForm::kQuoted>(
      array, [per_day](const ArrayType& a, int64_t row, string* out) {
        const int64_t value = a.Value(row);
        const int64_t days = value / per_day - (value % per_day < 0 ? 1 : 0);
        if (AppendInfiniteDate(days, out)) return;
        AppendDate(days, out);
      });
}

std::unique_ptr<CellText> MakeMonths(const arrow::Array& array) {
  return MakeSimple<arrow::MonthIntervalArray, JsonForm::kQuoted>(
      array, [](const arrow::MonthIntervalArray& a, int64_t row, string* out) {
        AppendInterval(a.Value(row), 0, 0, out);
      });
}

std::unique_ptr<CellText> MakeDayTime(const arrow::Array& array) {
  return MakeSimple<arrow::DayTimeIntervalArray, JsonForm::kQuoted>(
      array, [](const arrow::DayTimeIntervalArray& a, int64_t row, string* out) {
        const auto value = a.GetValue(row);
        AppendInterval(0, value.days, value.milliseconds * int64_t{1'000'000}, out);
      });
}

std::unique_ptr<CellText> MakeMonthDayNano(const arrow::Array& array) {
  return MakeSimple<arrow::MonthDayNanoIntervalArray, JsonForm::kQuoted>(
      array, [](const arrow::MonthDayNanoIntervalArray& a, int64_t row, string* out) {
        const auto value = a.GetValue(row);
        AppendInterval(value.months, value.days, value.nanoseconds, out);
      });
}

}  // namespace

arrow::Result<std::unique_ptr<CellText>> MakeCellText(const arrow::Array& array) {
  switch (array.type_id()) {
    case Type::NA:
      return MakeNull(array);
    case Type::BOOL:
      return MakeBoolean(array);
    case Type::INT8:
      return MakeInteger<arrow::Int8Array>(array);
    case Type::INT16:
      return MakeInteger<arrow::Int16Array>(array);
    case Type::INT32:
      return MakeInteger<arrow::Int32Array>(array);
    case Type::INT64:
      return MakeInteger<arrow::Int64Array>(array);
    case Type::UINT8:
      return MakeInteger<arrow::UInt8Array>(array);
    case Type::UINT16:
      return MakeInteger<arrow::UInt16Array>(array);
    case Type::UINT32:
      return MakeInteger<arrow::UInt32Array>(array);
    case Type::UINT64:
      return MakeInteger<arrow::UInt64Array>(array);
    case Type::HALF_FLOAT:
      return MakeHalf(array);
    case Type::FLOAT:
      return MakeReal<arrow::FloatArray>(array);
    case Type::DOUBLE:
      return MakeReal<arrow::DoubleArray>(array);
    case Type::DECIMAL32:
      return MakeDecimal<arrow::Decimal32Array, arrow::Decimal32>(array);
    case Type::DECIMAL64:
      return MakeDecimal<arrow::Decimal64Array, arrow::Decimal64>(array);
    case Type::DECIMAL128:
      return MakeDecimal<arrow::Decimal128Array, arrow::Decimal128>(array);
    case Type::DECIMAL256:
      return MakeDecimal<arrow::Decimal256Array, arrow::Decimal256>(array);
    case Type::STRING:
      return MakeText<arrow::StringArray>(array);
    case Type::LARGE_STRING:
      return MakeText<arrow::LargeStringArray>(array);
    case Type::STRING_VIEW:
      return MakeText<arrow::StringViewArray>(array);
    case Type::BINARY:
      return MakeBinary<arrow::BinaryArray>(array);
    case Type::LARGE_BINARY:
      return MakeBinary<arrow::LargeBinaryArray>(array);
    case Type::BINARY_VIEW:
      return MakeBinary<arrow::BinaryViewArray>(array);
    case Type::FIXED_SIZE_BINARY:
      return MakeBinary<arrow::FixedSizeBinaryArray>(array);
    case Type::DATE32:
      return MakeDate<arrow::Date32Array>(array, 1);
    case Type::DATE64:
      return MakeDate<arrow::Date64Array>(array, 86'400'000);
    case Type::TIME32:
      return MakeTime<arrow::Time32Array>(array);
    case Type::TIME64:
      return MakeTime<arrow::Time64Array>(array);
    case Type::TIMESTAMP:
      return MakeTimestamp(array);
    case Type::DURATION:
      return MakeDuration(array);
    case Type::INTERVAL_MONTHS:
      return MakeMonths(array);
    case Type::INTERVAL_DAY_TIME:
      return MakeDayTime(array);
    case Type::INTERVAL_MONTH_DAY_NANO:
      return MakeMonthDayNano(array);
    case Type::EXTENSION:
      return MakeExtension(array);
    default:
      return MakeNestedCellText(array);
  }
}

}  // namespace pintail::columnar
