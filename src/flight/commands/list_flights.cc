#include <string>
#include <utility>
#include <vector>

#include "arrow/array/array_binary.h"
#include "arrow/record_batch.h"
#include "flight/column_facts.h"
#include "flight/commands/commands.h"
#include "flight/json_reader.h"

namespace pintail::flight::commands {
namespace {

// A flight a table, made when it is asked for. The ticket names the table and can be used
// at any time.
class TableListing final : public fl::FlightListing {
 public:
  TableListing(Call& call, gateway::SessionPtr session,
               std::shared_ptr<arrow::RecordBatchReader> tables)
      : call_(call), session_(std::move(session)), tables_(std::move(tables)) {}

  arrow::Result<std::unique_ptr<fl::FlightInfo>> Next() override {
    while (true) {
      while (!batch_ || row_ == batch_->num_rows()) {
        row_ = 0;
        ARROW_RETURN_NOT_OK(tables_->ReadNext(&batch_));
        if (!batch_) return nullptr;
      }
      const engine::TableName table{Text("catalog"), Text("schema"), Text("name")};
      ++row_;
      auto schema = call_.gateway().TableSchema(call_.context(), session_, table);
      if (schema.ok()) return InfoOfTable(table, **schema);
      // A table that went away meanwhile, or a view that cannot be read, is no flight.
      ARROW_RETURN_NOT_OK(call_.context()->CheckAlive());
    }
  }

 private:
  std::string Text(const char* column) const {
    const auto array = batch_->GetColumnByName(column);
    return static_cast<const arrow::StringArray&>(*array).GetString(row_);
  }

  static arrow::Result<std::unique_ptr<fl::FlightInfo>> InfoOfTable(
      const engine::TableName& table, const arrow::Schema& schema) {
    const std::string ticket = "{\"table\":[" + JsonText(table.catalog) + "," +
                               JsonText(table.schema) + "," + JsonText(table.table) +
                               "]}";
    std::vector<fl::FlightEndpoint> endpoints = {
        fl::FlightEndpoint{fl::Ticket{ticket}, {}, std::nullopt, ""}};
    ARROW_ASSIGN_OR_RAISE(
        auto info, fl::FlightInfo::Make(*WithColumnFacts(schema, table),
                                        fl::FlightDescriptor::Path(
                                            {table.catalog, table.schema, table.table}),
                                        endpoints, -1, -1));
    return std::make_unique<fl::FlightInfo>(std::move(info));
  }

  Call& call_;
  const gateway::SessionPtr session_;
  const std::shared_ptr<arrow::RecordBatchReader> tables_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t row_ = 0;
};

}  // namespace

arrow::Result<std::unique_ptr<fl::FlightListing>> ListFlights(
    Call& call, const fl::Criteria* criteria) {
  gateway::TableFilter filter;
  // The criteria are a pattern of table names, as in SQL's LIKE.
  if (criteria != nullptr && !criteria->expression.empty()) {
    filter.table_pattern = criteria->expression;
  }
  ARROW_ASSIGN_OR_RAISE(auto session, call.Session());
  ARROW_ASSIGN_OR_RAISE(auto tables,
                        call.gateway().Tables(call.context(), session, filter));
  return std::make_unique<TableListing>(call, std::move(session), std::move(tables));
}

}  // namespace pintail::flight::commands
