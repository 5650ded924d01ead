#include "engine/push_down_values.h"

#include <utility>

#include "duckdb/common/types/hugeint.hpp"
#include "duckdb/common/vector_operations/binary_executor.hpp"
#include "duckdb/common/vector_operations/ternary_executor.hpp"
#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"

namespace pintail::engine {
namespace {

using duckdb::DataChunk;
using duckdb::ExpressionState;
using duckdb::hugeint_t;
using duckdb::LogicalType;
using Kind = FinishedValue::Kind;

struct Scale : duckdb::FunctionData {
  Scale(double the_scale, bool is_wide) : scale(the_scale), wide(is_wide) {}
  duckdb::unique_ptr<FunctionData> Copy() const override {
    return duckdb::make_uniq<Scale>(scale, wide);
  }
  bool Equals(const FunctionData& other) const override {
    const auto& that = other.Cast<Scale>();
    return scale == that.scale && wide == that.wide;
  }

  const double scale;
  const bool wide;
};

hugeint_t Joined(int64_t upper, int64_t lower) {
  return hugeint_t(upper) * hugeint_t(int64_t{1} << 32) + hugeint_t(lower);
}

// As DuckDB's own average ends, to the last bit.
double Quotient(const hugeint_t& sum, int64_t count, const Scale& scale) {
  if (!scale.wide) {
    return static_cast<double>(duckdb::Hugeint::Cast<int64_t>(sum)) /
           (static_cast<double>(count) * scale.scale);
  }
  const long double divisor =
      static_cast<long double>(count) * static_cast<long double>(scale.scale);
  return static_cast<double>(duckdb::Hugeint::Cast<long double>(sum) / divisor);
}

const Scale& ScaleOf(ExpressionState& state) {
  return state.expr.Cast<duckdb::BoundFunctionExpression>().bind_info->Cast<Scale>();
}

void Average(DataChunk& parts, ExpressionState& state, duckdb::Vector& result) {
  const Scale& scale = ScaleOf(state);
  duckdb::BinaryExecutor::Execute<hugeint_t, int64_t, double>(
      parts.data[0], parts.data[1], result, parts.size(),
      [&](hugeint_t sum, int64_t count) { return Quotient(sum, count, scale); });
}

void AverageDouble(DataChunk& parts, ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<double, int64_t, double>(
      parts.data[0], parts.data[1], result, parts.size(),
      [](double sum, int64_t count) { return sum / static_cast<double>(count); });
}

void SplitSum(DataChunk& parts, ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<int64_t, int64_t, hugeint_t>(
      parts.data[0], parts.data[1], result, parts.size(), Joined);
}

void AverageOfSplit(DataChunk& parts, ExpressionState& state, duckdb::Vector& result) {
  const Scale& scale = ScaleOf(state);
  duckdb::TernaryExecutor::Execute<int64_t, int64_t, int64_t, double>(
      parts.data[0], parts.data[1], parts.data[2], result, parts.size(),
      [&](int64_t upper, int64_t lower, int64_t count) {
        return Quotient(Joined(upper, lower), count, scale);
      });
}

duckdb::ScalarFunction FunctionOf(const FinishedValue& value) {
  const duckdb::vector<LogicalType> types(value.part_types.begin(),
                                          value.part_types.end());
  switch (value.kind) {
    case Kind::kAverageDouble:
      return {"average", types, value.type, AverageDouble};
    case Kind::kSplitSum:
      return {"sum", types, value.type, SplitSum};
    case Kind::kAverageOfSplit:
      return {"average", types, value.type, AverageOfSplit};
    default:
      return {"average", types, value.type, Average};
  }
}

}  // namespace

duckdb::unique_ptr<duckdb::Expression> FinishValue(
    duckdb::ClientContext& context, const FinishedValue& value,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> parts) {
  if (value.kind == Kind::kPlain) {
    return duckdb::BoundCastExpression::AddCastToType(context, std::move(parts[0]),
                                                      value.type);
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = duckdb::BoundCastExpression::AddCastToType(context, std::move(parts[i]),
                                                          value.part_types[i]);
  }
  const bool wide = value.kind != Kind::kAverageNarrow;
  return duckdb::make_uniq<duckdb::BoundFunctionExpression>(
      value.type, FunctionOf(value), std::move(parts),
      duckdb::make_uniq<Scale>(value.scale, wide));
}

}  // namespace pintail::engine
