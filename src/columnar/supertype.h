// Which type holds the values of two: the rules by which a column may be widened.
// Pure functions, callable from any thread.
#pragma once

#include <memory>

#include "arrow/type.h"

namespace pintail::columnar {

// The type as a table stores it, encodings taken off: large and view variants,
// dictionaries and run ends become the plain type, nested types likewise.
std::shared_ptr<arrow::DataType> StoredType(const std::shared_ptr<arrow::DataType>& type);

// The narrowest type that holds every value of both: integers widen among themselves, to
// decimals, and to double where that is exact (up to 32 bits); floats to double; decimals
// to more digits (38 at most); timestamps to the finer unit; lists, maps and structs by
// their children. Null when there is none. Both types are as StoredType gives them.
std::shared_ptr<arrow::DataType> SuperType(const std::shared_ptr<arrow::DataType>& left,
                                           const std::shared_ptr<arrow::DataType>& right);

}  // namespace pintail::columnar
