// What differs between the SQL of sources: names, types, constants, how a column is read
// so that it means what it means in DuckDB, and how a result is handed out. Private to
// the engine. Pure functions, callable from any thread.
//
// Nothing at all is given where the dialect has nothing that is known to mean the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "duckdb/common/types.hpp"
#include "duckdb/common/types/value.hpp"
#include "engine/source.h"

namespace pintail::engine {

// Null when the dialect cannot quote this name safely.
std::optional<std::string> SqlName(SqlDialect dialect, std::string_view name);

// A table, with its schema when it has one.
std::optional<std::string> SqlTable(SqlDialect dialect, const SourceTableName& table);

// Integers of up to 64 bits, but for UBIGINT.
bool IsWholeNumber(const duckdb::LogicalType& type);
// The dialect's name of a type that holds exactly the values of DuckDB's.
std::optional<std::string> SqlType(SqlDialect dialect, const duckdb::LogicalType& type);

// A constant, which may stand wherever an expression of its type may. NULL has a type.
std::optional<std::string> SqlConstant(SqlDialect dialect, const duckdb::Value& value);

// A text to compare a column with as it is, by the source's own rules, which take texts
// of the same bytes for the same.
std::optional<std::string> SqlPlainText(SqlDialect dialect, const std::string& text);

// Whether values of the type, read by SqlColumn, are equal and ordered as in DuckDB.
bool IsComparable(SqlDialect dialect, const duckdb::LogicalType& type);
// Whether equal values are also the same to whoever reads them, so that any one of them
// may stand for a group: not so for doubles (0.0 and -0.0).
bool IsGroupable(SqlDialect dialect, const duckdb::LogicalType& type);
// Whether the source keeps the whole of such values when it sorts.
bool IsSortable(SqlDialect dialect, const duckdb::LogicalType& type);

// A column of a table, brought to the one form that all other expressions expect: texts
// that compare by their bytes, booleans that are 0 or 1, doubles that are doubles.
std::optional<std::string> SqlColumn(SqlDialect dialect, const duckdb::LogicalType& type,
                                     const std::string& column);
// The same for a column of a subquery, whose values are in that form already.
std::string SqlSubqueryColumn(SqlDialect dialect, const duckdb::LogicalType& type,
                              const std::string& column);

// An expression in the select list of the whole statement, in a type that the driver
// reads without loss.
std::optional<std::string> SqlResult(SqlDialect dialect, const duckdb::LogicalType& type,
                                     const std::string& expression);

}  // namespace pintail::engine
