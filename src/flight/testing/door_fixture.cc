#include "flight/testing/door_fixture.h"

#include "arrow/array/array_base.h"
#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/flight/client_cookie_middleware.h"
#include "arrow/scalar.h"
#include "arrow/table.h"

namespace pintail::flight::testing {

void DoorTest::Start(FlightDoorOptions options, gateway::GatewayOptions gateway_options) {
  client.reset();
  door.reset();
  gateway.reset();
  streams.reset();
  database.reset();
  timers.reset();
  metrics = std::make_unique<base::Metrics>("pintail");
  timers = std::make_unique<base::Timers>(clock);
  ASSERT_OK_AND_ASSIGN(database, engine::Database::Open({.path = ":memory:"}));
  streams = std::make_unique<catalog::Streams>(clock, catalog::StreamPolicy{},
                                               std::vector<catalog::StreamDeclaration>{});
  gateway_options.version = "1.2.3";
  ASSERT_OK_AND_ASSIGN(gateway, gateway::Gateway::Make({*database, *streams, clock,
                                                        *timers, *logs, *metrics},
                                                       std::move(gateway_options)));
  ASSERT_OK_AND_ASSIGN(
      door, FlightDoor::Start({*gateway, clock, *logs, *metrics}, std::move(options)));
  client = ConnectSql();
  ASSERT_NE(client, nullptr);
}

std::unique_ptr<arrow::flight::FlightClient> DoorTest::Connect(size_t listener,
                                                               bool keep_cookies) {
  const ListenAddress& address = door->addresses().at(listener);
  auto options = arrow::flight::FlightClientOptions::Defaults();
  if (keep_cookies) options.middleware.push_back(arrow::flight::GetCookieFactory());
  // Each client its own connection, as in processes of their own.
  options.generic_options.emplace_back("grpc.use_local_subchannel_pool", 1);
  auto location = arrow::flight::Location::ForGrpcTcp(address.host, address.port);
  auto connected = arrow::flight::FlightClient::Connect(*location, options);
  EXPECT_TRUE(connected.ok()) << connected.status();
  return connected.ok() ? std::move(*connected) : nullptr;
}

std::string RowsOf(const arrow::RecordBatch& batch) {
  std::string text;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    if (row > 0) text += '\n';
    for (int column = 0; column < batch.num_columns(); ++column) {
      if (column > 0) text += '|';
      auto scalar = batch.column(column)->GetScalar(row);
      text += scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString();
    }
  }
  return text;
}

arrow::flight::FlightCallOptions Aligned() {
  arrow::flight::FlightCallOptions options;
  options.read_options.ensure_alignment =
      arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

arrow::Result<std::string> RowsOf(arrow::RecordBatchReader& reader) {
  std::string text;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader.ReadNext(&batch));
    if (!batch) return text;
    if (batch->num_rows() == 0) continue;
    if (!text.empty()) text += '\n';
    text += RowsOf(*batch);
  }
}

arrow::Result<std::string> Rows(arrow::flight::sql::FlightSqlClient& client,
                                FlightResult info) {
  ARROW_RETURN_NOT_OK(info.status());
  std::string text;
  for (const auto& endpoint : (*info)->endpoints()) {
    ARROW_ASSIGN_OR_RAISE(auto stream, client.DoGet(Aligned(), endpoint.ticket));
    ARROW_ASSIGN_OR_RAISE(auto batches, stream->ToRecordBatches());
    ARROW_ASSIGN_OR_RAISE(auto schema, stream->GetSchema());
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::RecordBatchReader::Make(std::move(batches), schema));
    ARROW_ASSIGN_OR_RAISE(auto rows, RowsOf(*reader));
    text += rows;
  }
  return text;
}

arrow::Result<std::string> Query(arrow::flight::sql::FlightSqlClient& client,
                                 const std::string& sql) {
  return Rows(client, client.Execute({}, sql));
}

std::shared_ptr<arrow::RecordBatch> Numbers(const std::string& name,
                                            const std::vector<int64_t>& values) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  auto column = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, arrow::int64())}),
                                  column->length(), {column});
}

std::shared_ptr<arrow::RecordBatch> Texts(const std::string& name,
                                          const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  auto column = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, arrow::utf8())}),
                                  column->length(), {column});
}

}  // namespace pintail::flight::testing
