#include "columnar/schema_size.h"

#include "columnar/array_layout.h"

namespace pintail::columnar {

arrow::Status CheckColumnCount(int64_t columns, const Limits& limits) {
  if (columns <= limits.max_columns) return arrow::Status::OK();
  return Lie("the schema has ", columns, " columns; the limit is ", limits.max_columns,
             " (limits.max_columns)");
}

arrow::Status CheckFieldCount(int64_t fields, const Limits& limits) {
  if (fields <= limits.max_fields) return arrow::Status::OK();
  return Lie("the schema has ", fields,
             " fields or more, nested ones counted; the limit is ", limits.max_fields,
             " (limits.max_fields)");
}

arrow::Status CheckNesting(int64_t depth, const Limits& limits) {
  if (depth <= limits.max_nesting) return arrow::Status::OK();
  return Lie("a type is nested more than ", limits.max_nesting,
             " levels deep (limits.max_nesting)");
}

}  // namespace pintail::columnar
