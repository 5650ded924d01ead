// Which tables may have a tail, and how batches become rows of it.
#include <utility>

#include "arrow/array.h"
#include "base/error.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/catalog/catalog_entry/duck_table_entry.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/storage/data_table.hpp"
#include "engine/arrow_input.h"
#include "engine/duck_connection.h"
#include "engine/error_translation.h"
#include "engine/table_entry.h"
#include "engine/tail_positions.h"
#include "engine/tail_store.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using base::MakeError;

// Whether DuckDB has to look at each row before it is in the table.
bool RowsAreChecked(duckdb::TableCatalogEntry& table, std::vector<bool>& not_null) {
  for (const auto& constraint : table.GetConstraints()) {
    if (constraint->type != duckdb::ConstraintType::NOT_NULL) return true;
    not_null[constraint->Cast<duckdb::NotNullConstraint>().index.index] = true;
  }
  return table.Cast<duckdb::DuckTableEntry>().GetStorage().HasIndexes();
}

// For each column of the table the arriving column that fills it; empty when they are not
// the same ones in the same types.
std::vector<int> Match(const duckdb::ColumnList& columns, const arrow::Schema& arriving,
                       const ArrowInput& input) {
  if (columns.LogicalColumnCount() != static_cast<size_t>(arriving.num_fields())) {
    return {};
  }
  duckdb::case_insensitive_map_t<int> by_name;
  for (int i = 0; i < arriving.num_fields(); ++i) by_name[arriving.field(i)->name()] = i;
  std::vector<int> order;
  for (const auto& column : columns.Logical()) {
    const auto found = by_name.find(column.Name());
    if (column.Generated() || found == by_name.end()) return {};
    const auto from = static_cast<size_t>(found->second);
    if (input.types()[from] != column.Type()) return {};
    order.push_back(found->second);
  }
  return order;
}

}  // namespace

arrow::Result<std::shared_ptr<const TailTarget>> TailStore::TargetFor(
    Connection& connection, const TableName& table, const arrow::Schema& schema) {
  auto& context = static_cast<DuckConnection&>(connection).context();
  ARROW_ASSIGN_OR_RAISE(auto storable, StorableSchema(schema));
  auto target = std::make_shared<TailTarget>();
  // Before the catalog is read: a change that ends in between makes the target stale.
  target->version = gates_->Version();
  bool exists = false;
  bool fits = false;
  ARROW_RETURN_NOT_OK(Guarded([&]() -> arrow::Status {
    arrow::Status status;
    context.RunFunctionInTransaction([&] {
      auto entry = FindTableEntry(context, table);
      exists = entry != nullptr;
      if (!entry || entry->type != duckdb::CatalogType::TABLE_ENTRY) return;
      auto& found = entry->Cast<duckdb::TableCatalogEntry>();
      const auto key = KeyOf(found);
      if (!key || key->schema == kJournalSchema || key->schema == kCopiesSchema) return;
      const auto& columns = found.GetColumns();
      target->not_null.resize(columns.LogicalColumnCount());
      if (RowsAreChecked(found, target->not_null)) return;
      auto input = ArrowInput::Make(context, *storable);
      if (!input.ok()) {
        status = input.status();
        return;
      }
      target->order = Match(columns, *storable, **input);
      if (target->order.empty()) return;
      target->key = *key;
      arrow::FieldVector fields;
      for (const int from : target->order) fields.push_back(storable->field(from));
      target->schema = arrow::schema(std::move(fields));
      auto ordered = ArrowInput::Make(context, *target->schema);
      status = ordered.status();
      if (!status.ok()) return;
      target->input = *std::move(ordered);
      fits = true;
    });
    return status;
  }));
  if (!exists) {
    return MakeError(ErrorKind::kNotFound, "there is no table ", QuoteName(table));
  }
  if (!fits) return nullptr;
  target->storable = std::move(storable);
  return target;
}

arrow::Result<arrow::RecordBatchVector> TailStore::Conform(
    const TailTarget& target, const arrow::RecordBatchVector& batches) const {
  arrow::RecordBatchVector conformed;
  for (const auto& batch : batches) {
    if (batch->num_rows() == 0) continue;
    ARROW_ASSIGN_OR_RAISE(const auto storable, StorableBatch(*batch, target.storable));
    arrow::ArrayVector columns;
    for (size_t i = 0; i < target.order.size(); ++i) {
      columns.push_back(storable->column(target.order[i]));
      if (!target.not_null[i] || columns.back()->null_count() == 0) continue;
      return MakeError(ErrorKind::kInvalidArgument, "column \"",
                       target.schema->field(static_cast<int>(i))->name(),
                       "\" of table \"", target.key.table, "\" is NOT NULL, but ",
                       columns.back()->null_count(),
                       " values of the batch are null; send values for all rows");
    }
    conformed.push_back(
        arrow::RecordBatch::Make(target.schema, batch->num_rows(), std::move(columns)));
  }
  return conformed;
}

}  // namespace pintail::engine
