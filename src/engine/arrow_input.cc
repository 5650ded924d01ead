#include "engine/arrow_input.h"

#include <set>
#include <string>
#include <utility>

#include "arrow/array.h"
#include "arrow/c/bridge.h"
#include "arrow/util/decimal.h"
#include "arrow/util/float16.h"
#include "base/error.h"
#include "duckdb/common/string_util.hpp"
#include "duckdb/function/table/arrow/arrow_duck_schema.hpp"
#include "engine/error_translation.h"
#include "engine/storable_type.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using ArrayResult = arrow::Result<std::shared_ptr<arrow::Array>>;

ArrayResult WidenHalfFloats(const arrow::Array& array) {
  const auto& halves = static_cast<const arrow::HalfFloatArray&>(array);
  ARROW_ASSIGN_OR_RAISE(auto buffer,
                        arrow::AllocateBuffer(array.length() * int64_t{sizeof(float)}));
  auto* values = reinterpret_cast<float*>(buffer->mutable_data());
  for (int64_t i = 0; i < array.length(); ++i) {
    values[i] = arrow::util::Float16::FromBits(halves.Value(i)).ToFloat();
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, ValidityFromZero(array));
  return std::make_shared<arrow::FloatArray>(array.length(), std::move(buffer),
                                             std::move(valid), array.null_count());
}

ArrayResult WidenDayTimes(const arrow::Array& array) {
  using Interval = arrow::MonthDayNanoIntervalType::MonthDayNanos;
  const auto& day_times = static_cast<const arrow::DayTimeIntervalArray&>(array);
  ARROW_ASSIGN_OR_RAISE(
      auto buffer, arrow::AllocateBuffer(array.length() * int64_t{sizeof(Interval)}));
  auto* intervals = reinterpret_cast<Interval*>(buffer->mutable_data());
  for (int64_t i = 0; i < array.length(); ++i) {
    const auto [days, milliseconds] = day_times.GetValue(i);
    intervals[i] = {
        .months = 0, .days = days, .nanoseconds = int64_t{milliseconds} * 1'000'000};
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, ValidityFromZero(array));
  return std::make_shared<arrow::MonthDayNanoIntervalArray>(
      array.length(), std::move(buffer), std::move(valid), array.null_count());
}

ArrayResult NarrowDecimals(const arrow::Array& array,
                           const std::shared_ptr<arrow::DataType>& type) {
  const auto& wide = static_cast<const arrow::Decimal256Array&>(array);
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(array.length() * 16));
  uint8_t* values = buffer->mutable_data();
  for (int64_t i = 0; i < array.length(); ++i) {
    // The lower half of a number of at most 38 digits is the number.
    std::memcpy(values + 16 * i, wide.GetValue(i), 16);
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, ValidityFromZero(array));
  return std::make_shared<arrow::Decimal128Array>(type, array.length(), std::move(buffer),
                                                  std::move(valid), array.null_count());
}

ArrayResult StorableArray(const std::shared_ptr<arrow::Array>& array,
                          const arrow::Field& field) {
  if (!array->type()->Equals(*field.type())) {
    if (array->type_id() == arrow::Type::HALF_FLOAT) return WidenHalfFloats(*array);
    if (array->type_id() == arrow::Type::INTERVAL_DAY_TIME) return WidenDayTimes(*array);
    if (array->type_id() == arrow::Type::DECIMAL256) {
      return NarrowDecimals(*array, field.type());
    }
    return base::MakeError(ErrorKind::kInvalidArgument, "column \"", field.name(),
                           "\" has the type ", array->type()->ToString(),
                           " in this batch, but ", field.type()->ToString(),
                           " in the schema; send all batches in one schema");
  }
  const arrow::Status storable = CheckValuesAreStorable(*array->data());
  if (!storable.ok()) {
    return base::WithContext(storable, "column \"" + field.name() + "\"");
  }
  return array;
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Schema>> StorableSchema(
    const arrow::Schema& schema) {
  std::set<std::string> names;
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    if (!names.insert(duckdb::StringUtil::Lower(field->name())).second) {
      return base::MakeError(
          ErrorKind::kInvalidArgument, "two columns are called \"", field->name(),
          "\" (upper and lower case are the same in SQL); rename one of them");
    }
    auto type = StorableType(field->type());
    if (!type.ok()) {
      return base::WithContext(type.status(), "column \"" + field->name() + "\"");
    }
    fields.push_back(field->WithType(*type));
  }
  return arrow::schema(std::move(fields));
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> StorableBatch(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& storable) {
  if (batch.num_columns() != storable->num_fields()) {
    return base::MakeError(ErrorKind::kInvalidArgument, "a batch has ",
                           batch.num_columns(), " columns, but the schema has ",
                           storable->num_fields(), "; send all batches in one schema");
  }
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto column,
                          StorableArray(batch.column(i), *storable->field(i)));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(storable, batch.num_rows(), std::move(columns));
}

arrow::Result<std::unique_ptr<ArrowInput>> ArrowInput::Make(
    duckdb::ClientContext& context, const arrow::Schema& storable) {
  auto input = std::unique_ptr<ArrowInput>(new ArrowInput);
  duckdb::ArrowSchemaWrapper exported;
  ARROW_RETURN_NOT_OK(arrow::ExportSchema(
      storable, reinterpret_cast<struct ArrowSchema*>(&exported.arrow_schema)));
  ARROW_RETURN_NOT_OK(Guarded([&]() -> arrow::Status {
    duckdb::ArrowTableFunction::PopulateArrowTableSchema(context, input->columns_,
                                                         exported.arrow_schema);
    input->types_ = input->columns_.GetTypes();
    return arrow::Status::OK();
  }));
  return input;
}

duckdb::shared_ptr<duckdb::ArrowArrayWrapper> ExportForDuckDb(
    const arrow::RecordBatch& batch) {
  auto exported = duckdb::make_shared_ptr<duckdb::ArrowArrayWrapper>();
  auto status = arrow::ExportRecordBatch(
      batch, reinterpret_cast<struct ArrowArray*>(&exported->arrow_array));
  if (!status.ok()) throw duckdb::InvalidInputException(status.message());
  return exported;
}

void ArrowInput::Read(duckdb::ClientContext& context, const arrow::RecordBatch& batch,
                      duckdb::DataChunk& chunk) const {
  const auto exported = ExportForDuckDb(batch);
  const auto rows = static_cast<duckdb::idx_t>(batch.num_rows());
  chunk.SetCardinality(rows);
  for (duckdb::idx_t i = 0; i < types_.size(); ++i) {
    duckdb::ArrowArrayScanState state(context);
    state.owned_data = exported;
    ReadColumn(*exported, i, 0, state, chunk.data[i], rows);
  }
}

void ArrowInput::ReadColumn(duckdb::ArrowArrayWrapper& batch, duckdb::idx_t column,
                            duckdb::idx_t from, duckdb::ArrowArrayScanState& state,
                            duckdb::Vector& vector, duckdb::idx_t rows) const {
  using duckdb::ArrowToDuckDBConversion;
  auto& array = *batch.arrow_array.children[column];
  const auto& type = *columns_.GetColumns().at(column);
  switch (type.GetPhysicalType()) {
    case duckdb::ArrowArrayPhysicalType::DICTIONARY_ENCODED:
      ArrowToDuckDBConversion::ColumnArrowToDuckDBDictionary(vector, array, from, state,
                                                             rows, type);
      break;
    case duckdb::ArrowArrayPhysicalType::RUN_END_ENCODED:
      ArrowToDuckDBConversion::ColumnArrowToDuckDBRunEndEncoded(vector, array, from,
                                                                state, rows, type);
      break;
    default:
      ArrowToDuckDBConversion::SetValidityMask(vector, array, from, rows,
                                               batch.arrow_array.offset, -1);
      ArrowToDuckDBConversion::ColumnArrowToDuckDB(vector, array, from, state, rows,
                                                   type);
  }
}

}  // namespace pintail::engine
