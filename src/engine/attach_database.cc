#include "engine/attach_database.h"

#include <optional>
#include <random>

#include "duckdb/catalog/catalog.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/client_config.hpp"
#include "duckdb/main/config.hpp"
#include "duckdb/main/connection.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/main/extension_helper.hpp"
#include "duckdb/main/secret/secret.hpp"
#include "duckdb/main/secret/secret_manager.hpp"
#include "duckdb/main/settings.hpp"
#include "duckdb/parser/parsed_data/attach_info.hpp"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace pintail::engine {
namespace {

// Lets this one connection attach although clients may not.
void AllowExternalAccess(duckdb::ClientContext& context) {
  duckdb::ClientConfig::GetConfig(context).user_settings.SetUserSetting(
      duckdb::EnableExternalAccessSetting::SettingIndex, duckdb::Value::BOOLEAN(true));
}

// A secret for as long as it lives. Its values never become part of a statement's text,
// which clients can have logged.
class PassingSecret {
 public:
  PassingSecret(duckdb::ClientContext& context, const AttachRequest& request)
      : context_(context), name_("pintail_" + std::to_string(std::random_device{}())) {
    duckdb::CreateSecretInput input;
    input.type = request.type;
    input.provider = "config";
    input.name = name_;
    input.storage_type = duckdb::SecretManager::TEMPORARY_STORAGE_NAME;
    input.on_conflict = duckdb::OnCreateConflict::ERROR_ON_CONFLICT;
    input.persist_type = duckdb::SecretPersistType::TEMPORARY;
    for (const auto& [key, value] : *request.secret) {
      input.options[key] = duckdb::Value(value);
    }
    context_.RunFunctionInTransaction(
        [&] { duckdb::SecretManager::Get(context_).CreateSecret(context_, input); });
  }
  ~PassingSecret() {
    try {
      context_.RunFunctionInTransaction([&] {
        duckdb::SecretManager::Get(context_).DropSecretByName(
            context_, name_, duckdb::OnEntryNotFound::RETURN_NULL,
            duckdb::SecretPersistType::TEMPORARY,
            duckdb::SecretManager::TEMPORARY_STORAGE_NAME);
      });
    } catch (const std::exception&) {
      // It is redacted wherever it is shown.
    }
  }
  PassingSecret(const PassingSecret&) = delete;
  PassingSecret& operator=(const PassingSecret&) = delete;

  const std::string& name() const { return name_; }

 private:
  duckdb::ClientContext& context_;
  const std::string name_;
};

std::string Attach(duckdb::ClientContext& context, const AttachRequest& request,
                   const std::string& secret) {
  duckdb::AttachInfo info;
  info.name = request.name;
  info.path = request.path;
  info.options["type"] = duckdb::Value(request.type);
  if (request.read_only) info.options["read_only"] = duckdb::Value::BOOLEAN(true);
  if (!secret.empty()) info.options["secret"] = duckdb::Value(secret);
  for (const auto& [name, value] : request.options) {
    info.options[name] = duckdb::Value(value);
  }
  std::string schema;
  context.RunFunctionInTransaction([&] {
    duckdb::AttachOptions options(info.options, duckdb::AccessMode::READ_WRITE);
    auto database =
        duckdb::DatabaseManager::Get(context).AttachDatabase(context, info, options);
    schema = database->GetCatalog().GetDefaultSchema();
  });
  return schema;
}

}  // namespace

arrow::Result<std::string> AttachToInstance(duckdb::DatabaseInstance& instance,
                                            const AttachRequest& request) {
  return Guarded([&]() -> arrow::Result<std::string> {
    const duckdb::Connection connection(instance);
    auto& context = *connection.context;
    AllowExternalAccess(context);
    if (!request.extension.empty() && !instance.ExtensionIsLoaded(request.extension)) {
      duckdb::ExtensionHelper::LoadExternalExtension(context, request.extension);
    }
    for (const std::string& file : request.files) {
      for (const char* end : {"", ".wal", ".wal.checkpoint", ".wal.recovery"}) {
        duckdb::DBConfig::GetConfig(instance).AddAllowedPath(file + end);
      }
    }
    // For all connections: the extension reads most of them when a query runs.
    for (const auto& [name, value] : request.settings) {
      ARROW_RETURN_NOT_OK(
          RunText(context, "SET GLOBAL " + QuoteName(name) + " = " + QuoteText(value))
              .status());
    }
    std::optional<PassingSecret> secret;
    if (request.secret) secret.emplace(context, request);
    std::string schema = Attach(context, request, secret ? secret->name() : "");
    if (request.then.empty()) return schema;
    const arrow::Status done = RunText(context, request.then).status();
    if (done.ok()) return schema;
    ARROW_RETURN_NOT_OK(DetachFromInstance(instance, request.name));
    return done;
  });
}

arrow::Status DetachFromInstance(duckdb::DatabaseInstance& instance,
                                 const std::string& name) {
  return Guarded([&]() -> arrow::Status {
    const duckdb::Connection connection(instance);
    auto& context = *connection.context;
    context.RunFunctionInTransaction([&] {
      duckdb::DatabaseManager::Get(context).DetachDatabase(
          context, name, duckdb::OnEntryNotFound::RETURN_NULL);
    });
    return arrow::Status::OK();
  });
}

arrow::Status RunOnInstance(duckdb::DatabaseInstance& instance, const std::string& sql) {
  return Guarded([&]() -> arrow::Status {
    const duckdb::Connection connection(instance);
    return RunText(*connection.context, sql).status();
  });
}

}  // namespace pintail::engine
