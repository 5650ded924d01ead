#include "engine/push_down_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/common/string_util.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/filter/conjunction_filter.hpp"
#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

using duckdb::ColumnBinding;
using duckdb::Expression;
using duckdb::ExpressionClass;
using duckdb::LogicalOperatorType;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::TableFilterType;
using Kind = FinishedValue::Kind;
using Text = SqlWriter::Text;

// A statement that is longer than this is better split: it is sent and parsed as a whole.
constexpr size_t kStatementBytes = 64 << 10;
// From here on, what an expression is made of is put into a subquery before it is used
// more often.
constexpr size_t kExpressionBytes = 4 << 10;

bool IsConstant(const Expression& expression) {
  return expression.GetExpressionClass() == ExpressionClass::BOUND_CONSTANT;
}

// Filters that only save work: the rows are the same without them.
bool IsHint(const duckdb::TableFilter& filter) {
  return filter.filter_type == TableFilterType::OPTIONAL_FILTER ||
         filter.filter_type == TableFilterType::DYNAMIC_FILTER ||
         filter.filter_type == TableFilterType::BLOOM_FILTER;
}

bool HoldsHint(const duckdb::TableFilter& filter) {
  if (IsHint(filter)) return true;
  if (filter.filter_type != TableFilterType::CONJUNCTION_OR &&
      filter.filter_type != TableFilterType::CONJUNCTION_AND) {
    return false;
  }
  const auto& children =
      static_cast<const duckdb::ConjunctionFilter&>(filter).child_filters;
  return std::ranges::any_of(children,
                             [](const auto& child) { return HoldsHint(*child); });
}

// False when it cannot be said.
bool SayTableFilter(const duckdb::TableFilter& filter, const Expression& column,
                    const SqlWriter& writer, PushedSelect& select) {
  if (IsHint(filter)) return true;
  if (filter.filter_type == TableFilterType::CONJUNCTION_AND) {
    const auto& children = filter.Cast<duckdb::ConjunctionAndFilter>().child_filters;
    return std::ranges::all_of(children, [&](const auto& child) {
      return SayTableFilter(*child, column, writer, select);
    });
  }
  if (HoldsHint(filter)) return false;
  const Text text = writer.Write(*filter.ToExpression(column));
  if (text) select.AddCondition(*text);
  return text.has_value();
}

// The extensions give columns whose names differ in case only a number at the end.
bool HasRenamedColumn(const duckdb::vector<std::string>& names) {
  const auto lower = [](std::string_view name) {
    return duckdb::StringUtil::Lower(std::string(name));
  };
  return std::ranges::any_of(names, [&](const std::string& name) {
    const size_t digits = name.find_last_not_of("0123456789");
    if (digits == std::string::npos || digits + 1 == name.size() || digits == 0 ||
        name[digits] != '_') {
      return false;
    }
    const std::string stem = lower(name.substr(0, digits));
    return std::ranges::any_of(
        names, [&](const std::string& other) { return lower(other) == stem; });
  });
}

size_t TextBytes(const std::vector<PushedColumn>& columns) {
  size_t bytes = 0;
  for (const PushedColumn& column : columns)
    bytes += column.text ? column.text->size() : 0;
  return bytes;
}

}  // namespace

std::optional<PushedSelect> PlanToSql::Say(duckdb::LogicalOperator& op) {
  switch (op.type) {
    case LogicalOperatorType::LOGICAL_GET:
      return SayScan(op.Cast<duckdb::LogicalGet>());
    case LogicalOperatorType::LOGICAL_FILTER:
      return SayFilter(op.Cast<duckdb::LogicalFilter>());
    case LogicalOperatorType::LOGICAL_PROJECTION:
      return SayProjection(op.Cast<duckdb::LogicalProjection>());
    case LogicalOperatorType::LOGICAL_AGGREGATE_AND_GROUP_BY:
      return SayAggregate(op.Cast<duckdb::LogicalAggregate>());
    case LogicalOperatorType::LOGICAL_DISTINCT:
      return SayDistinct(op.Cast<duckdb::LogicalDistinct>());
    case LogicalOperatorType::LOGICAL_COMPARISON_JOIN:
      return SayJoin(op.Cast<duckdb::LogicalComparisonJoin>());
    case LogicalOperatorType::LOGICAL_TOP_N:
      return SayTopN(op.Cast<duckdb::LogicalTopN>());
    case LogicalOperatorType::LOGICAL_LIMIT:
      return SayLimit(op.Cast<duckdb::LogicalLimit>());
    default:
      return std::nullopt;
  }
}

PlanToSql::Select PlanToSql::SayPlain(duckdb::LogicalOperator& op) {
  Select select = Say(op);
  if (select && !select->IsPlain()) select->Wrap();
  return select;
}

PlanToSql::Select PlanToSql::SayScan(duckdb::LogicalGet& scan) {
  const auto source = SourceOf(scan);
  if (!source || !(*source == source_)) return std::nullopt;
  auto& table = *scan.GetTable();
  // The extension of SQLite calls its only schema by a name that SQLite need not have.
  const bool named_schema = source_.own || dialect() != SqlDialect::kSqlite;
  const Text name = SqlTable(
      dialect(),
      {.schema = named_schema ? table.ParentSchema().name : "", .table = table.name});
  const auto condition = ConditionOf(source_, scan);
  if (!name || !condition || HasRenamedColumn(scan.names)) return std::nullopt;
  const std::string alias = aliases_.Next();
  std::vector<PushedColumn> columns;
  for (const ColumnBinding& binding : scan.GetColumnBindings()) {
    const auto& id = scan.GetColumnIds()[binding.column_index];
    PushedColumn column{.binding = binding, .is_leaf = true};
    if (!id.IsVirtualColumn() && !id.HasChildren()) {
      column.type = scan.returned_types[id.GetPrimaryIndex()];
      column.text = SayColumn(scan, id.GetPrimaryIndex(), alias);
    }
    columns.push_back(std::move(column));
  }
  PushedSelect select(dialect(), aliases_);
  std::string from = *name;
  // It names columns without their table.
  if (!condition->empty()) from = "(SELECT * FROM " + from + " WHERE " + *condition + ")";
  select.SetTable(from + " AS " + alias, std::move(columns), !condition->empty());
  if (!SayTableFilters(scan, alias, select)) return std::nullopt;
  return select;
}

Text PlanToSql::SayColumn(const duckdb::LogicalGet& scan, size_t number,
                          const std::string& alias) const {
  const Text name = SqlName(dialect(), scan.names[number]);
  return name ? SqlColumnOf(source_, scan, number, alias + "." + *name) : Text();
}

bool PlanToSql::SayTableFilters(const duckdb::LogicalGet& scan, const std::string& alias,
                                PushedSelect& select) const {
  // By their numbers in the table.
  const auto column = [&](const ColumnBinding& binding) {
    return SayColumn(scan, binding.column_index, alias);
  };
  const SqlWriter writer(dialect(), SqlWriter::ByBinding(column));
  for (const auto& [number, filter] : scan.table_filters.filters) {
    if (number >= scan.names.size()) return false;
    const duckdb::BoundColumnRefExpression reference(
        scan.returned_types[number], ColumnBinding(scan.table_index, number));
    if (!SayTableFilter(*filter, reference, writer, select)) return false;
  }
  return true;
}

// A condition that stands above a scan, since the scan did not take it: PostgreSQL's
// takes most and reads in parallel, MySQL's takes what it may. SQLite's takes none, and
// reads in parallel too, but finds no row by its key.
bool PlanToSql::ReadsLess(const duckdb::LogicalFilter& filter) const {
  if (source_.own) return false;  // its scans take what can be said
  if (dialect() != SqlDialect::kSqlite) return dialect() == SqlDialect::kMysql;
  return std::ranges::any_of(filter.expressions, [](const auto& expression) {
    if (expression->GetExpressionType() != duckdb::ExpressionType::COMPARE_EQUAL) {
      return false;
    }
    const auto& equality = expression->template Cast<duckdb::BoundComparisonExpression>();
    return IsConstant(*equality.left) || IsConstant(*equality.right);
  });
}

PlanToSql::Select PlanToSql::SayFilter(duckdb::LogicalFilter& filter) {
  Select select = SayPlain(*filter.children[0]);
  if (!select) return std::nullopt;
  std::vector<std::string> conditions;
  for (const auto& expression : filter.expressions) {
    const Text text = select->Writer().Write(*expression);
    if (!text) return std::nullopt;
    conditions.push_back(*text);
  }
  for (std::string& condition : conditions) select->AddCondition(std::move(condition));
  if (ReadsLess(filter)) select->SetReduces();
  return select;
}

PlanToSql::Select PlanToSql::SayProjection(duckdb::LogicalProjection& projection) {
  Select select = Say(*projection.children[0]);
  if (!select) return std::nullopt;
  const auto say = [&] {
    std::vector<PushedColumn> columns;
    for (size_t i = 0; i < projection.expressions.size(); ++i) {
      const Expression& expression = *projection.expressions[i];
      PushedColumn column{.binding = ColumnBinding(projection.table_index, i),
                          .type = expression.return_type};
      if (expression.GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF) {
        const auto& reference = expression.Cast<duckdb::BoundColumnRefExpression>();
        if (const PushedColumn* child = select->Find(reference.binding)) {
          column = *child;
          column.binding = ColumnBinding(projection.table_index, i);
        }
      } else {
        column.text = select->Writer().Write(expression);
      }
      columns.push_back(std::move(column));
    }
    return columns;
  };
  std::vector<PushedColumn> columns = say();
  if (TextBytes(columns) > std::max(kExpressionBytes, 2 * TextBytes(select->columns()))) {
    select->Wrap();
    columns = say();
  }
  if (TextBytes(columns) > kStatementBytes) return std::nullopt;
  select->SetColumns(std::move(columns));
  return select;
}

std::optional<PushedColumn> PlanToSql::SayAggregateColumn(
    const duckdb::BoundAggregateExpression& aggregate, const SqlWriter& writer) const {
  PushedColumn column{.type = aggregate.return_type};
  column.text = writer.WriteAggregate(aggregate);
  if (column.text) return column;
  const bool is_average = aggregate.function.name == "avg";
  const bool is_sum =
      aggregate.function.name == "sum" || aggregate.function.name == "sum_no_overflow";
  if ((!is_average && !is_sum) || aggregate.children.size() != 1 || aggregate.filter ||
      aggregate.order_bys) {
    return std::nullopt;
  }
  const LogicalType& type = aggregate.children[0]->return_type;
  const Text child = writer.Write(*aggregate.children[0]);
  if (!child || (aggregate.IsDistinct() && !IsGroupable(dialect(), type))) {
    return std::nullopt;
  }
  const std::string open = aggregate.IsDistinct() ? "(DISTINCT " : "(";
  const std::string count = "COUNT" + open + *child + ")";
  FinishedValue value{.type = aggregate.return_type};
  if (dialect() == SqlDialect::kSqlite) {
    // Its sum of integers has 64 bits; with half of each there is always room.
    if (type.id() != LogicalTypeId::BIGINT || aggregate.IsDistinct()) return std::nullopt;
    value.kind = is_sum ? Kind::kSplitSum : Kind::kAverageOfSplit;
    value.parts = {"SUM(" + *child + " >> 32)", "SUM(" + *child + " & 4294967295)"};
    if (is_average) value.parts.push_back(count);
    value.part_types.assign(value.parts.size(), LogicalType::BIGINT);
    column.finished = std::move(value);
    return column;
  }
  const bool sums = dialect() == SqlDialect::kPostgres ||
                    dialect() == SqlDialect::kMysql || dialect() == SqlDialect::kDuckdb ||
                    dialect() == SqlDialect::kSnowflake;
  if (!is_average || !sums || aggregate.return_type.id() != LogicalTypeId::DOUBLE) {
    return std::nullopt;
  }
  LogicalType sum_type = LogicalType::HUGEINT;
  switch (type.id()) {
    case LogicalTypeId::DOUBLE:
      if (aggregate.IsDistinct()) return std::nullopt;
      value.kind = Kind::kAverageDouble;
      sum_type = LogicalType::DOUBLE;
      break;
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::INTEGER:
      value.kind = Kind::kAverageNarrow;
      break;
    case LogicalTypeId::BIGINT:
      value.kind = Kind::kAverageWide;
      break;
    case LogicalTypeId::DECIMAL: {
      const auto scale = duckdb::DecimalType::GetScale(type);
      const bool narrow = type.InternalType() == duckdb::PhysicalType::INT16 ||
                          type.InternalType() == duckdb::PhysicalType::INT32;
      value.kind = narrow ? Kind::kAverageNarrow : Kind::kAverageWide;
      value.scale = std::pow(10.0, static_cast<double>(scale));
      sum_type = LogicalType::DECIMAL(38, scale);
      break;
    }
    default:
      return std::nullopt;
  }
  value.parts = {"SUM" + open + *child + ")", count};
  value.part_types = {sum_type, LogicalType::BIGINT};
  column.finished = std::move(value);
  return column;
}

void PlanToSql::Group(PushedSelect& select, std::vector<PushedColumn> keys,
                      std::vector<PushedColumn> values) const {
  std::vector<std::string> texts;
  for (const PushedColumn& key : keys) {
    texts.push_back(*key.text);
    // MySQL may group by the first max_sort_length bytes of a text; its hash is shorter.
    if (dialect() == SqlDialect::kMysql && key.type.id() == LogicalTypeId::VARCHAR) {
      texts.push_back("MD5(" + *key.text + ")");
    }
  }
  std::ranges::move(values, std::back_inserter(keys));
  select.SetGroups(texts, std::move(keys));
}

PlanToSql::Select PlanToSql::SayAggregate(duckdb::LogicalAggregate& aggregate) {
  const bool one_set = aggregate.grouping_sets.empty() ||
                       (aggregate.grouping_sets.size() == 1 &&
                        aggregate.grouping_sets[0].size() == aggregate.groups.size());
  if (!source_.capabilities.aggregate || !one_set ||
      !aggregate.grouping_functions.empty()) {
    return std::nullopt;
  }
  Select select = SayPlain(*aggregate.children[0]);
  if (!select) return std::nullopt;
  // MySQL wants to see that what is selected depends on what is grouped by: on columns
  // it does.
  if (dialect() == SqlDialect::kMysql) select->Wrap();
  std::vector<PushedColumn> keys;
  for (size_t i = 0; i < aggregate.groups.size(); ++i) {
    const Expression& group = *aggregate.groups[i];
    PushedColumn key{.binding = ColumnBinding(aggregate.group_index, i),
                     .type = group.return_type,
                     .text = select->Writer().Write(group)};
    // A constant would be the number of a column.
    if (!key.text || IsConstant(group) || !IsGroupable(dialect(), key.type)) {
      return std::nullopt;
    }
    keys.push_back(std::move(key));
  }
  std::vector<PushedColumn> values;
  for (size_t i = 0; i < aggregate.expressions.size(); ++i) {
    auto value = SayAggregateColumn(
        aggregate.expressions[i]->Cast<duckdb::BoundAggregateExpression>(),
        select->Writer());
    if (!value) return std::nullopt;
    value->binding = ColumnBinding(aggregate.aggregate_index, i);
    values.push_back(*std::move(value));
  }
  Group(*select, std::move(keys), std::move(values));
  return select;
}

PlanToSql::Select PlanToSql::SayDistinct(duckdb::LogicalDistinct& distinct) {
  if (!source_.capabilities.aggregate ||
      distinct.distinct_type != duckdb::DistinctType::DISTINCT || distinct.order_by) {
    return std::nullopt;
  }
  Select select = SayPlain(*distinct.children[0]);
  if (!select) return std::nullopt;
  // Constants would be numbers of columns, see SayAggregate about MySQL.
  select->Wrap();
  const auto bindings = distinct.GetColumnBindings();
  if (bindings.size() != distinct.distinct_targets.size()) return std::nullopt;
  std::vector<PushedColumn> keys;
  for (size_t i = 0; i < bindings.size(); ++i) {
    const PushedColumn* column = select->Find(bindings[i]);
    const bool is_target =
        std::ranges::any_of(distinct.distinct_targets, [&](const auto& target) {
          return target->GetExpressionClass() == ExpressionClass::BOUND_COLUMN_REF &&
                 target->template Cast<duckdb::BoundColumnRefExpression>().binding ==
                     bindings[i];
        });
    if (!is_target || !column || !column->text || !IsGroupable(dialect(), column->type)) {
      return std::nullopt;
    }
    keys.push_back(*column);
  }
  Group(*select, std::move(keys), {});
  return select;
}

}  // namespace pintail::engine
