#include "cache/copy_table.h"

#include "base/error.h"

namespace pintail::cache {
namespace {

template <typename... Parts>
arrow::Status Refuse(const CopyTable& table, const Parts&... parts) {
  return base::MakeError(base::ErrorKind::kInvalidArgument, "the copy \"", table.name,
                         "\" ", parts...);
}

}  // namespace

std::string_view CopyRefreshName(CopyRefresh refresh) {
  switch (refresh) {
    case CopyRefresh::kAppend:
      return "append";
    case CopyRefresh::kOnDemand:
      return "on_demand";
    default:
      return "full";
  }
}

arrow::Status CheckCopyTable(const CopyTable& table) {
  if (table.name.empty() || table.name.starts_with('_')) {
    return Refuse(table, "needs a name that does not begin with _");
  }
  const auto& source = table.source;
  if (source.catalog.empty() || source.schema.empty() || source.table.empty()) {
    return Refuse(table, "needs a table of a source, as source.schema.table");
  }
  if ((table.refresh == CopyRefresh::kAppend) == table.append_column.empty()) {
    return Refuse(table, "must have an append_column for refresh = \"append\", and for ",
                  "no other refresh");
  }
  if (table.interval && table.cron) {
    return Refuse(table, "has an interval and a cron time; give one of them");
  }
  if ((table.data_window || table.retention) && table.time_column.empty()) {
    return Refuse(table, "has a data_window or a retention, which need a time_column");
  }
  return arrow::Status::OK();
}

engine::CopyDeclaration DeclarationOf(const CopyTable& table) {
  return {.name = table.name,
          .source = table.source,
          .whole = table.filter.empty() && !table.data_window && !table.retention,
          .all_columns = table.columns.empty(),
          .max_staleness = table.max_staleness};
}

std::string DefinitionOf(const CopyTable& table) {
  std::string definition = engine::QuoteName(table.source);
  for (const std::string& column : table.columns) {
    definition += " " + engine::QuoteName(column);
  }
  definition += " where " + engine::QuoteText(table.filter);
  const auto add = [&](const auto& duration) {
    definition += " " + (duration ? std::to_string(duration->count()) : "all");
  };
  add(table.data_window);
  add(table.retention);
  return definition + " " + engine::QuoteName(table.time_column) + " " +
         engine::QuoteName(table.append_column);
}

}  // namespace pintail::cache
