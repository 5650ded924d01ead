#include "engine/align_plan.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "duckdb/common/error_data.hpp"
#include "duckdb/function/function_binder.hpp"
#include "duckdb/planner/expression/bound_between_expression.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_comparison_expression.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_comparison_join.hpp"

namespace pintail::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using ExpressionPtr = duckdb::unique_ptr<duckdb::Expression>;

// The number inside a cast from number to time, or null.
ExpressionPtr* NumberInCast(duckdb::Expression& expression) {
  if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_CAST) {
    return nullptr;
  }
  auto& cast = expression.Cast<duckdb::BoundCastExpression>();
  const bool ours = !cast.try_cast && IsTime(cast.return_type) &&
                    CountsNanoseconds(cast.child->return_type);
  return ours ? &cast.child : nullptr;
}

class PlanAligner : public duckdb::LogicalOperatorVisitor {
 public:
  explicit PlanAligner(duckdb::ClientContext& context) : context_(context) {}

  void VisitOperator(duckdb::LogicalOperator& op) override {
    using duckdb::LogicalOperatorType;
    if (op.type == LogicalOperatorType::LOGICAL_COMPARISON_JOIN ||
        op.type == LogicalOperatorType::LOGICAL_ASOF_JOIN ||
        op.type == LogicalOperatorType::LOGICAL_DELIM_JOIN) {
      for (auto& condition : op.Cast<duckdb::LogicalComparisonJoin>().conditions) {
        Align({&condition.left, &condition.right});
      }
    }
    LogicalOperatorVisitor::VisitOperator(op);
  }

 protected:
  ExpressionPtr VisitReplace(duckdb::BoundComparisonExpression& comparison,
                             ExpressionPtr*) override {
    Align({&comparison.left, &comparison.right});
    return nullptr;
  }

  ExpressionPtr VisitReplace(duckdb::BoundBetweenExpression& between,
                             ExpressionPtr*) override {
    Align({&between.input, &between.lower, &between.upper});
    return nullptr;
  }

 private:
  // Brings all sides to nanoseconds if one of them is a number that was cast to a time.
  void Align(std::initializer_list<ExpressionPtr*> sides) {
    const bool mixed = std::ranges::any_of(
        sides, [](ExpressionPtr* side) { return NumberInCast(**side) != nullptr; });
    if (!mixed) return;
    bool real = false;
    for (ExpressionPtr* side : sides) {
      if (ExpressionPtr* number = NumberInCast(**side)) {
        ExpressionPtr inner = std::move(*number);
        *side = std::move(inner);
      } else {
        *side = EpochNanoseconds(context_, std::move(*side));
      }
      real |= (*side)->return_type.id() == LogicalTypeId::DOUBLE;
    }
    const LogicalType common = real ? LogicalType::DOUBLE : LogicalType::BIGINT;
    for (ExpressionPtr* side : sides) {
      *side =
          duckdb::BoundCastExpression::AddCastToType(context_, std::move(*side), common);
    }
  }

  duckdb::ClientContext& context_;
};

}  // namespace

bool IsTime(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::DATE:
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::TIMESTAMP_NS:
    case LogicalTypeId::TIMESTAMP_TZ:
      return true;
    default:
      return false;
  }
}

bool CountsNanoseconds(const LogicalType& type) {
  return type.id() == LogicalTypeId::BIGINT || type.id() == LogicalTypeId::DOUBLE;
}

ExpressionPtr EpochNanoseconds(duckdb::ClientContext& context, ExpressionPtr time) {
  duckdb::vector<ExpressionPtr> arguments;
  arguments.push_back(std::move(time));
  duckdb::ErrorData error;
  duckdb::FunctionBinder binder(context);
  auto bound =
      binder.BindScalarFunction(DEFAULT_SCHEMA, "epoch_ns", std::move(arguments), error);
  if (!bound) error.Throw();
  return bound;
}

void AlignPlan(duckdb::PlannerExtensionInput& input, duckdb::BoundStatement& statement) {
  if (statement.plan) PlanAligner(input.context).VisitOperator(*statement.plan);
}

}  // namespace pintail::engine
