// Text formats (CSV, NDJSON) have no types of their own: what is read for a table that
// exists is read as the table's types. Pure functions, callable from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "arrow/type.h"

namespace pintail::columnar {

// Metadata of a table's column: what people call its type ("DECIMAL(10,2)").
inline constexpr std::string_view kTypeNameKey = "TYPE_NAME";

// A table's columns by their names, without regard to case. Immutable.
class TargetColumns {
 public:
  // `columns` may be null: there are none.
  explicit TargetColumns(const arrow::Schema* columns);
  // Null when there is none of that name.
  std::shared_ptr<arrow::Field> Find(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::shared_ptr<arrow::Field>> columns_;
};

// What people call the type of a table's column.
std::string TypeNameOf(const arrow::Field& column);

// The field with the mark that its values come from text and are to be cast to the type
// of the table's column, whatever the schema policy is.
std::shared_ptr<arrow::Field> MarkedFromText(const std::shared_ptr<arrow::Field>& field);
bool IsFromText(const arrow::Field& field);

// As what a CSV column is read for a table's column. Types that Arrow parses strictly are
// read as such: no digit is lost and no number rounded. All else is text that the
// database casts, and the field is marked.
std::shared_ptr<arrow::Field> CsvField(const std::string& name,
                                       const arrow::Field& column);

// As what an NDJSON column is read for a table's column, when `inferred` is what its
// first values look like. JSON tells numbers from texts: where that differs from the
// column, the field stays as inferred, and the schema policy decides.
std::shared_ptr<arrow::Field> NdjsonField(const std::shared_ptr<arrow::Field>& inferred,
                                          const arrow::Field& column);

}  // namespace pintail::columnar
