#include "engine/source_attach.h"

#include <utility>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/parsed_data/attach_info.hpp"
#include "engine/error_translation.h"
#include "engine/source_catalog.h"
#include "engine/source_plan.h"
#include "engine/source_remote.h"
#include "engine/source_scan.h"

namespace pintail::engine {
namespace {

constexpr const char* kType = "pintail_source";

duckdb::unique_ptr<duckdb::Catalog> MakeCatalog(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo> info, duckdb::ClientContext&,
    duckdb::AttachedDatabase& database, const std::string& name, duckdb::AttachInfo&,
    duckdb::AttachOptions&) {
  auto& storage = static_cast<SourceStorage&>(*info);
  auto waiting = storage.Take(name);
  if (!waiting.source) {
    OrThrow(base::MakeError(base::ErrorKind::kUnimplemented,
                            "ATTACH … (TYPE pintail_source) is the server's own way; "
                            "define a source in the configuration instead"));
  }
  auto tables =
      std::make_shared<SourceTables>(waiting.source, storage.clock(), waiting.options);
  return duckdb::make_uniq<SourceCatalog>(database, std::move(waiting.source),
                                          std::move(tables));
}

duckdb::unique_ptr<duckdb::TransactionManager> MakeTransactions(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo>,
    duckdb::AttachedDatabase& database, duckdb::Catalog& catalog) {
  return duckdb::make_uniq<SourceTransactions>(database, catalog.Cast<SourceCatalog>());
}

}  // namespace

std::shared_ptr<SourceStorage> SourceStorage::Prepare(duckdb::DBConfig& config,
                                                      const base::Clock& clock) {
  std::shared_ptr<SourceStorage> storage(new SourceStorage(clock));
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->attach = MakeCatalog;
  extension->create_transaction_manager = MakeTransactions;
  extension->storage_info = duckdb::shared_ptr<duckdb::StorageExtensionInfo>(storage);
  duckdb::StorageExtension::Register(config, kType, std::move(extension));
  PrepareSourcePlans(config);
  return storage;
}

void SourceStorage::Install(duckdb::DatabaseInstance& database) {
  AddSourceScan(database);
  AddRemote(database);
}

SourceStorage::Waiting SourceStorage::Take(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto found = waiting_.find(name);
  if (found == waiting_.end()) return {};
  auto waiting = std::move(found->second);
  waiting_.erase(found);
  return waiting;
}

arrow::Status SourceStorage::Attach(duckdb::DatabaseInstance& database,
                                    std::shared_ptr<Source> source,
                                    const SourceOptions& options) {
  const std::string name = source->name();
  auto& databases = database.GetDatabaseManager();
  const auto exists = [&] {
    return base::MakeError(base::ErrorKind::kAlreadyExists,
                           "there is a database or source called \"", name,
                           "\" already; choose another name");
  };
  if (databases.GetDatabase(name)) return exists();
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_.emplace(name, Waiting{std::move(source), options}).second) {
      return exists();
    }
  }
  const auto status = Guarded([&]() -> arrow::Status {
    duckdb::Connection connection(database);
    auto& context = *connection.context;
    context.RunFunctionInTransaction([&] {
      duckdb::AttachInfo info;
      info.name = name;
      duckdb::unordered_map<std::string, duckdb::Value> type{
          {"type", duckdb::Value(kType)}};
      duckdb::AttachOptions attach(type, duckdb::AccessMode::READ_WRITE);
      databases.AttachDatabase(context, info, attach);
    });
    return arrow::Status::OK();
  });
  (void)Take(name);
  return status;
}

arrow::Status SourceStorage::Detach(duckdb::DatabaseInstance& database,
                                    const std::string& name) {
  auto& databases = database.GetDatabaseManager();
  const auto found = databases.GetDatabase(name);
  if (!found || found->GetCatalog().GetCatalogType() != kType) {
    return base::MakeError(base::ErrorKind::kNotFound, "there is no source called \"",
                           name, "\"");
  }
  return Guarded([&]() -> arrow::Status {
    duckdb::Connection connection(database);
    auto& context = *connection.context;
    context.RunFunctionInTransaction([&] {
      databases.DetachDatabase(context, name, duckdb::OnEntryNotFound::RETURN_NULL);
    });
    return arrow::Status::OK();
  });
}

}  // namespace pintail::engine
