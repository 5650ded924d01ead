// Values as people read them, for tables on a terminal. Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "arrow/array.h"

namespace pintail::cli {

// The value at `row` as text: texts as they are, lists as [a, b], structs as {a: 1}, maps
// as {k: v}, binary as \xAB, timestamps as 2024-05-06 07:08:09.5 with their zone. "NULL"
// for a null.
std::string ValueText(const arrow::Array& array, int64_t row);

// A short name of the type: "varchar", "bigint", "timestamp".
std::string TypeText(const arrow::DataType& type);

// Whether the values are numbers, which stand to the right.
bool IsNumber(const arrow::DataType& type);

}  // namespace pintail::cli
