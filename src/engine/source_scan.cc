#include "engine/source_scan.h"

#include <algorithm>
#include <utility>

#include "arrow/array/util.h"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/exception/binder_exception.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_conjunction_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "duckdb/storage/statistics/node_statistics.hpp"
#include "engine/batch_builder.h"
#include "engine/batch_rows.h"
#include "engine/error_translation.h"
#include "engine/result_types.h"
#include "engine/source_retry.h"
#include "engine/source_stream.h"

namespace pintail::engine {
namespace {

using duckdb::idx_t;

constexpr const char* kName = "pintail_source_scan";

struct Running : duckdb::GlobalTableFunctionState {
  SourceScan scan;
  // For each column of a chunk the one of the scan that it is; nothing: no value needed.
  std::vector<std::optional<size_t>> places;
  std::shared_ptr<arrow::Schema> schema;  // of the scan's rows
  // What DuckDB wants to be left out and the source may not have left out.
  duckdb::unique_ptr<duckdb::Expression> filter;
  duckdb::unique_ptr<duckdb::ExpressionExecutor> executor;
  std::unique_ptr<BatchRows> rows;
  duckdb::DataChunk piece;  // with the columns of the scan
  bool shared = false;
  duckdb::shared_ptr<ChangedTables> change;
  std::unique_ptr<SourceStream> stream;
  // All rows, when they are read at once.
  duckdb::unique_ptr<duckdb::ColumnDataCollection> kept;
  duckdb::ColumnDataScanState place;
};

// The values as one array of the key's type.
arrow::Result<std::shared_ptr<arrow::Array>> ToArray(
    const std::vector<duckdb::Value>& values, const SourceColumn& column) {
  ARROW_ASSIGN_OR_RAISE(auto schema, ResultSchema({column.name}, {column.type}, "UTC"));
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), {column.type},
                   std::max<idx_t>(values.size(), 1));
  for (size_t i = 0; i < values.size(); ++i) chunk.SetValue(0, i, values[i]);
  chunk.SetCardinality(values.size());
  BatchBuilder builder(schema, {column.type}, /*batch_bytes=*/int64_t{1} << 30,
                       arrow::default_memory_pool());
  int64_t done = 0;
  while (done < static_cast<int64_t>(values.size())) {
    done += builder.Append(chunk, done);
  }
  return builder.Finish()->column(0);
}

// The source's columns that the chunk has, each once; at least one, as sources want.
void ChooseColumns(const SourceTableEntry& table,
                   const duckdb::vector<duckdb::column_t>& ids, Running& running) {
  std::vector<size_t> chosen;
  const auto place_of = [&](size_t column) {
    auto found = std::ranges::find(chosen, column);
    if (found == chosen.end()) found = chosen.insert(chosen.end(), column);
    return static_cast<size_t>(found - chosen.begin());
  };
  for (const auto id : ids) {
    if (id == duckdb::COLUMN_IDENTIFIER_EMPTY) {
      running.places.emplace_back();
    } else {
      const bool key = duckdb::IsVirtualColumn(id);
      running.places.emplace_back(place_of(key ? 0 : id));
    }
  }
  if (chosen.empty()) chosen.push_back(0);
  arrow::FieldVector fields;
  for (const size_t column : chosen) {
    fields.push_back(table.table().schema->field(static_cast<int>(column)));
    running.scan.columns.push_back(fields.back()->name());
  }
  running.schema = arrow::schema(std::move(fields));
}

void AddOnce(std::vector<std::string>& conditions, const std::string& condition) {
  if (std::ranges::find(conditions, condition) == conditions.end()) {
    conditions.push_back(condition);
  }
}

// Filters of DuckDB's own kind, some of which are known only now (the keys of the other
// side of a join).
void TakeFilters(const SourceScanData& data, const duckdb::TableFunctionInitInput& input,
                 Running& running, std::vector<std::string>& conditions,
                 std::unique_ptr<std::vector<duckdb::Value>>& keys) {
  if (!input.filters) return;
  const auto& table = *data.table;
  const SqlDialect dialect = table.source_catalog().source()->capabilities().dialect;
  auto needed = duckdb::make_uniq<duckdb::BoundConjunctionExpression>(
      duckdb::ExpressionType::CONJUNCTION_AND);
  for (const auto& [index, filter] : input.filters->filters) {
    const auto id = input.column_ids[index];
    if (id == duckdb::COLUMN_IDENTIFIER_EMPTY) continue;
    const SourceColumn& column =
        table.source_column(duckdb::IsVirtualColumn(id) ? 0 : id);
    const duckdb::BoundReferenceExpression reference(column.type, index);
    const ColumnOf column_of = [&](const duckdb::Expression& expression) {
      return expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF
                 ? &column
                 : nullptr;
    };
    if (auto wanted = ExpressionOfFilter(*filter, reference, /*with_optional=*/true)) {
      if (auto condition = WriteCondition(*wanted, column_of, dialect)) {
        AddOnce(conditions, condition->sql);
      }
      if (dialect == SqlDialect::kNone && !keys) {
        auto found = KeysOf(*wanted, column_of);
        if (found) keys = std::make_unique<std::vector<duckdb::Value>>(*std::move(found));
      }
    }
    auto kept = ExpressionOfFilter(*filter, reference, /*with_optional=*/false);
    if (kept) needed->children.push_back(std::move(kept));
  }
  if (needed->children.empty()) return;
  running.filter =
      needed->children.size() == 1 ? std::move(needed->children[0]) : std::move(needed);
}

// A batch with the announced types. Sources that find out types from rows may send a
// column of nothing but NULLs as such.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> AsAnnounced(
    const arrow::RecordBatch& batch, const Running& running, SourceTables& tables,
    const std::string& source) {
  arrow::ArrayVector columns;
  bool same = batch.num_columns() == running.schema->num_fields();
  for (int i = 0; same && i < batch.num_columns(); ++i) {
    const auto& type = running.schema->field(i)->type();
    auto column = batch.column(i);
    if (column->type_id() == arrow::Type::NA && type->id() != arrow::Type::NA) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(type, batch.num_rows()));
    }
    same = column->type()->Equals(*type);
    columns.push_back(std::move(column));
  }
  if (same) {
    return arrow::RecordBatch::Make(running.schema, batch.num_rows(), std::move(columns));
  }
  tables.Forget(running.scan.table);
  running.change->Note();
  return base::MakeError(base::ErrorKind::kConflict, "the table ",
                         running.scan.table.schema, ".", running.scan.table.table,
                         " of the source \"", source,
                         "\" has other columns than it had a moment ago (",
                         batch.schema()->ToString(), "); run the statement again");
}

// Looks whether an error of a scan comes from a table that is not as it was known.
void LookAgain(const arrow::Status& error, const SourceTableEntry& entry,
               SourceTables& tables, ChangedTables& change, std::stop_token stop) {
  switch (base::KindOf(error)) {
    case base::ErrorKind::kNotFound:
    case base::ErrorKind::kInvalidSql:
    case base::ErrorKind::kInvalidArgument:
      break;
    default:
      return;
  }
  tables.Forget(entry.table().name);
  const auto now = tables.Find(entry.table().name, std::move(stop));
  if (!now.ok()) return;
  const bool same = *now && (*now)->schema->Equals(*entry.table().schema);
  if (!same) change.Note();
}

SourceStream::Produce ProducerFor(const Running& running,
                                  const std::shared_ptr<SourceTableEntry>& table,
                                  std::shared_ptr<SourceTransaction> transaction) {
  const SourceScan scan = running.scan;
  const auto change = running.change;
  const auto source = table->source_catalog().source();
  const auto tables = table->source_catalog().tables();
  return [=](std::stop_token stop, const SourceStream::Take& take) -> arrow::Status {
    const auto open = [&](SourceSession& session) { return session.Scan(scan); };
    const arrow::Status status = InSession(
        *source, transaction.get(), stop,
        [&](SourceSession& session) { return ReadRows(session, open, stop, take); });
    if (!status.ok()) LookAgain(status, *table, *tables, *change, stop);
    return status;
  };
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Begin(
    duckdb::ClientContext& context, duckdb::TableFunctionInitInput& input) {
  const auto& data = input.bind_data->Cast<SourceScanData>();
  const auto& table = *data.table;
  const auto& source = table.source_catalog().source();
  auto running = duckdb::make_uniq<Running>();
  running->change = ChangedTables::Of(context);
  for (const auto id : input.column_ids) {
    if (id != duckdb::COLUMN_IDENTIFIER_ROW_ID) continue;
    if (source->capabilities().dialect == SqlDialect::kNone) continue;
    OrThrow(base::MakeError(base::ErrorKind::kUnimplemented, "the rows of the source \"",
                            source->name(), "\" have no numbers (rowid)"));
  }
  running->scan.table = table.table().name;
  ChooseColumns(table, input.column_ids, *running);
  auto conditions = data.conditions;
  std::unique_ptr<std::vector<duckdb::Value>> keys;
  if (data.keys) keys = std::make_unique<std::vector<duckdb::Value>>(*data.keys);
  TakeFilters(data, input, *running, conditions, keys);
  running->scan.where = AllOf(conditions);
  if (keys) running->scan.keys = OrThrow(ToArray(*keys, table.source_column(0)));
  if (!running->filter) running->scan.limit = data.limit;
  running->rows = OrThrow(BatchRows::Make(context, *running->schema));
  running->piece.Initialize(context, running->rows->types());
  if (running->filter) {
    running->executor =
        duckdb::make_uniq<duckdb::ExpressionExecutor>(context, *running->filter);
  }
  running->shared = data.shared || !context.transaction.IsAutoCommit();
  // In the transaction's session the scans come one after another, when they are asked.
  if (!running->shared) {
    running->stream = std::make_unique<SourceStream>(
        ProducerFor(*running, data.table, /*transaction=*/nullptr),
        SourceOptions().ahead_bytes);
  }
  return running;
}

// The next rows of the stream into `piece`; false at the end.
bool ReadPiece(duckdb::ClientContext& context, const SourceTableEntry& table,
               Running& running) {
  while (running.rows->at_end()) {
    auto batch = OrThrow(running.stream->Next(context));
    if (!batch) return false;
    auto& catalog = table.source_catalog();
    auto announced = OrThrow(
        AsAnnounced(*batch, running, *catalog.tables(), catalog.source()->name()));
    OrThrow(running.rows->Open(context, *announced));
  }
  running.piece.Reset();
  running.rows->Read(running.piece);
  return true;
}

void ReadAll(duckdb::ClientContext& context, const SourceScanData& data,
             Running& running) {
  auto& catalog = data.table->source_catalog();
  auto& own = SourceTransaction::Of(context, catalog);
  running.stream = std::make_unique<SourceStream>(
      ProducerFor(running, data.table, own.shared_from_this()),
      SourceOptions().ahead_bytes);
  running.kept = duckdb::make_uniq<duckdb::ColumnDataCollection>(
      duckdb::BufferManager::GetBufferManager(context), running.rows->types());
  duckdb::ColumnDataAppendState append;
  running.kept->InitializeAppend(append);
  while (ReadPiece(context, *data.table, running)) {
    running.kept->Append(append, running.piece);
  }
  running.stream.reset();
  running.kept->InitializeScan(running.place);
}

bool NextPiece(duckdb::ClientContext& context, const SourceScanData& data,
               Running& running) {
  if (!running.shared) return ReadPiece(context, *data.table, running);
  if (!running.kept) ReadAll(context, data, running);
  running.piece.Reset();
  return running.kept->Scan(running.place, running.piece) && running.piece.size() > 0;
}

void Scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
          duckdb::DataChunk& chunk) {
  const auto& data = input.bind_data->Cast<SourceScanData>();
  auto& running = input.global_state->Cast<Running>();
  while (NextPiece(context, data, running)) {
    for (size_t i = 0; i < running.places.size(); ++i) {
      if (running.places[i]) {
        chunk.data[i].Reference(running.piece.data[*running.places[i]]);
      } else {
        chunk.data[i].Reference(duckdb::Value(chunk.data[i].GetType()));
      }
    }
    chunk.SetCardinality(running.piece.size());
    if (!running.executor) return;
    duckdb::SelectionVector selected(STANDARD_VECTOR_SIZE);
    const idx_t rows = running.executor->SelectExpression(chunk, selected);
    if (rows == 0) {
      chunk.Reset();
      continue;
    }
    if (rows < chunk.size()) chunk.Slice(selected, rows);
    return;
  }
  chunk.SetCardinality(0);
}

void TakeConditions(duckdb::ClientContext&, duckdb::LogicalGet& get,
                    duckdb::FunctionData* bind_data,
                    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) {
  auto& data = bind_data->Cast<SourceScanData>();
  const auto& table = *data.table;
  const auto capabilities = table.source_catalog().source()->capabilities();
  const ColumnOf column_of =
      [&](const duckdb::Expression& expression) -> const SourceColumn* {
    if (expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_COLUMN_REF) {
      return nullptr;
    }
    const auto& binding = expression.Cast<duckdb::BoundColumnRefExpression>().binding;
    if (binding.table_index != get.table_index) return nullptr;
    const auto& index = get.GetColumnIds()[binding.column_index];
    if (index.IsVirtualColumn() || index.HasChildren()) return nullptr;
    return &table.source_column(index.GetPrimaryIndex());
  };
  for (auto& filter : filters) {
    if (capabilities.dialect == SqlDialect::kNone) {
      if (!data.keys) data.keys = KeysOf(*filter, column_of);
      continue;
    }
    if (!capabilities.filter || filter->IsVolatile()) continue;
    auto condition = WriteCondition(*filter, column_of, capabilities.dialect);
    if (!condition) continue;
    AddOnce(data.conditions, condition->sql);
    if (!condition->exact) continue;
    AddOnce(data.exact, condition->sql);
    filter.reset();
  }
  std::erase_if(filters, [](const auto& filter) { return !filter; });
}

duckdb::InsertionOrderPreservingMap<std::string> Describe(const SourceScanData& data) {
  duckdb::InsertionOrderPreservingMap<std::string> text;
  const auto& name = data.table->table().name;
  text["Source"] = data.table->source_catalog().source()->name();
  text["Table"] = name.schema + "." + name.table;
  if (!data.conditions.empty()) text["Sent"] = AllOf(data.conditions);
  if (data.keys) text["Keys"] = std::to_string(data.keys->size());
  if (data.limit) text["Limit"] = std::to_string(*data.limit);
  if (data.shared) text["Read"] = "all at once, in one snapshot with other scans";
  return text;
}

duckdb::InsertionOrderPreservingMap<std::string> ToText(
    duckdb::TableFunctionToStringInput& input) {
  return Describe(input.bind_data->Cast<SourceScanData>());
}

duckdb::InsertionOrderPreservingMap<std::string> ToTextAfterwards(
    duckdb::TableFunctionDynamicToStringInput& input) {
  auto text = Describe(input.bind_data->Cast<SourceScanData>());
  if (!input.global_state) return text;
  const auto& scan = input.global_state->Cast<Running>().scan;
  if (!scan.where.empty()) text["Sent"] = scan.where;
  if (scan.keys) text["Keys"] = std::to_string(scan.keys->length());
  return text;
}

duckdb::BindInfo BindInfoOf(const duckdb::optional_ptr<duckdb::FunctionData> data) {
  return duckdb::BindInfo(*data->Cast<SourceScanData>().table);
}

duckdb::virtual_column_map_t VirtualColumns(
    duckdb::ClientContext&, duckdb::optional_ptr<duckdb::FunctionData> data) {
  return data->Cast<SourceScanData>().table->GetVirtualColumns();
}

void Serialize(duckdb::Serializer& serializer,
               const duckdb::optional_ptr<duckdb::FunctionData> bind_data,
               const duckdb::TableFunction&) {
  bind_data->Cast<SourceScanData>().Write(serializer);
}

duckdb::unique_ptr<duckdb::FunctionData> Deserialize(duckdb::Deserializer& deserializer,
                                                     duckdb::TableFunction&) {
  return SourceScanData::Read(deserializer);
}

duckdb::unique_ptr<duckdb::FunctionData> RefuseToBind(
    duckdb::ClientContext&, duckdb::TableFunctionBindInput&,
    duckdb::vector<duckdb::LogicalType>&, duckdb::vector<std::string>&) {
  throw duckdb::BinderException(
      "pintail_source_scan is a part of Pintail's plans and cannot be called; select "
      "from the table itself");
}

duckdb::TableFunction Function() {
  duckdb::TableFunction function(kName, {}, Scan, RefuseToBind, Begin);
  function.projection_pushdown = true;
  function.filter_pushdown = true;
  function.pushdown_complex_filter = TakeConditions;
  function.to_string = ToText;
  function.dynamic_to_string = ToTextAfterwards;
  function.get_bind_info = BindInfoOf;
  function.get_virtual_columns = VirtualColumns;
  function.serialize = Serialize;
  function.deserialize = Deserialize;
  return function;
}

}  // namespace

duckdb::TableFunction MakeSourceScan(
    std::shared_ptr<SourceTableEntry> table,
    duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  auto data = duckdb::make_uniq<SourceScanData>();
  data->table = std::move(table);
  bind_data = std::move(data);
  return Function();
}

SourceScanData* SourceScanOf(const duckdb::TableFunction& function,
                             const duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  if (function.name != kName || !bind_data) return nullptr;
  return &bind_data->Cast<SourceScanData>();
}

void AddSourceScan(duckdb::DatabaseInstance& database) {
  duckdb::CreateTableFunctionInfo info(Function());
  info.internal = true;
  duckdb::Catalog::GetSystemCatalog(database).CreateTableFunction(
      duckdb::CatalogTransaction::GetSystemTransaction(database), info);
}

}  // namespace pintail::engine
