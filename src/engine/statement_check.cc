#include "engine/statement_check.h"

#include "base/error.h"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/main/database_path_and_type.hpp"
#include "duckdb/parser/expression/function_expression.hpp"
#include "duckdb/parser/parsed_data/alter_database_info.hpp"
#include "duckdb/parser/parsed_data/attach_info.hpp"
#include "duckdb/parser/parsed_data/detach_info.hpp"
#include "duckdb/parser/parsed_data/pragma_info.hpp"
#include "duckdb/parser/statement/alter_statement.hpp"
#include "duckdb/parser/statement/attach_statement.hpp"
#include "duckdb/parser/statement/call_statement.hpp"
#include "duckdb/parser/statement/detach_statement.hpp"
#include "duckdb/parser/statement/explain_statement.hpp"
#include "duckdb/parser/statement/load_statement.hpp"
#include "duckdb/parser/statement/pragma_statement.hpp"
#include "duckdb/parser/statement/set_statement.hpp"
#include "engine/source_context.h"

namespace pintail::engine {
namespace {

using duckdb::StatementType;

arrow::Status FetchRefused(const std::string& what) {
  return base::MakeError(
      base::ErrorKind::kUnimplemented, what,
      " would fetch extensions from the network, which this server never does; LOAD one "
      "that came with it (duckdb_extensions() lists them), or put its file where "
      "database.extension_directory says");
}

arrow::Status CheckNotSource(duckdb::ClientContext& context, const std::string& what,
                             const std::string& name) {
  if (!IsSourceName(context, name)) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kPermissionDenied, what, " '", name,
                         "': that is the name of a source, which the server attaches by "
                         "itself; ALTER SOURCE and DROP SOURCE change it");
}

// DuckDB takes the name from the path when there is none.
arrow::Status CheckAttach(duckdb::ClientContext& context,
                          const duckdb::AttachInfo& info) {
  std::string name = info.name;
  if (name.empty()) {
    std::string path = info.path;
    std::string type;
    duckdb::DBPathAndType::ExtractExtensionPrefix(path, type);
    name = duckdb::AttachedDatabase::ExtractDatabaseName(
        path, duckdb::FileSystem::GetFileSystem(context));
  }
  return CheckNotSource(context, "ATTACH", name);
}

arrow::Status CheckAlter(duckdb::ClientContext& context, const duckdb::AlterInfo& info) {
  if (info.type != duckdb::AlterType::ALTER_DATABASE) return arrow::Status::OK();
  const auto& rename = info.Cast<duckdb::AlterDatabaseInfo>();
  const auto database = duckdb::DatabaseManager::Get(context).GetDatabase(rename.catalog);
  if (database && database->IsInitialDatabase()) {
    return base::MakeError(base::ErrorKind::kPermissionDenied, "'", rename.catalog,
                           "' is the server's own database and keeps its name");
  }
  ARROW_RETURN_NOT_OK(CheckNotSource(context, "ALTER DATABASE", rename.catalog));
  if (rename.alter_database_type != duckdb::AlterDatabaseType::RENAME_DATABASE) {
    return arrow::Status::OK();
  }
  return CheckNotSource(context, "ALTER DATABASE … RENAME TO",
                        rename.Cast<duckdb::RenameDatabaseInfo>().new_name);
}

arrow::Status CheckDetach(duckdb::ClientContext& context, const std::string& name) {
  ARROW_RETURN_NOT_OK(CheckNotSource(context, "DETACH", name));
  const auto database = duckdb::DatabaseManager::Get(context).GetDatabase(name);
  if (!database || !database->IsInitialDatabase()) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kPermissionDenied, "'", name,
                         "' is the server's own database and stays attached; only "
                         "databases that were attached by a statement can be detached");
}

// Tails of tables are put into plans by an extension of the optimizer.
arrow::Status OptimizerRefused(const std::string& what) {
  return base::MakeError(
      base::ErrorKind::kUnimplemented, what,
      " would hide rows that have arrived and are not stored yet; switch off single "
      "optimizers by name (SET disabled_optimizers = 'join_order'), all but `extension`");
}

arrow::Status CheckSet(const duckdb::SetStatement& statement) {
  using duckdb::StringUtil;
  if (StringUtil::CIEquals(statement.name, "autoinstall_known_extensions")) {
    return FetchRefused("changing " + statement.name);
  }
  if (!StringUtil::CIEquals(statement.name, "disabled_optimizers") ||
      statement.set_type != duckdb::SetType::SET) {
    return arrow::Status::OK();
  }
  const auto& value = *statement.Cast<duckdb::SetVariableStatement>().value;
  const bool plain = value.GetExpressionClass() == duckdb::ExpressionClass::CONSTANT ||
                     value.GetExpressionClass() == duckdb::ExpressionClass::COLUMN_REF;
  const std::string names = StringUtil::Lower(value.ToString());
  if (plain && names.find("extension") == std::string::npos) return arrow::Status::OK();
  return OptimizerRefused("disabling the optimizer `extension`");
}

// It waits, with a lock on the database, for every transaction that writes, while a
// transaction that takes rows from a tail waits for those that begin. Only the server
// does that, when it stops and nothing else runs. DuckDB itself would refuse it because
// the statement's own transaction has begun, and not say what to do.
arrow::Status CheckCall(duckdb::ClientContext& context,
                        const duckdb::ParsedExpression& call) {
  if (call.GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) {
    return arrow::Status::OK();
  }
  const auto& function = call.Cast<duckdb::FunctionExpression>();
  if (!duckdb::StringUtil::CIEquals(function.function_name, "force_checkpoint") ||
      !function.children.empty()) {
    return arrow::Status::OK();
  }
  auto& databases = duckdb::DatabaseManager::Get(context);
  const auto meant =
      databases.GetDatabase(duckdb::DatabaseManager::GetDefaultDatabase(context));
  if (!meant || !meant->IsInitialDatabase()) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kUnimplemented,
                         "FORCE CHECKPOINT would wait for the transactions of all "
                         "clients and is the server's own; run CHECKPOINT, which is "
                         "refused while others write, and try it again then");
}

}  // namespace

arrow::Status CheckServerStands(duckdb::ClientContext& context,
                                const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::LOAD_STATEMENT: {
      const auto& info = *statement.Cast<duckdb::LoadStatement>().info;
      if (info.load_type == duckdb::LoadType::LOAD) return arrow::Status::OK();
      return FetchRefused("INSTALL " + info.filename);
    }
    case StatementType::UPDATE_EXTENSIONS_STATEMENT:
      return FetchRefused("UPDATE EXTENSIONS");
    case StatementType::SET_STATEMENT:
      return CheckSet(statement.Cast<duckdb::SetStatement>());
    case StatementType::PRAGMA_STATEMENT: {
      const auto& name = statement.Cast<duckdb::PragmaStatement>().info->name;
      if (!duckdb::StringUtil::CIEquals(name, "disable_optimizer")) {
        return arrow::Status::OK();
      }
      return OptimizerRefused("PRAGMA " + name);
    }
    case StatementType::EXPLAIN_STATEMENT:
      return CheckServerStands(context, *statement.Cast<duckdb::ExplainStatement>().stmt);
    case StatementType::CALL_STATEMENT:
      return CheckCall(context, *statement.Cast<duckdb::CallStatement>().function);
    case StatementType::ATTACH_STATEMENT:
      return CheckAttach(context, *statement.Cast<duckdb::AttachStatement>().info);
    case StatementType::ALTER_STATEMENT:
      return CheckAlter(context, *statement.Cast<duckdb::AlterStatement>().info);
    case StatementType::DETACH_STATEMENT:
      return CheckDetach(context, statement.Cast<duckdb::DetachStatement>().info->name);
    default:
      return arrow::Status::OK();
  }
}

}  // namespace pintail::engine
