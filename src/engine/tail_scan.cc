#include "engine/tail_scan.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/common/exception/binder_exception.hpp"
#include "duckdb/common/serializer/deserializer.hpp"
#include "duckdb/common/serializer/serializer.hpp"
#include "duckdb/parser/parsed_data/create_table_function_info.hpp"
#include "duckdb/storage/statistics/node_statistics.hpp"
#include "engine/tail_snapshot.h"

namespace pintail::engine {
namespace {

using duckdb::idx_t;

constexpr const char* kName = "pintail_tail";
// What a thread takes at once: as many rows as a row group of the table, or a part.
constexpr int64_t kMorselRows = 122'880;
// Parts below this are put together to vectors of DuckDB's size.
constexpr int64_t kSmallRows = 512;

struct Bound : duckdb::TableFunctionData {
  explicit Bound(TailKey which) : key(std::move(which)) {}
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    return duckdb::make_uniq<Bound>(key);
  }
  bool Equals(const FunctionData& other) const override {
    return key == other.Cast<Bound>().key;
  }

  const TailKey key;
};

// A run of small parts, or a piece of a large one.
struct Morsel {
  const TailPart* part = nullptr;
  int64_t parts = 1;
  int64_t from = 0;  // rows of the first part
  int64_t rows = 0;  // in all
};

struct Global : duckdb::GlobalTableFunctionState {
  TailView view;
  std::vector<Morsel> morsels;
  std::atomic<size_t> next = 0;
  duckdb::vector<duckdb::column_t> columns;

  idx_t MaxThreads() const override { return std::max<size_t>(morsels.size(), 1); }
};

struct Local : duckdb::LocalTableFunctionState {
  size_t number = 0;  // of the morsel
  Morsel left;
  const TailPart* open = nullptr;
  std::vector<duckdb::unique_ptr<duckdb::ArrowArrayScanState>> states;
  duckdb::DataChunk piece;  // of a small part
};

void CutIntoMorsels(Global& global) {
  global.view.ForEach([&](const TailPart& part) {
    const int64_t rows = part.batch->num_rows();
    auto& morsels = global.morsels;
    if (rows < kSmallRows) {
      const bool fits = !morsels.empty() && morsels.back().from == 0 &&
                        morsels.back().part->batch->num_rows() < kSmallRows &&
                        morsels.back().rows < kMorselRows;
      if (!fits) morsels.push_back({.part = &part, .parts = 0});
      ++morsels.back().parts;
      morsels.back().rows += rows;
      return;
    }
    for (int64_t from = 0; from < rows; from += kMorselRows) {
      morsels.push_back(
          {.part = &part, .from = from, .rows = std::min(kMorselRows, rows - from)});
    }
  });
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> InitGlobal(
    duckdb::ClientContext& context, duckdb::TableFunctionInitInput& input) {
  auto global = duckdb::make_uniq<Global>();
  global->columns = input.column_ids;
  if (auto snapshot = TailSnapshot::Of(context)) {
    global->view = snapshot->ViewOf(input.bind_data->Cast<Bound>().key);
  }
  CutIntoMorsels(*global);
  return global;
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> InitLocal(
    duckdb::ExecutionContext&, duckdb::TableFunctionInitInput&,
    duckdb::GlobalTableFunctionState*) {
  return duckdb::make_uniq<Local>();
}

// Reads `rows` rows of the part from `from` on.
void Read(duckdb::ClientContext& context, const Global& global, Local& local,
          const TailPart& part, int64_t from, int64_t rows, duckdb::DataChunk& chunk) {
  if (local.open != &part) {
    local.open = &part;
    local.states.clear();
    for (size_t i = 0; i < global.columns.size(); ++i) {
      local.states.push_back(duckdb::make_uniq<duckdb::ArrowArrayScanState>(context));
      local.states.back()->owned_data = part.Exported();
    }
  }
  chunk.SetCardinality(static_cast<idx_t>(rows));
  for (idx_t i = 0; i < global.columns.size(); ++i) {
    if (duckdb::IsVirtualColumn(global.columns[i])) {
      chunk.data[i].SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
      duckdb::ConstantVector::SetNull(chunk.data[i], true);
      continue;
    }
    part.input->ReadColumn(*part.Exported(), global.columns[i], static_cast<idx_t>(from),
                           *local.states[i], chunk.data[i], chunk.size());
  }
}

void Gather(duckdb::ClientContext& context, const Global& global, Local& local,
            duckdb::DataChunk& output) {
  if (local.piece.data.empty()) local.piece.Initialize(context, output.GetTypes());
  while (local.left.parts > 0) {
    const TailPart& part = *local.left.part;
    const int64_t rows = part.batch->num_rows();
    if (output.size() + static_cast<idx_t>(rows) > STANDARD_VECTOR_SIZE) return;
    local.piece.Reset();
    Read(context, global, local, part, 0, rows, local.piece);
    output.Append(local.piece);
    if (--local.left.parts > 0) local.left.part = part.next.get();
  }
}

void Scan(duckdb::ClientContext& context, duckdb::TableFunctionInput& input,
          duckdb::DataChunk& output) {
  auto& global = input.global_state->Cast<Global>();
  auto& local = input.local_state->Cast<Local>();
  if (local.left.parts == 0 || local.left.rows == 0) {
    local.number = global.next.fetch_add(1);
    if (local.number >= global.morsels.size()) return;
    local.left = global.morsels[local.number];
  }
  if (local.left.part->batch->num_rows() < kSmallRows) {
    Gather(context, global, local, output);
    return;
  }
  const int64_t rows = std::min<int64_t>(local.left.rows, STANDARD_VECTOR_SIZE);
  Read(context, global, local, *local.left.part, local.left.from, rows, output);
  local.left.from += rows;
  local.left.rows -= rows;
}

duckdb::OperatorPartitionData PartitionOf(duckdb::ClientContext&,
                                          duckdb::TableFunctionGetPartitionInput& input) {
  return duckdb::OperatorPartitionData(input.local_state->Cast<Local>().number);
}

duckdb::unique_ptr<duckdb::NodeStatistics> Cardinality(duckdb::ClientContext& context,
                                                       const duckdb::FunctionData* data) {
  auto snapshot = TailSnapshot::Of(context);
  if (!snapshot) return duckdb::make_uniq<duckdb::NodeStatistics>();
  const TailView view = snapshot->ViewOf(data->Cast<Bound>().key);
  return duckdb::make_uniq<duckdb::NodeStatistics>(static_cast<idx_t>(view.rows));
}

void Serialize(duckdb::Serializer& serializer,
               const duckdb::optional_ptr<duckdb::FunctionData> data,
               const duckdb::TableFunction&) {
  const auto& key = data->Cast<Bound>().key;
  serializer.WriteProperty(100, "schema", key.schema);
  serializer.WriteProperty(101, "table", key.table);
}

duckdb::unique_ptr<duckdb::FunctionData> Deserialize(duckdb::Deserializer& deserializer,
                                                     duckdb::TableFunction&) {
  TailKey key;
  deserializer.ReadProperty(100, "schema", key.schema);
  deserializer.ReadProperty(101, "table", key.table);
  return duckdb::make_uniq<Bound>(std::move(key));
}

duckdb::unique_ptr<duckdb::FunctionData> RefuseToBind(
    duckdb::ClientContext&, duckdb::TableFunctionBindInput&,
    duckdb::vector<duckdb::LogicalType>&, duckdb::vector<std::string>&) {
  throw duckdb::BinderException(
      "pintail_tail is a part of Pintail's plans and cannot be called; select from the "
      "table itself");
}

duckdb::TableFunction Function() {
  duckdb::TableFunction function(kName, {}, Scan, RefuseToBind, InitGlobal, InitLocal);
  function.projection_pushdown = true;
  function.cardinality = Cardinality;
  function.get_partition_data = PartitionOf;
  function.serialize = Serialize;
  function.deserialize = Deserialize;
  return function;
}

}  // namespace

void AddTailScan(duckdb::DatabaseInstance& database) {
  duckdb::CreateTableFunctionInfo info(Function());
  info.internal = true;
  duckdb::Catalog::GetSystemCatalog(database).CreateTableFunction(
      duckdb::CatalogTransaction::GetSystemTransaction(database), info);
}

duckdb::unique_ptr<duckdb::LogicalGet> MakeTailScan(idx_t table_index, const TailKey& key,
                                                    const duckdb::LogicalGet& table) {
  auto scan = duckdb::make_uniq<duckdb::LogicalGet>(table_index, Function(),
                                                    duckdb::make_uniq<Bound>(key),
                                                    table.returned_types, table.names);
  auto columns = table.GetColumnIds();
  scan->SetColumnIds(std::move(columns));
  return scan;
}

}  // namespace pintail::engine
