#include "engine/database.h"

#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/storage/buffer_manager.hpp"
#include "duckdb/storage/database_size.hpp"
#include "engine/attach_database.h"
#include "engine/copy_plan.h"
#include "engine/database_file.h"
#include "engine/duck_connection.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/integer_time.h"
#include "engine/names.h"
#include "engine/plan_use.h"
#include "engine/push_down.h"
#include "engine/session_settings.h"
#include "engine/source_attach.h"
#include "engine/source_guard.h"
#include "engine/system_functions.h"
#include "engine/system_views.h"
#include "engine/tail_plan.h"
#include "engine/tail_scan.h"
#include "engine/tail_store.h"

namespace pintail::engine {

struct Database::State {
  std::unique_ptr<duckdb::DuckDB> duckdb;
  std::shared_ptr<SystemViews> views;
  base::SystemClock system_clock;
  std::shared_ptr<TailStore> tails;
  std::weak_ptr<SourceGuard> sources;  // set before clients connect
  std::shared_ptr<SourceStorage> storage;

  duckdb::DatabaseInstance& instance() { return *duckdb->instance; }
};

namespace {

bool IsInMemory(const std::string& path) { return path.empty() || path == ":memory:"; }

void Configure(duckdb::DBConfig& config, const DatabaseOptions& options) {
  using duckdb::Value;
  if (options.memory_limit_bytes) {
    config.SetOptionByName("memory_limit",
                           Value(std::to_string(*options.memory_limit_bytes) + "B"));
  }
  if (options.threads) config.SetOptionByName("threads", Value::BIGINT(*options.threads));
  if (options.temp_directory) {
    config.SetOptionByName("temp_directory", Value(*options.temp_directory));
  }
  if (!options.extension_directory.empty()) {
    config.SetOptionByName("extension_directory", Value(options.extension_directory));
  }
  // Extensions come with the bundle: they may be loaded when a statement needs them, but
  // are never fetched.
  config.SetOptionByName("autoload_known_extensions", Value::BOOLEAN(true));
  config.SetOptionByName("autoinstall_known_extensions", Value::BOOLEAN(false));
  config.SetOptionByName(
      "enable_external_access",
      Value::BOOLEAN(options.external_access || !options.extensions.empty()));
  config.SetOptionByName(
      "max_expression_depth",
      Value::UBIGINT(static_cast<uint64_t>(options.max_expression_depth)));
  // At its default of 16 MB a load spends 40 % of its time on checkpoints. The price is
  // that up to this much of the log is read again after a crash.
  config.SetOptionByName("wal_autocheckpoint", Value("512MB"));
  // What is in the file decides, not the end of its name.
  config.options.database_type = "duckdb";
}

arrow::Status LoadExtensions(duckdb::DatabaseInstance& instance,
                             const DatabaseOptions& options) {
  if (options.extensions.empty()) return arrow::Status::OK();
  for (const std::string& name : options.extensions) {
    // One that is missing or broken is told about when a source needs it.
    (void)RunOnInstance(instance, "LOAD " + QuoteName(name));
  }
  if (options.external_access) return arrow::Status::OK();
  return RunOnInstance(instance, "SET GLOBAL enable_external_access = false");
}

DatabaseFigures ReadFigures(duckdb::ClientContext& context) {
  DatabaseFigures figures;
  auto& buffers = duckdb::BufferManager::GetBufferManager(context);
  figures.memory_bytes = static_cast<int64_t>(buffers.GetUsedMemory());
  figures.memory_limit_bytes = static_cast<int64_t>(buffers.GetMaxMemory());
  figures.temporary_storage_bytes = static_cast<int64_t>(buffers.GetUsedSwap());
  auto name = duckdb::DatabaseManager::GetDefaultDatabase(context);
  auto size = duckdb::Catalog::GetCatalog(context, name).GetDatabaseSize(context);
  figures.database_bytes = static_cast<int64_t>(size.bytes);
  figures.wal_bytes = static_cast<int64_t>(size.wal_size);
  return figures;
}

}  // namespace

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}

Database::~Database() = default;

arrow::Result<std::unique_ptr<Database>> Database::Open(const DatabaseOptions& options) {
  const bool in_memory = IsInMemory(options.path);
  if (!in_memory) {
    ARROW_RETURN_NOT_OK(MakeParentFolders(options.path));
    ARROW_RETURN_NOT_OK(CheckNotOpenHere(options.path));
  }
  auto state = std::make_unique<State>();
  state->views = std::make_shared<SystemViews>();
  state->tails =
      std::make_shared<TailStore>(options.clock ? *options.clock : state->system_clock);
  duckdb::DBConfig config;
  ARROW_RETURN_NOT_OK(Guarded([&]() -> arrow::Status {
    Configure(config, options);
    SystemViews::Prepare(config, state->views);
    PrepareIntegerTime(config);
    PlanUse::Prepare(config);
    PrepareTailPlans(config);
    PreparePushDown(config);
    PrepareCopyPlans(config);
    state->storage = SourceStorage::Prepare(
        config, options.clock ? *options.clock : state->system_clock);
    return arrow::Status::OK();
  }));
  arrow::Status opened = Guarded([&]() -> arrow::Status {
    state->duckdb = std::make_unique<duckdb::DuckDB>(options.path, &config);
    return arrow::Status::OK();
  });
  if (!opened.ok()) {
    return in_memory ? opened : ExplainOpenFailure(options.path, opened);
  }
  ARROW_RETURN_NOT_OK(Guarded([&]() -> arrow::Status {
    SystemViews::Install(state->instance(), state->views);
    AddAlignFunction(state->instance());
    AddCacheTtlSetting(state->instance());
    AddTailScan(state->instance());
    SourceStorage::Install(state->instance());
    state->tails->Attach(state->instance());
    return LoadExtensions(state->instance(), options);
  }));
  return std::unique_ptr<Database>(new Database(std::move(state)));
}

arrow::Result<std::unique_ptr<Connection>> Database::Connect() {
  return DuckConnection::Make(state_->instance(), state_->tails, state_->sources);
}

arrow::Status Database::Checkpoint(bool force) {
  return Guarded([&]() -> arrow::Status {
    const duckdb::Connection connection(state_->instance());
    return RunText(*connection.context, force ? "FORCE CHECKPOINT" : "CHECKPOINT")
        .status();
  });
}

arrow::Result<DatabaseFigures> Database::Figures() {
  return Guarded([&]() -> arrow::Result<DatabaseFigures> {
    duckdb::Connection connection(state_->instance());
    DatabaseFigures figures;
    connection.context->RunFunctionInTransaction(
        [&] { figures = ReadFigures(*connection.context); });
    return figures;
  });
}

void Database::SetSources(std::weak_ptr<SourceGuard> guard) {
  state_->sources = std::move(guard);
}

arrow::Result<std::string> Database::Attach(const AttachRequest& request) {
  return AttachToInstance(state_->instance(), request);
}

arrow::Status Database::Detach(const std::string& name) {
  return DetachFromInstance(state_->instance(), name);
}

arrow::Status Database::Run(const std::string& sql) {
  return RunOnInstance(state_->instance(), sql);
}

std::string Database::name() const {
  const duckdb::Connection connection(state_->instance());
  return duckdb::DatabaseManager::GetDefaultDatabase(*connection.context);
}

Tails& Database::tails() { return *state_->tails; }

void Database::OnChange(std::function<void(const DataChange&)> listener) {
  state_->tails->listener()->Set(std::move(listener));
}

void Database::TellChange(const DataChange& change) {
  state_->tails->listener()->Tell(change);
}

std::string Database::version() const { return duckdb::DuckDB::LibraryVersion(); }

arrow::Status Database::AddSystemView(const std::string& name,
                                      std::shared_ptr<arrow::Schema> schema,
                                      SystemRows rows) {
  return state_->views->Add(state_->instance(), name,
                            {.schema = std::move(schema), .rows = std::move(rows)});
}

arrow::Status Database::AddSystemFunction(const std::string& name,
                                          SystemFunction function) {
  return engine::AddSystemFunction(state_->instance(), name, std::move(function));
}

arrow::Status Database::AttachSource(std::shared_ptr<Source> source,
                                     const SourceOptions& options) {
  return state_->storage->Attach(state_->instance(), std::move(source), options);
}

arrow::Status Database::DetachSource(const std::string& name) {
  return SourceStorage::Detach(state_->instance(), name);
}

}  // namespace pintail::engine
