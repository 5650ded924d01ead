// What each Flight SQL command, action and plain Flight request does, a function each, in
// the file named after it. They translate: the work is the gateway's. Called in the
// call's own thread; errors carry their kind and are translated by whoever ends the call.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/flight/server.h"
#include "arrow/flight/sql/server.h"
#include "arrow/result.h"
#include "flight/call.h"

namespace pintail::flight::commands {

namespace fl = arrow::flight;
namespace sql = arrow::flight::sql;

using InfoResult = arrow::Result<std::unique_ptr<fl::FlightInfo>>;
using StreamResult = arrow::Result<std::unique_ptr<fl::FlightDataStream>>;
using SchemaResult = arrow::Result<std::unique_ptr<fl::SchemaResult>>;

// ---- statement_query.cc: DDL and DML take effect in PlanStatement, queries in
// FetchStatement.
InfoResult PlanStatement(Call& call, const sql::StatementQuery& command,
                         const fl::FlightDescriptor& descriptor);
StreamResult FetchStatement(Call& call, const std::string& handle);
SchemaResult DescribeStatement(Call& call, const sql::StatementQuery& command);
// Runs a text at once and streams its result.
StreamResult RunStatement(Call& call, std::string text, std::string transaction_id);
// The flight of a parked result.
InfoResult InfoOf(Call& call, const gateway::ParkedResult& parked,
                  const fl::FlightDescriptor& descriptor);

// ---- statement_update.cc
arrow::Result<int64_t> RunUpdate(Call& call, const sql::StatementUpdate& command);
// Reads a result to its end; the rows that the statement changed, -1 when that is
// unknown.
arrow::Result<int64_t> RowsChanged(gateway::StatementResult result);

// ---- prepared_statement.cc
arrow::Result<sql::ActionCreatePreparedStatementResult> CreatePrepared(
    Call& call, const sql::ActionCreatePreparedStatementRequest& request);
arrow::Status ClosePrepared(Call& call,
                            const sql::ActionClosePreparedStatementRequest& request);
InfoResult PlanPrepared(Call& call, const std::string& handle,
                        const fl::FlightDescriptor& descriptor);
SchemaResult DescribePrepared(Call& call, const std::string& handle);
StreamResult FetchPrepared(Call& call, const std::string& handle);
arrow::Status BindPrepared(Call& call, const std::string& handle,
                           fl::FlightMessageReader* reader);
arrow::Result<int64_t> UpdatePrepared(Call& call, const std::string& handle,
                                      fl::FlightMessageReader* reader);

// ---- statement_ingest.cc
arrow::Result<int64_t> Ingest(Call& call, const sql::StatementIngest& command,
                              fl::FlightMessageReader* reader);

// ---- put_stream.cc: plain uploads, by JSON command or by path
arrow::Status PutStream(Call& call, const fl::CallHeaders& headers,
                        fl::FlightMessageReader* reader,
                        fl::FlightMetadataWriter* writer);

// ---- transaction.cc
arrow::Result<sql::ActionBeginTransactionResult> BeginTransaction(Call& call);
arrow::Status EndTransaction(Call& call, const sql::ActionEndTransactionRequest& request);

// ---- session_options.cc
arrow::Result<fl::SetSessionOptionsResult> SetSessionOptions(
    Call& call, const fl::SetSessionOptionsRequest& request);
arrow::Result<fl::GetSessionOptionsResult> GetSessionOptions(Call& call);
arrow::Result<fl::CloseSessionResult> CloseSession(Call& call);

// ---- cancel_flight_info.cc
arrow::Result<fl::CancelStatus> CancelFlight(Call& call, const fl::FlightInfo* info);

// ---- poll_flight_info.cc
arrow::Result<std::unique_ptr<fl::PollInfo>> PollStatement(
    Call& call, const sql::StatementQuery& command,
    const fl::FlightDescriptor& descriptor);
// `cmd` is what an earlier poll handed out.
arrow::Result<std::unique_ptr<fl::PollInfo>> PollAgain(
    Call& call, const fl::FlightDescriptor& descriptor);

// ---- get_catalogs.cc, get_db_schemas.cc, get_tables.cc, get_table_types.cc
StreamResult GetCatalogs(Call& call);
StreamResult GetDbSchemas(Call& call, const sql::GetDbSchemas& command);
StreamResult GetTables(Call& call, const sql::GetTables& command);
StreamResult GetTableTypes(Call& call);

// ---- get_keys.cc
StreamResult GetPrimaryKeys(Call& call, const sql::GetPrimaryKeys& command);
StreamResult GetExportedKeys(Call& call, const sql::GetExportedKeys& command);
StreamResult GetImportedKeys(Call& call, const sql::GetImportedKeys& command);
StreamResult GetCrossReference(Call& call, const sql::GetCrossReference& command);

// ---- get_xdbc_types.cc
StreamResult GetXdbcTypeInfo(const sql::GetXdbcTypeInfo& command);

// ---- whole_table.cc: PATH descriptors, and tickets that name a table
InfoResult PlanTable(Call& call, const fl::FlightDescriptor& descriptor);
SchemaResult DescribeTable(Call& call, const fl::FlightDescriptor& descriptor);
StreamResult FetchTable(Call& call, const engine::TableName& table);

// ---- json_ticket.cc: {"sql": …}, {"table": …} and typed service requests
StreamResult FetchJsonTicket(Call& call, std::string_view json);

// ---- list_flights.cc
arrow::Result<std::unique_ptr<fl::FlightListing>> ListFlights(
    Call& call, const fl::Criteria* criteria);

// ---- sql_query_action.cc: the action sql.query
inline constexpr std::string_view kSqlQueryAction = "sql.query";
arrow::Result<std::unique_ptr<fl::ResultStream>> RunSqlQueryAction(Call& call,
                                                                   std::string_view body);

}  // namespace pintail::flight::commands
