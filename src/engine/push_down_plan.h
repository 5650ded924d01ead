// Says a subtree of a plan as one SELECT of the source that has its tables, if every
// operator and expression in it can be said. Private to the engine; used by the thread
// that plans. Changes nothing in the plan.
#pragma once

#include <optional>

#include "duckdb/planner/logical_operator.hpp"
#include "duckdb/planner/operator/logical_aggregate.hpp"
#include "duckdb/planner/operator/logical_comparison_join.hpp"
#include "duckdb/planner/operator/logical_distinct.hpp"
#include "duckdb/planner/operator/logical_filter.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_limit.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"
#include "duckdb/planner/operator/logical_top_n.hpp"
#include "engine/push_down_select.h"
#include "engine/push_down_source.h"

namespace pintail::engine {

class PlanToSql {
 public:
  explicit PlanToSql(PushDownSource source) : source_(std::move(source)) {}

  // The operators' types have to be resolved.
  std::optional<PushedSelect> Say(duckdb::LogicalOperator& op);

 private:
  using Select = std::optional<PushedSelect>;

  Select SayScan(duckdb::LogicalGet& scan);
  SqlWriter::Text SayColumn(const duckdb::LogicalGet& scan, size_t number,
                            const std::string& alias) const;
  bool SayTableFilters(const duckdb::LogicalGet& scan, const std::string& alias,
                       PushedSelect& select) const;
  bool ReadsLess(const duckdb::LogicalFilter& filter) const;
  Select SayFilter(duckdb::LogicalFilter& filter);
  Select SayProjection(duckdb::LogicalProjection& projection);
  Select SayAggregate(duckdb::LogicalAggregate& aggregate);
  Select SayDistinct(duckdb::LogicalDistinct& distinct);
  Select SayJoin(duckdb::LogicalComparisonJoin& join);
  Select SayIn(duckdb::LogicalComparisonJoin& join);
  Select SayTopN(duckdb::LogicalTopN& top);
  Select SayLimit(duckdb::LogicalLimit& limit);

  SqlDialect dialect() const { return source_.capabilities.dialect; }
  Select SayPlain(duckdb::LogicalOperator& op);  // wrapped if need be
  std::optional<PushedColumn> SayAggregateColumn(
      const duckdb::BoundAggregateExpression& aggregate, const SqlWriter& writer) const;
  void Group(PushedSelect& select, std::vector<PushedColumn> keys,
             std::vector<PushedColumn> values) const;
  std::optional<std::string> SayOrder(
      const duckdb::vector<duckdb::BoundOrderByNode>& orders,
      const PushedSelect& select) const;

  const PushDownSource source_;
  AliasNames aliases_;
};

}  // namespace pintail::engine
