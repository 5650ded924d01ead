#include <utility>

#include "flight/column_facts.h"
#include "flight/commands/commands.h"
#include "flight/request_kind.h"

namespace pintail::flight::commands {
namespace {

std::string SelectAll(const engine::TableName& table) {
  return "SELECT * FROM " + engine::QuoteName(table);
}

}  // namespace

InfoResult PlanTable(Call& call, const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableOfPath(descriptor.path));
  return PlanStatement(call, {SelectAll(table), ""}, descriptor);
}

SchemaResult DescribeTable(Call& call, const fl::FlightDescriptor& descriptor) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableOfPath(descriptor.path));
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto schema,
                        call.gateway().TableSchema(call.context(), session, table));
  return fl::SchemaResult::Make(*WithColumnFacts(*schema, table));
}

StreamResult FetchTable(Call& call, const engine::TableName& table) {
  return RunStatement(call, SelectAll(table), "");
}

}  // namespace pintail::flight::commands
