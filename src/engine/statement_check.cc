#include "engine/statement_check.h"

#include "base/error.h"
#include "duckdb/common/string_util.hpp"
#include "duckdb/main/attached_database.hpp"
#include "duckdb/main/database_manager.hpp"
#include "duckdb/parser/parsed_data/detach_info.hpp"
#include "duckdb/parser/statement/detach_statement.hpp"
#include "duckdb/parser/statement/load_statement.hpp"
#include "duckdb/parser/statement/set_statement.hpp"

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

arrow::Status CheckDetach(duckdb::ClientContext& context, const std::string& name) {
  const auto database = duckdb::DatabaseManager::Get(context).GetDatabase(name);
  if (!database || !database->IsInitialDatabase()) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kPermissionDenied, "'", name,
                         "' is the server's own database and stays attached; only "
                         "databases that were attached by a statement can be detached");
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
    case StatementType::SET_STATEMENT: {
      const auto& name = statement.Cast<duckdb::SetStatement>().name;
      if (!duckdb::StringUtil::CIEquals(name, "autoinstall_known_extensions")) {
        return arrow::Status::OK();
      }
      return FetchRefused("changing " + name);
    }
    case StatementType::DETACH_STATEMENT:
      return CheckDetach(context, statement.Cast<duckdb::DetachStatement>().info->name);
    default:
      return arrow::Status::OK();
  }
}

}  // namespace pintail::engine
