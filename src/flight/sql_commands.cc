#include "flight/sql_commands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "flight/request_kind.h"

namespace pintail::flight {
namespace {

constexpr std::string_view kPackage = "arrow.flight.protocol.sql.";

struct Taken {
  std::string_view method;
  std::vector<std::string_view> commands;
};

// What is known of the protocol but not had here (Substrait) is let through: it is
// refused as unimplemented.
const std::vector<Taken>& AllTaken() {
  static const std::vector<std::string_view> kMetadata = {
      "CommandGetCatalogs",       "CommandGetDbSchemas",    "CommandGetTables",
      "CommandGetTableTypes",     "CommandGetXdbcTypeInfo", "CommandGetSqlInfo",
      "CommandGetPrimaryKeys",    "CommandGetExportedKeys", "CommandGetImportedKeys",
      "CommandGetCrossReference",
  };
  static const auto with_metadata = [](std::vector<std::string_view> commands) {
    commands.insert(commands.end(), kMetadata.begin(), kMetadata.end());
    return commands;
  };
  static const std::vector<std::string_view> kPlanned =
      with_metadata({"CommandStatementQuery", "CommandPreparedStatementQuery",
                     "CommandStatementSubstraitPlan"});
  static const std::vector<Taken> kAll = {
      {"GetFlightInfo", kPlanned},
      {"GetSchema", kPlanned},
      {"DoGet", with_metadata({"TicketStatementQuery", "CommandStatementQuery",
                               "CommandPreparedStatementQuery"})},
      {"DoPut",
       {"CommandStatementUpdate", "CommandStatementIngest",
        "CommandPreparedStatementQuery", "CommandPreparedStatementUpdate",
        "CommandStatementSubstraitPlan"}},
  };
  return kAll;
}

std::string Joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  }
  return text;
}

}  // namespace

arrow::Status CheckSqlCommand(std::string_view method, std::string_view bytes) {
  const std::string type = TypeOfMessage(bytes).value_or("");
  const auto taken = std::ranges::find(AllTaken(), method, &Taken::method);
  std::string_view name = type;
  if (name.starts_with(kPackage)) {
    name.remove_prefix(kPackage.size());
    if (std::ranges::contains(taken->commands, name)) return arrow::Status::OK();
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, method,
                         " takes no message of the type '", type,
                         "'; what it takes of Flight SQL is ", Joined(taken->commands));
}

}  // namespace pintail::flight
