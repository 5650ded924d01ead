// The SQL types that there are, in the terms of ODBC and JDBC.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_nested.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/record_batch.h"
#include "arrow/table_builder.h"
#include "flight/commands/commands.h"
#include "flight/result_stream.h"

namespace pintail::flight::commands {
namespace {

// ODBC's codes (sql.h, sqlext.h), which Flight SQL's XdbcDataType takes over.
enum Odbc : int32_t {
  kChar = 1,
  kNumeric = 2,
  kInteger = 4,
  kSmallInt = 5,
  kReal = 7,
  kDouble = 8,
  kDateTime = 9,
  kInterval = 10,
  kVarchar = 12,
  kDate = 91,
  kTime = 92,
  kTimestamp = 93,
  kLongVarchar = -1,
  kVarbinary = -3,
  kBigInt = -5,
  kTinyInt = -6,
  kBit = -7,
};

constexpr int32_t kMaxLength = 2'147'483'647;

struct SqlType {
  std::string_view name;
  int32_t data_type;
  std::optional<int32_t> column_size;
  std::string_view quotes;  // around a literal; empty: none
  std::vector<std::string_view> create_params = {};
  bool case_sensitive = false;
  bool searchable_by_like = false;
  std::optional<bool> is_unsigned = {};
  std::optional<int32_t> minimum_scale = {};
  std::optional<int32_t> maximum_scale = {};
  std::optional<int32_t> sql_data_type = {};  // unset: as data_type
  std::optional<int32_t> datetime_subcode = {};
  std::optional<int32_t> radix = {};
};

SqlType Whole(std::string_view name, int32_t type, int32_t digits, bool is_unsigned) {
  return {.name = name,
          .data_type = type,
          .column_size = digits,
          .is_unsigned = is_unsigned,
          .minimum_scale = 0,
          .maximum_scale = 0,
          .radix = 10};
}

SqlType Text(std::string_view name, int32_t type) {
  return {.name = name,
          .data_type = type,
          .column_size = kMaxLength,
          .quotes = "'",
          .case_sensitive = true,
          .searchable_by_like = true};
}

SqlType Moment(std::string_view name, int32_t type, int32_t size, int32_t digits,
               int32_t subcode) {
  return {.name = name,
          .data_type = type,
          .column_size = size,
          .quotes = "'",
          .minimum_scale = 0,
          .maximum_scale = digits,
          .sql_data_type = kDateTime,
          .datetime_subcode = subcode};
}

SqlType Nested(std::string_view name) { return {.name = name, .data_type = kVarchar}; }

// Ordered by code, and within one the nearest to it first, as both standards want.
std::vector<SqlType> AllTypes() {
  return {
      {.name = "BOOLEAN", .data_type = kBit, .column_size = 1},
      Whole("TINYINT", kTinyInt, 3, false),
      Whole("UTINYINT", kTinyInt, 3, true),
      Whole("BIGINT", kBigInt, 19, false),
      Whole("UBIGINT", kBigInt, 20, true),
      {.name = "BLOB", .data_type = kVarbinary, .column_size = kMaxLength, .quotes = "'"},
      Text("JSON", kLongVarchar),
      {.name = "UUID", .data_type = kChar, .column_size = 36, .quotes = "'"},
      {.name = "DECIMAL",
       .data_type = kNumeric,
       .column_size = 38,
       .create_params = {"precision", "scale"},
       .is_unsigned = false,
       .minimum_scale = 0,
       .maximum_scale = 38,
       .radix = 10},
      Whole("HUGEINT", kNumeric, 39, false),
      Whole("UHUGEINT", kNumeric, 39, true),
      {.name = "BIGNUM",
       .data_type = kNumeric,
       .is_unsigned = false,
       .minimum_scale = 0,
       .maximum_scale = 0,
       .radix = 10},
      Whole("INTEGER", kInteger, 10, false),
      Whole("UINTEGER", kInteger, 10, true),
      Whole("SMALLINT", kSmallInt, 5, false),
      Whole("USMALLINT", kSmallInt, 5, true),
      {.name = "FLOAT",
       .data_type = kReal,
       .column_size = 24,
       .is_unsigned = false,
       .radix = 2},
      {.name = "DOUBLE",
       .data_type = kDouble,
       .column_size = 53,
       .is_unsigned = false,
       .radix = 2},
      {.name = "INTERVAL", .data_type = kInterval, .quotes = "'"},
      Text("VARCHAR", kVarchar),
      // What the standards have no code for is shown as its text.
      {.name = "ENUM", .data_type = kVarchar, .column_size = kMaxLength, .quotes = "'"},
      Nested("LIST"),
      Nested("ARRAY"),
      Nested("STRUCT"),
      Nested("MAP"),
      Nested("UNION"),
      {.name = "BIT", .data_type = kVarchar, .column_size = kMaxLength, .quotes = "'"},
      Moment("DATE", kDate, 10, 0, 1),
      Moment("TIME", kTime, 15, 6, 2),
      Moment("TIME_NS", kTime, 18, 9, 2),
      Moment("TIME WITH TIME ZONE", kTime, 21, 6, 2),
      Moment("TIMESTAMP", kTimestamp, 26, 6, 3),
      Moment("TIMESTAMP WITH TIME ZONE", kTimestamp, 32, 6, 3),
      Moment("TIMESTAMP_NS", kTimestamp, 29, 9, 3),
      Moment("TIMESTAMP_MS", kTimestamp, 23, 3, 3),
      Moment("TIMESTAMP_S", kTimestamp, 19, 0, 3),
  };
}

// Appends to the columns of a batch in turn.
class Row {
 public:
  explicit Row(arrow::RecordBatchBuilder& builder) : builder_(builder) {}

  arrow::Status Add(std::optional<int32_t> value) {
    auto* column = builder_.GetFieldAs<arrow::Int32Builder>(column_++);
    return value ? column->Append(*value) : column->AppendNull();
  }
  arrow::Status AddText(std::string_view value) {
    auto* column = builder_.GetFieldAs<arrow::StringBuilder>(column_++);
    return value.empty() ? column->AppendNull() : column->Append(value);
  }
  arrow::Status AddFlag(std::optional<bool> value) {
    auto* column = builder_.GetFieldAs<arrow::BooleanBuilder>(column_++);
    return value ? column->Append(*value) : column->AppendNull();
  }
  arrow::Status AddTexts(const std::vector<std::string_view>& values) {
    auto* column = builder_.GetFieldAs<arrow::ListBuilder>(column_++);
    if (values.empty()) return column->AppendNull();
    ARROW_RETURN_NOT_OK(column->Append());
    auto* texts = static_cast<arrow::StringBuilder*>(column->value_builder());
    for (const std::string_view value : values) ARROW_RETURN_NOT_OK(texts->Append(value));
    return arrow::Status::OK();
  }

 private:
  arrow::RecordBatchBuilder& builder_;
  int column_ = 0;
};

arrow::Status Append(const SqlType& type, arrow::RecordBatchBuilder* builder) {
  constexpr int32_t kNullable = 1;
  constexpr int32_t kSearchableButByLike = 2;
  constexpr int32_t kSearchable = 3;
  Row row(*builder);
  ARROW_RETURN_NOT_OK(row.AddText(type.name));
  ARROW_RETURN_NOT_OK(row.Add(type.data_type));
  ARROW_RETURN_NOT_OK(row.Add(type.column_size));
  ARROW_RETURN_NOT_OK(row.AddText(type.quotes));
  ARROW_RETURN_NOT_OK(row.AddText(type.quotes));
  ARROW_RETURN_NOT_OK(row.AddTexts(type.create_params));
  ARROW_RETURN_NOT_OK(row.Add(kNullable));
  ARROW_RETURN_NOT_OK(row.AddFlag(type.case_sensitive));
  ARROW_RETURN_NOT_OK(
      row.Add(type.searchable_by_like ? kSearchable : kSearchableButByLike));
  ARROW_RETURN_NOT_OK(row.AddFlag(type.is_unsigned));
  ARROW_RETURN_NOT_OK(row.AddFlag(false));  // fixed precision and scale: a money type
  ARROW_RETURN_NOT_OK(
      row.AddFlag(type.is_unsigned ? std::optional(false) : std::nullopt));
  ARROW_RETURN_NOT_OK(row.AddText(type.name));
  ARROW_RETURN_NOT_OK(row.Add(type.minimum_scale));
  ARROW_RETURN_NOT_OK(row.Add(type.maximum_scale));
  ARROW_RETURN_NOT_OK(row.Add(type.sql_data_type.value_or(type.data_type)));
  ARROW_RETURN_NOT_OK(row.Add(type.datetime_subcode));
  ARROW_RETURN_NOT_OK(row.Add(type.radix));
  return row.Add(std::nullopt);  // interval precision
}

}  // namespace

StreamResult GetXdbcTypeInfo(const sql::GetXdbcTypeInfo& command) {
  const auto& schema = sql::SqlSchema::GetXdbcTypeInfoSchema();
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(
                                          schema, arrow::default_memory_pool()));
  for (const SqlType& type : AllTypes()) {
    if (command.data_type && *command.data_type != type.data_type) continue;
    ARROW_RETURN_NOT_OK(Append(type, builder.get()));
  }
  ARROW_ASSIGN_OR_RAISE(auto batch, builder->Flush());
  ARROW_ASSIGN_OR_RAISE(auto rows, arrow::RecordBatchReader::Make({batch}, schema));
  return StreamOf(std::move(rows));
}

}  // namespace pintail::flight::commands
