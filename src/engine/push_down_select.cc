#include "engine/push_down_select.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/sql_dialect.h"

namespace pintail::engine {
namespace {

std::string List(const std::vector<std::string>& texts, const char* separator) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : separator) + text;
  return list;
}

std::string ColumnName(size_t number) { return "c" + std::to_string(number); }

}  // namespace

const PushedColumn* PushedSelect::Find(const duckdb::ColumnBinding& binding) const {
  const auto found = std::ranges::find(columns_, binding, &PushedColumn::binding);
  return found == columns_.end() ? nullptr : &*found;
}

SqlWriter PushedSelect::Writer() const {
  return SqlWriter(dialect_,
                   SqlWriter::ByBinding([this](const duckdb::ColumnBinding& binding) {
                     const PushedColumn* column = Find(binding);
                     return column ? column->text : std::nullopt;
                   }));
}

void PushedSelect::SetTable(std::string table, std::vector<PushedColumn> columns,
                            bool filtered) {
  filtered_ = filtered;
  from_ = std::move(table);
  columns_ = std::move(columns);
}

void PushedSelect::AddCondition(std::string condition) {
  where_.push_back(std::move(condition));
  filtered_ = true;
}

void PushedSelect::SetGroups(const std::vector<std::string>& keys,
                             std::vector<PushedColumn> columns) {
  grouped_ = true;
  groups_ = keys;
  columns_ = std::move(columns);
  reduces_ = true;
}

void PushedSelect::SetLimit(uint64_t limit, uint64_t offset) {
  limit_ = limit;
  offset_ = offset;
  reduces_ = true;
}

void PushedSelect::TakeSkippedRows() { *limit_ += std::exchange(offset_, 0); }

std::string PushedSelect::Body() const {
  std::string body = " FROM " + from_;
  if (!where_.empty()) body += " WHERE " + List(where_, " AND ");
  if (!groups_.empty()) body += " GROUP BY " + List(groups_, ", ");
  if (!order_.empty()) body += " ORDER BY " + order_;
  if (limit_) body += " LIMIT " + std::to_string(*limit_);
  if (offset_ > 0) body += " OFFSET " + std::to_string(offset_);
  return body;
}

void PushedSelect::Wrap() {
  const std::string alias = aliases_->Next();
  std::string list;
  size_t number = 0;
  for (PushedColumn& column : columns_) {
    if (!column.text) continue;
    const std::string name = ColumnName(number++);
    list += (list.empty() ? "" : ", ") + *column.text + " AS " + name;
    column.text = SqlSubqueryColumn(dialect_, column.type, alias + "." + name);
    column.is_leaf = true;
  }
  // No column is needed to count rows.
  if (list.empty()) list = "1 AS c0";
  for (PushedColumn& column : columns_) column.finished.reset();
  from_ = "(SELECT " + list + Body() + ") AS " + alias;
  operands_ = 1;
  where_.clear();
  grouped_ = false;
  groups_.clear();
  order_.clear();
  limit_.reset();
  offset_ = 0;
}

void PushedSelect::JoinInner(PushedSelect other, const std::string& condition) {
  // A join of joins is read from the left; one on the right needs its parentheses.
  from_ += " INNER JOIN " +
           (other.operands_ > 1 ? "(" + other.from_ + ")" : other.from_) + " ON " +
           condition;
  operands_ += other.operands_;
  std::ranges::move(other.where_, std::back_inserter(where_));
  std::ranges::move(other.columns_, std::back_inserter(columns_));
  filtered_ = filtered_ || other.filtered_;
  reduces_ = reduces_ || other.reduces_;
}

void PushedSelect::MakeOuterSide() {
  const bool leaves = std::ranges::all_of(
      columns_, [](const auto& column) { return column.is_leaf || !column.text; });
  if (!leaves || !IsPlain() || !where_.empty() || operands_ > 1) Wrap();
}

void PushedSelect::JoinLeft(PushedSelect other, const std::string& condition) {
  from_ += " LEFT JOIN " + other.from_ + " ON " + condition;
  operands_ += other.operands_;
  std::ranges::move(other.columns_, std::back_inserter(columns_));
  reduces_ = reduces_ || other.reduces_;
}

void PushedSelect::KeepMatched(const PushedSelect& other, const std::string& condition,
                               bool matched) {
  std::vector<std::string> conditions = other.where_;
  conditions.push_back(condition);
  where_.push_back(std::string(matched ? "EXISTS" : "NOT EXISTS") + " (SELECT 1 FROM " +
                   other.from_ + " WHERE " + List(conditions, " AND ") + ")");
  filtered_ = true;
}

std::optional<PushedSelect::Result> PushedSelect::Finish(
    const duckdb::vector<duckdb::ColumnBinding>& bindings) const {
  Result result;
  std::string list;
  const auto add = [&](const std::string& text, const duckdb::LogicalType& type) {
    const auto read = SqlResult(dialect_, type, text);
    if (!read) return false;
    list += (list.empty() ? "" : ", ") + *read + " AS " + ColumnName(result.types.size());
    result.types.push_back(type);
    return true;
  };
  for (const auto& binding : bindings) {
    const PushedColumn* column = Find(binding);
    if (!column) return std::nullopt;
    FinishedValue value;
    if (column->finished) {
      value = *column->finished;
    } else if (column->text) {
      value.type = column->type;
      value.parts = {*column->text};
      value.part_types = {column->type};
    } else {
      return std::nullopt;
    }
    for (size_t i = 0; i < value.parts.size(); ++i) {
      if (!add(value.parts[i], value.part_types[i])) return std::nullopt;
    }
    result.values.push_back(std::move(value));
  }
  if (list.empty()) return std::nullopt;
  result.sql = "SELECT " + list + Body();
  return result;
}

}  // namespace pintail::engine
