// A whole server behind a Flight door, in the test's own process: real gateway, DuckDB in
// memory, a listener on a free port of the loopback. For tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/flight/client.h"
#include "arrow/flight/sql/client.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/timers.h"
#include "catalog/streams.h"
#include "engine/database.h"
#include "flight/flight_door.h"
#include "gateway/gateway.h"
#include "gtest/gtest.h"

namespace pintail::flight::testing {

#define PINTAIL_CONCAT_INNER(a, b) a##b
#define PINTAIL_CONCAT(a, b) PINTAIL_CONCAT_INNER(a, b)
#define ASSERT_OK(expression)                     \
  do {                                            \
    const ::arrow::Status status_ = (expression); \
    ASSERT_TRUE(status_.ok()) << status_;         \
  } while (false)
#define ASSERT_OK_AND_ASSIGN_IMPL(result, lhs, expression) \
  auto result = (expression);                              \
  ASSERT_TRUE(result.ok()) << result.status();             \
  lhs = std::move(result).ValueUnsafe()
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL(PINTAIL_CONCAT(result_, __LINE__), lhs, expression)

class DoorTest : public ::testing::Test {
 protected:
  using SqlClient = arrow::flight::sql::FlightSqlClient;

  void SetUp() override { Start({.listen = {ListenAddress{}}}); }

  // Starts the server anew with these options.
  void Start(FlightDoorOptions options, gateway::GatewayOptions gateway_options = {});

  // A new connection to the listener.
  std::unique_ptr<arrow::flight::FlightClient> Connect(size_t listener = 0,
                                                       bool keep_cookies = false);
  std::unique_ptr<SqlClient> ConnectSql(size_t listener = 0, bool keep_cookies = false) {
    return std::make_unique<SqlClient>(Connect(listener, keep_cookies));
  }

  std::unique_ptr<base::Logs> logs = base::SilentLogs();
  base::SystemClock clock;
  std::unique_ptr<base::Metrics> metrics;
  std::unique_ptr<base::Timers> timers;
  std::unique_ptr<engine::Database> database;
  std::unique_ptr<catalog::Streams> streams;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<FlightDoor> door;
  std::unique_ptr<SqlClient> client;  // to the first listener
};

using FlightResult = arrow::Result<std::unique_ptr<arrow::flight::FlightInfo>>;

// The rows of the flight that a client's method gave, as text: values parted by "|", rows
// by newlines.
arrow::Result<std::string> Rows(arrow::flight::sql::FlightSqlClient& client,
                                FlightResult info);
// Runs a query.
arrow::Result<std::string> Query(arrow::flight::sql::FlightSqlClient& client,
                                 const std::string& sql);
// Options of a call whose batches are read value by value: gRPC gives buffers wherever
// they lie in its message.
arrow::flight::FlightCallOptions Aligned();

arrow::Result<std::string> RowsOf(arrow::RecordBatchReader& reader);
std::string RowsOf(const arrow::RecordBatch& batch);

// A batch of one int64 column.
std::shared_ptr<arrow::RecordBatch> Numbers(const std::string& name,
                                            const std::vector<int64_t>& values);
// A batch of one utf8 column.
std::shared_ptr<arrow::RecordBatch> Texts(const std::string& name,
                                          const std::vector<std::string>& values);

}  // namespace pintail::flight::testing
