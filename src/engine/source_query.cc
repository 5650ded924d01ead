#include "engine/source_query.h"

#include <utility>

#include "base/error.h"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "duckdb/common/vector_operations/vector_operations.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "engine/batch_rows.h"
#include "engine/error_translation.h"
#include "engine/source_retry.h"
#include "engine/source_stream.h"
#include "engine/source_transaction.h"

namespace pintail::engine {
namespace {

using duckdb::idx_t;

constexpr const char* kName = "pintail_source_query";

struct Running : duckdb::GlobalTableFunctionState {
  bool shared = false;
  duckdb::shared_ptr<ChangedTables> change;
  std::unique_ptr<SourceStream> stream;
  // Of the batches, once the first has come.
  std::shared_ptr<arrow::Schema> schema;
  std::unique_ptr<BatchRows> rows;
  duckdb::DataChunk piece;
  // All rows, when they are read at once.
  duckdb::unique_ptr<duckdb::ColumnDataCollection> kept;
  duckdb::ColumnDataScanState place;
};

duckdb::vector<duckdb::LogicalType> TypesOf(const SourceQueryData& data) {
  return {data.query.types.begin(), data.query.types.end()};
}

// A table that is not as it was known has the statement planned anew; for all others the
// message says how to do without the statement.
arrow::Status Explained(const arrow::Status& error, const std::string& source,
                        SourceTables& tables, ChangedTables& change) {
  switch (base::KindOf(error)) {
    case base::ErrorKind::kNotFound:
    case base::ErrorKind::kInvalidSql:
      tables.ForgetAll();
      change.Note();
      return base::WithContext(
          error, "the source \"" + source +
                     "\" did not take the statement that its part of the query was put "
                     "into; SET pintail_push_down = false reads its tables instead");
    default:
      return error;
  }
}

// Without a transaction in a session of its own.
SourceStream::Produce ProducerFor(const SourceQueryData& data, const Running& running,
                                  std::shared_ptr<SourceTransaction> transaction) {
  const std::string sql = data.query.sql;
  const bool verbatim = data.verbatim;
  const auto change = running.change;
  const auto source = data.catalog.source();
  const auto tables = data.catalog.tables();
  return [=](std::stop_token stop, const SourceStream::Take& take) {
    const auto open = [&](SourceSession& session) { return session.Query(sql); };
    const arrow::Status status = InSession(
        *source, transaction.get(), stop,
        [&](SourceSession& session) { return ReadRows(session, open, stop, take); });
    if (status.ok() || verbatim) return status;
    return Explained(status, source->name(), *tables, *change);
  };
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> Begin(
    duckdb::ClientContext& context, duckdb::TableFunctionInitInput& input) {
  const auto& data = input.bind_data->Cast<SourceQueryData>();
  auto running = duckdb::make_uniq<Running>();
  running->change = ChangedTables::Of(context);
  running->shared = data.shared || !context.transaction.IsAutoCommit();
  // In the transaction's session statements come one after another, when they are asked.
  if (!running->shared) {
    running->stream = std::make_unique<SourceStream>(
        ProducerFor(data, *running, /*transaction=*/nullptr),
        SourceOptions().ahead_bytes);
  }
  return running;
}

void Open(duckdb::ClientContext& context, const SourceQueryData& data,
          const arrow::RecordBatch& batch, Running& running) {
  const bool first = !running.schema;
  if (first) running.schema = batch.schema();
  const bool fits = batch.num_columns() == static_cast<int>(data.query.types.size()) &&
                    batch.schema()->Equals(*running.schema, /*check_metadata=*/false);
  if (!fits) {
    ThrowThroughDuckDb(base::MakeError(
        base::ErrorKind::kInternal, "the source \"", data.catalog.GetName(),
        "\" gave other columns than its statement has: ", batch.schema()->ToString()));
  }
  if (first) {
    running.rows = OrThrow(BatchRows::Make(context, *running.schema));
    running.piece.Initialize(context, running.rows->types());
  }
  OrThrow(running.rows->Open(context, batch));
}

// The next rows of the stream, as DuckDB has their types; false at the end.
bool ReadPiece(duckdb::ClientContext& context, const SourceQueryData& data,
               Running& running, duckdb::DataChunk& chunk) {
  while (!running.rows || running.rows->at_end()) {
    const auto batch = OrThrow(running.stream->Next(context));
    if (!batch) return false;
    Open(context, data, *batch, running);
  }
  running.piece.Reset();
  running.rows->Read(running.piece);
  for (idx_t i = 0; i < chunk.ColumnCount(); ++i) {
    auto& read = running.piece.data[i];
    if (read.GetType() == chunk.data[i].GetType()) {
      chunk.data[i].Reference(read);
    } else {
      duckdb::VectorOperations::Cast(context, read, chunk.data[i], running.piece.size());
    }
  }
  chunk.SetCardinality(running.piece.size());
  return true;
}

void ReadAll(duckdb::ClientContext& context, const SourceQueryData& data,
             Running& running) {
  auto& own = SourceTransaction::Of(context, data.catalog);
  running.stream = std::make_unique<SourceStream>(
      ProducerFor(data, running, own.shared_from_this()), SourceOptions().ahead_bytes);
  running.kept = duckdb::make_uniq<duckdb::ColumnDataCollection>(
      duckdb::BufferManager::GetBufferManager(context), TypesOf(data));
  duckdb::ColumnDataAppendState append;
  running.kept->InitializeAppend(append);
  duckdb::DataChunk chunk;
  chunk.Initialize(context, TypesOf(data));
  while (ReadPiece(context, data, running, chunk)) {
    running.kept->Append(append, chunk);
    chunk.Reset();
  }
  running.stream.reset();
  running.kept->InitializeScan(running.place);
}

void Scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
          duckdb::DataChunk& chunk) {
  const auto& data = input.bind_data->Cast<SourceQueryData>();
  auto& running = input.global_state->Cast<Running>();
  if (!running.shared) {
    if (!ReadPiece(context, data, running, chunk)) chunk.SetCardinality(0);
    return;
  }
  if (!running.kept) ReadAll(context, data, running);
  if (!running.kept->Scan(running.place, chunk)) chunk.SetCardinality(0);
}

duckdb::InsertionOrderPreservingMap<std::string> ToText(
    duckdb::TableFunctionToStringInput& input) {
  const auto& data = input.bind_data->Cast<SourceQueryData>();
  duckdb::InsertionOrderPreservingMap<std::string> text;
  text["Source"] = data.catalog.GetName();
  text["Statement"] = data.query.sql;
  if (data.shared) text["Read"] = "all at once, in one snapshot with other scans";
  return text;
}

}  // namespace

duckdb::unique_ptr<duckdb::FunctionData> SourceQueryData::Copy() const {
  auto copy = duckdb::make_uniq<SourceQueryData>(catalog, query);
  copy->verbatim = verbatim;
  copy->shared = shared;
  return copy;
}

bool SourceQueryData::Equals(const FunctionData& other_data) const {
  const auto& other = other_data.Cast<SourceQueryData>();
  // Each call of the user's is one of its own, whatever the statement does.
  return !verbatim && &catalog == &other.catalog && query.sql == other.query.sql;
}

duckdb::TableFunction SourceQueryFunction(const std::string& name,
                                          duckdb::vector<duckdb::LogicalType> arguments,
                                          duckdb::table_function_bind_t bind) {
  duckdb::TableFunction function(name, std::move(arguments), Scan, bind, Begin);
  function.to_string = ToText;
  return function;
}

duckdb::unique_ptr<duckdb::LogicalGet> MakeSourceQueryScan(duckdb::idx_t table_index,
                                                           SourceCatalog& catalog,
                                                           SourceQuery query) {
  duckdb::TableFunction function = SourceQueryFunction(kName, {}, nullptr);
  auto data = duckdb::make_uniq<SourceQueryData>(catalog, std::move(query));
  const auto types = TypesOf(*data);
  duckdb::vector<std::string> names;
  duckdb::vector<duckdb::ColumnIndex> columns;
  for (idx_t i = 0; i < types.size(); ++i) {
    names.push_back("c" + std::to_string(i));
    columns.emplace_back(i);
  }
  auto scan = duckdb::make_uniq<duckdb::LogicalGet>(
      table_index, std::move(function), std::move(data), types, std::move(names));
  scan->SetColumnIds(std::move(columns));
  return scan;
}

SourceQueryData* SourceQueryOf(
    const duckdb::TableFunction& function,
    const duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  if (function.function != Scan || !bind_data) return nullptr;
  return &bind_data->Cast<SourceQueryData>();
}

}  // namespace pintail::engine
