#include "engine/parameters.h"

#include <cmath>

#include "engine/arrow_input.h"
#include "engine/error_translation.h"
#include "engine/parameter_columns.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using duckdb::LogicalType;
using duckdb::Value;

std::vector<std::string> NamesOf(const std::vector<ExpectedParameter>& expected) {
  std::vector<std::string> names;
  for (const auto& parameter : expected) names.push_back(parameter.name);
  return names;
}

bool IsInteger(const LogicalType& type) {
  return type.IsIntegral() && type.id() != duckdb::LogicalTypeId::BIGNUM;
}

// The value in the expected type when it means the same there; else the value itself,
// whose type the statement is then planned for.
Value Fitted(Value value, const LogicalType& expected) {
  const auto& type = value.type();
  if (value.IsNull() || type == expected || !IsInteger(expected)) return value;
  const bool is_float = type.id() == duckdb::LogicalTypeId::DOUBLE ||
                        type.id() == duckdb::LogicalTypeId::FLOAT;
  if (is_float) {
    double number = value.GetValue<double>();
    if (!std::isfinite(number) || number != std::trunc(number)) return value;
  } else if (!IsInteger(type)) {
    return value;
  }
  Value fitted = value;
  return fitted.DefaultTryCastAs(expected, /*strict=*/true) ? fitted : value;
}

arrow::Result<ParameterValues> Convert(duckdb::ClientContext& context,
                                       const std::vector<ExpectedParameter>& expected,
                                       const ParameterRow& row) {
  ARROW_ASSIGN_OR_RAISE(auto columns,
                        MatchParameters(NamesOf(expected),
                                        row.batch ? row.batch->schema().get() : nullptr));
  ParameterValues values;
  if (expected.empty()) return values;
  // Two parameters may have one name here: they are matched already.
  arrow::FieldVector fields;
  for (int i = 0; i < row.batch->num_columns(); ++i) {
    const auto& type = row.batch->schema()->field(i)->type();
    fields.push_back(arrow::field("parameter " + std::to_string(i + 1), type));
  }
  ARROW_ASSIGN_OR_RAISE(auto storable, StorableSchema(arrow::Schema(fields)));
  ARROW_ASSIGN_OR_RAISE(auto batch,
                        StorableBatch(*row.batch->Slice(row.row, 1), storable));
  duckdb::DataChunk chunk;
  arrow::Status status;
  context.RunFunctionInTransaction(
      [&] {
        auto input = ArrowInput::Make(context, *storable);
        status = input.status();
        if (!status.ok()) return;
        chunk.Initialize(duckdb::Allocator::DefaultAllocator(), (*input)->types(), 1);
        (*input)->Read(context, *batch, chunk);
      },
      /*requires_valid_transaction=*/false);
  ARROW_RETURN_NOT_OK(status);
  for (size_t i = 0; i < expected.size(); ++i) {
    Value value = chunk.GetValue(static_cast<duckdb::idx_t>(columns[i]), 0);
    values.emplace(expected[i].name, duckdb::BoundParameterData(
                                         Fitted(std::move(value), expected[i].type)));
  }
  return values;
}

}  // namespace

arrow::Result<ParameterValues> BindParameters(
    duckdb::ClientContext& context, const std::vector<ExpectedParameter>& expected,
    const ParameterRow& row) {
  if (row.batch && (row.row < 0 || row.row >= row.batch->num_rows())) {
    return base::MakeError(ErrorKind::kInvalidArgument, "the parameters have ",
                           row.batch->num_rows(), " rows, so there is no row ", row.row);
  }
  return Guarded([&] { return Convert(context, expected, row); });
}

}  // namespace pintail::engine
