// What has to happen to a table, and to arriving batches, so that the batches fit.
// Pure functions, callable from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace pintail::columnar {

// kStrict: the same columns with the same types. kAddColumns: new columns are added as
// nullable, numbers widen (int32 to int64, float to double, int to double when exact for
// the type's range, decimal precision), else refused. kCoerce: new columns are added, and
// values are cast to the table's types, else the ingest fails. Columns that were text
// (target_column.h) are cast under every policy.
enum class SchemaPolicy : uint8_t { kStrict, kAddColumns, kCoerce };

arrow::Result<SchemaPolicy> ParseSchemaPolicy(std::string_view name);
std::string_view SchemaPolicyName(SchemaPolicy policy);

struct SchemaChange {
  std::vector<std::shared_ptr<arrow::Field>> added;    // to be added to the table
  std::vector<std::shared_ptr<arrow::Field>> widened;  // the column's new, wider type
  // The table's schema after the change; arriving batches are brought to it.
  std::shared_ptr<arrow::Schema> result;
  // For each arriving column, in its order: the name of the table's column it goes to.
  std::vector<std::string> target_columns;
};

// Columns are matched by name, without regard to case (as SQL does). A table column that
// is missing from the arriving schema is filled with its default. Refusals are
// InvalidArgument and show both schemas and what to do.
arrow::Result<SchemaChange> PlanSchemaChange(const arrow::Schema& table,
                                             const arrow::Schema& arriving,
                                             SchemaPolicy policy);

}  // namespace pintail::columnar
