// The columns of SQLite's tables. A value there has a type of its own and a column only a
// leaning, so that what a query returns differs in type from one time to the next; what a
// table announces follows from how its columns are declared. Pure functions, callable
// from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "arrow/type.h"

namespace pintail::backend {

// int64, double, boolean, binary or utf8.
std::shared_ptr<arrow::DataType> SqliteType(std::string_view declared);
// A column of a table, with the form that it has there (engine::ColumnForm).
std::shared_ptr<arrow::Field> SqliteField(std::string_view name,
                                          std::string_view declared);
// The column in a SELECT, so that its values come as the type where they can. One that
// cannot (text in a column of integers) comes as it is, to be refused by name.
std::string SqliteExpression(const arrow::Field& field);
// Lists name, declared type and NOT NULL of the table's columns.
std::string SqliteColumnsSql(std::string_view schema, std::string_view table);

}  // namespace pintail::backend
