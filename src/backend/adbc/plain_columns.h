// Columns as drivers hand them over, and as we hand them on.
//
// Drivers mark what Arrow has no type for as `arrow.opaque`. PostgreSQL's NUMERIC comes
// so, as text: with the precision and scale of its column it is an exact decimal128,
// without them it stays text, because any scale of our own would lose digits. All else
// that is opaque is handed on as what it is stored as. `arrow.uuid`, `arrow.json` and
// DuckDB's own opaque types are kept. Pure functions, callable from any thread.
#pragma once

#include <memory>
#include <string>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::backend {

// The column without the driver's metadata, of a type that can be handed on.
std::shared_ptr<arrow::Field> PlainField(const arrow::Field& field);
std::shared_ptr<arrow::Schema> PlainSchema(const arrow::Schema& schema);

// The array as an array of its storage, wherever PlainField would have it so.
std::shared_ptr<arrow::ArrayData> PlainStorage(
    const std::shared_ptr<arrow::ArrayData>& data);

// The array's values as `type`. InvalidArgument that names the column when a value has no
// exact equal there ("NaN" as a decimal, a number that is too large).
arrow::Result<std::shared_ptr<arrow::Array>> ExactCast(
    std::shared_ptr<arrow::Array> array, const std::shared_ptr<arrow::DataType>& type,
    const std::string& column);

// PostgreSQL's name for the type of a column that its driver made; empty: another driver.
std::string PostgresTypeName(const arrow::Field& field);
// Whether a column of PostgreSQL is to be cast to text there: its driver gives it in
// bytes that only PostgreSQL can read, in a number that does not say how many of its
// digits are a fraction (money), or with spaces that are none of its value (char(n)).
bool IsReadAsText(const arrow::Field& field);
// `plain`, with the form that the column of PostgreSQL's driver has there.
std::shared_ptr<arrow::Field> WithPostgresForm(std::shared_ptr<arrow::Field> plain,
                                               const arrow::Field& driver);

}  // namespace pintail::backend
