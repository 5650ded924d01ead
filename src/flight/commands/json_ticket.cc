#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flight/commands/commands.h"
#include "flight/door.h"
#include "flight/json_reader.h"
#include "flight/request_kind.h"

namespace pintail::flight::commands {
namespace {

using base::ErrorKind;

const std::string* TextAt(const JsonObject& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : std::get_if<std::string>(&found->second);
}

// The typed service that the ticket asks for. Its clients retry on INTERNAL, and on
// nothing else, so that is what every failure of theirs is.
StreamResult RunService(const std::string& type) {
  return base::MakeError(ErrorKind::kInternal, "No data service is registered for '",
                         type.substr(0, 200), "'; registered data services: none");
}

}  // namespace

StreamResult FetchJsonTicket(Call& call, std::string_view json) {
  ARROW_ASSIGN_OR_RAISE(const JsonObject object,
                        ReadJsonObject(json, call.door().options.limits.max_nesting));
  for (const char* key : {"param_type", "type", "kind"}) {
    if (const std::string* type = TextAt(object, key)) return RunService(*type);
  }
  if (const std::string* text = TextAt(object, "sql")) {
    const std::string* transaction = TextAt(object, "transaction_id");
    return RunStatement(call, *text, transaction ? *transaction : "");
  }
  if (const auto table = object.find("table"); table != object.end()) {
    if (const auto* path = std::get_if<std::vector<std::string>>(&table->second)) {
      ARROW_ASSIGN_OR_RAISE(const auto name, TableOfPath(*path));
      return FetchTable(call, name);
    }
    if (const auto* dotted = std::get_if<std::string>(&table->second)) {
      ARROW_ASSIGN_OR_RAISE(const auto name, TableOfDottedName(*dotted));
      return FetchTable(call, name);
    }
  }
  return base::MakeError(ErrorKind::kInternal,
                         "The ticket lacks 'param_type', which says the data service it "
                         "is for; a ticket may also have 'sql' or 'table'");
}

}  // namespace pintail::flight::commands
