// A SELECT that is being put together for a source, from the operators of a plan.
// Private to the engine; a value, used by the thread that plans.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "duckdb/planner/column_binding.hpp"
#include "engine/push_down_values.h"
#include "engine/sql_writer.h"

namespace pintail::engine {

struct PushedColumn {
  duckdb::ColumnBinding binding;  // as the plan refers to it
  duckdb::LogicalType type;
  std::optional<std::string> text;  // unset: cannot be said in SQL
  // A column of a table as it is: NULL wherever an outer join makes up its row.
  bool is_leaf = false;
  // Set when DuckDB makes the value from several of the source's: an average.
  std::optional<FinishedValue> finished;
};

// Numbers the subqueries of one statement: t0, t1, …
class AliasNames {
 public:
  std::string Next() { return "t" + std::to_string(next_++); }

 private:
  int next_ = 0;
};

class PushedSelect {
 public:
  PushedSelect(SqlDialect dialect, AliasNames& aliases)
      : dialect_(dialect), aliases_(&aliases) {}

  SqlDialect dialect() const { return dialect_; }
  // Reads as rows what FROM gives, some of them: no group, no limit.
  bool IsPlain() const { return !grouped_ && !limit_ && order_.empty(); }
  // Whether it gives (much) fewer rows or values than its tables have.
  bool reduces() const { return reduces_; }
  void SetReduces(bool reduces = true) { reduces_ = reduces; }
  bool IsFiltered() const { return filtered_; }
  bool IsJoined() const { return operands_ > 1; }
  bool HasLimit() const { return limit_.has_value(); }

  const PushedColumn* Find(const duckdb::ColumnBinding& binding) const;
  // Writes expressions over its columns; valid as long as this is.
  SqlWriter Writer() const;

  void SetTable(std::string table, std::vector<PushedColumn> columns, bool filtered);
  void SetColumns(std::vector<PushedColumn> columns) { columns_ = std::move(columns); }
  const std::vector<PushedColumn>& columns() const { return columns_; }
  // `condition` was written over its columns, which must be plain.
  void AddCondition(std::string condition);
  void SetGroups(const std::vector<std::string>& keys, std::vector<PushedColumn> columns);
  void SetOrder(std::string order) { order_ = std::move(order); }
  void SetLimit(uint64_t limit, uint64_t offset);
  // Gives the rows that its offset would skip as well.
  void TakeSkippedRows();

  // Makes a subquery of itself, so that it is plain again.
  void Wrap();
  // Joins with another one; both must be plain and the conditions written over both.
  void JoinInner(PushedSelect other, const std::string& condition);
  // MakeOuterSide() was called for `other`.
  void JoinLeft(PushedSelect other, const std::string& condition);
  // Keeps the rows that have (have not) a partner.
  void KeepMatched(const PushedSelect& other, const std::string& condition, bool matched);
  // Makes it fit for the side of an outer join that may be missing.
  void MakeOuterSide();

  // The columns with these bindings, first to last, as c0, c1, …; nothing when one of
  // them cannot be said.
  struct Result {
    std::string sql;
    std::vector<duckdb::LogicalType> types;  // of c0, c1, …
    std::vector<FinishedValue> values;       // one for each binding, over c0, c1, …
  };
  std::optional<Result> Finish(
      const duckdb::vector<duckdb::ColumnBinding>& bindings) const;

 private:
  std::string Body() const;  // FROM and all that follows

  SqlDialect dialect_;
  AliasNames* aliases_;
  std::vector<PushedColumn> columns_;
  std::string from_;
  int operands_ = 1;  // of the joins in FROM
  bool filtered_ = false;
  bool reduces_ = false;
  std::vector<std::string> where_;
  bool grouped_ = false;
  std::vector<std::string> groups_;
  std::string order_;
  std::optional<uint64_t> limit_;
  uint64_t offset_ = 0;
};

}  // namespace pintail::engine
