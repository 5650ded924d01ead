#include "engine/parameters.h"

#include <algorithm>
#include <cmath>

#include "duckdb/common/string_util.hpp"
#include "engine/arrow_input.h"
#include "engine/error_translation.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using duckdb::LogicalType;
using duckdb::Value;

bool IsPosition(const std::string& name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

std::string Names(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// For each parameter the number of its column in the batch.
arrow::Result<std::vector<int>> MatchColumns(
    const std::vector<ExpectedParameter>& expected, const ParameterRow& row) {
  const int given = row.batch ? row.batch->num_columns() : 0;
  if (static_cast<size_t>(given) != expected.size()) {
    std::vector<std::string> wanted;
    for (const auto& parameter : expected) wanted.push_back("$" + parameter.name);
    return base::MakeError(ErrorKind::kInvalidArgument, "the statement has ",
                           expected.size(), " parameters", wanted.empty() ? "" : " (",
                           Names(wanted), wanted.empty() ? "" : ")", ", but ", given,
                           " values were given; give one for each");
  }
  std::vector<int> columns(expected.size());
  for (int i = 0; i < given; ++i) columns[static_cast<size_t>(i)] = i;
  if (std::ranges::all_of(expected, IsPosition, &ExpectedParameter::name)) return columns;

  std::vector<int> by_name;
  for (const auto& parameter : expected) {
    for (int i = 0; i < given; ++i) {
      if (duckdb::StringUtil::CIEquals(row.batch->schema()->field(i)->name(),
                                       parameter.name)) {
        by_name.push_back(i);
        break;
      }
    }
  }
  return by_name.size() == columns.size() ? by_name : columns;
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
  ARROW_ASSIGN_OR_RAISE(auto columns, MatchColumns(expected, row));
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
