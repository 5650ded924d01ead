#include "engine/download_check.h"

#include "base/error.h"
#include "duckdb/common/string_util.hpp"
#include "duckdb/parser/statement/load_statement.hpp"
#include "duckdb/parser/statement/set_statement.hpp"

namespace pintail::engine {
namespace {

using duckdb::StatementType;

arrow::Status Refused(const std::string& what) {
  return base::MakeError(
      base::ErrorKind::kUnimplemented, what,
      " would fetch extensions from the network, which this server never does; LOAD one "
      "that came with it (duckdb_extensions() lists them), or put its file where "
      "database.extension_directory says");
}

}  // namespace

arrow::Status CheckFetchesNothing(const duckdb::SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::LOAD_STATEMENT: {
      const auto& info = *statement.Cast<duckdb::LoadStatement>().info;
      if (info.load_type == duckdb::LoadType::LOAD) return arrow::Status::OK();
      return Refused("INSTALL " + info.filename);
    }
    case StatementType::UPDATE_EXTENSIONS_STATEMENT:
      return Refused("UPDATE EXTENSIONS");
    case StatementType::SET_STATEMENT: {
      const auto& name = statement.Cast<duckdb::SetStatement>().name;
      if (!duckdb::StringUtil::CIEquals(name, "autoinstall_known_extensions")) {
        return arrow::Status::OK();
      }
      return Refused("changing " + name);
    }
    default:
      return arrow::Status::OK();
  }
}

}  // namespace pintail::engine
