#include "flight/sql_server.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "flight/sql_info.h"

namespace pintail::flight {
namespace {

using arrow::flight::FlightDescriptor;
using arrow::flight::FlightEndpoint;
using arrow::flight::FlightInfo;
using arrow::flight::Ticket;

// Metadata is made when it is fetched: the ticket is the command itself.
arrow::Result<std::unique_ptr<FlightInfo>> PointBack(
    const std::shared_ptr<arrow::Schema>& schema, const FlightDescriptor& descriptor) {
  std::vector<FlightEndpoint> endpoints = {
      FlightEndpoint{Ticket{descriptor.cmd}, {}, std::nullopt, ""}};
  ARROW_ASSIGN_OR_RAISE(auto info,
                        FlightInfo::Make(*schema, descriptor, endpoints, -1, -1, false));
  return std::make_unique<FlightInfo>(std::move(info));
}

arrow::Status NoSavepoints() {
  return base::MakeError(base::ErrorKind::kUnimplemented,
                         "DuckDB has no savepoints; use transactions");
}

}  // namespace

using commands::sql::SqlSchema;

SqlServer::SqlServer(const arrow::flight::sql::SqlInfoResultMap& info) : info_(info) {
  for (const auto& [id, value] : info_) RegisterSqlInfo(id, value);
}

// ---- statements

SqlServer::Info SqlServer::GetFlightInfoStatement(const Context& c,
                                                  const commands::sql::StatementQuery& q,
                                                  const Descriptor& d) {
  return commands::PlanStatement(CallOf(c), q, d);
}

SqlServer::SchemaAnswer SqlServer::GetSchemaStatement(
    const Context& c, const commands::sql::StatementQuery& q, const Descriptor&) {
  return commands::DescribeStatement(CallOf(c), q);
}

SqlServer::Stream SqlServer::DoGetStatement(
    const Context& c, const commands::sql::StatementQueryTicket& t) {
  return commands::FetchStatement(CallOf(c), t.statement_handle);
}

arrow::Result<int64_t> SqlServer::DoPutCommandStatementUpdate(
    const Context& c, const commands::sql::StatementUpdate& u) {
  return commands::RunUpdate(CallOf(c), u);
}

arrow::Result<int64_t> SqlServer::DoPutCommandStatementIngest(
    const Context& c, const commands::sql::StatementIngest& i,
    arrow::flight::FlightMessageReader* reader) {
  return commands::Ingest(CallOf(c), i, reader);
}

// ---- prepared statements

arrow::Result<commands::sql::ActionCreatePreparedStatementResult>
SqlServer::CreatePreparedStatement(
    const Context& c, const commands::sql::ActionCreatePreparedStatementRequest& r) {
  return commands::CreatePrepared(CallOf(c), r);
}

arrow::Status SqlServer::ClosePreparedStatement(
    const Context& c, const commands::sql::ActionClosePreparedStatementRequest& r) {
  return commands::ClosePrepared(CallOf(c), r);
}

SqlServer::Info SqlServer::GetFlightInfoPreparedStatement(
    const Context& c, const commands::sql::PreparedStatementQuery& q,
    const Descriptor& d) {
  return commands::PlanPrepared(CallOf(c), q.prepared_statement_handle, d);
}

SqlServer::Stream SqlServer::DoGetPreparedStatement(
    const Context& c, const commands::sql::PreparedStatementQuery& q) {
  return commands::FetchPrepared(CallOf(c), q.prepared_statement_handle);
}

SqlServer::SchemaAnswer SqlServer::GetSchemaPreparedStatement(
    const Context& c, const commands::sql::PreparedStatementQuery& q, const Descriptor&) {
  return commands::DescribePrepared(CallOf(c), q.prepared_statement_handle);
}

arrow::Status SqlServer::DoPutPreparedStatementQuery(
    const Context& c, const commands::sql::PreparedStatementQuery& q,
    arrow::flight::FlightMessageReader* reader, arrow::flight::FlightMetadataWriter*) {
  // The handle stays the same, which a client is told by not being told another.
  return commands::BindPrepared(CallOf(c), q.prepared_statement_handle, reader);
}

arrow::Result<int64_t> SqlServer::DoPutPreparedStatementUpdate(
    const Context& c, const commands::sql::PreparedStatementUpdate& u,
    arrow::flight::FlightMessageReader* reader) {
  return commands::UpdatePrepared(CallOf(c), u.prepared_statement_handle, reader);
}

// ---- transactions, sessions, cancelling

arrow::Result<commands::sql::ActionBeginTransactionResult> SqlServer::BeginTransaction(
    const Context& c, const commands::sql::ActionBeginTransactionRequest&) {
  return commands::BeginTransaction(CallOf(c));
}

arrow::Status SqlServer::EndTransaction(
    const Context& c, const commands::sql::ActionEndTransactionRequest& r) {
  return commands::EndTransaction(CallOf(c), r);
}

arrow::Result<commands::sql::ActionBeginSavepointResult> SqlServer::BeginSavepoint(
    const Context&, const commands::sql::ActionBeginSavepointRequest&) {
  return NoSavepoints();
}

arrow::Status SqlServer::EndSavepoint(const Context&,
                                      const commands::sql::ActionEndSavepointRequest&) {
  return NoSavepoints();
}

arrow::Result<arrow::flight::SetSessionOptionsResult> SqlServer::SetSessionOptions(
    const Context& c, const arrow::flight::SetSessionOptionsRequest& r) {
  return commands::SetSessionOptions(CallOf(c), r);
}

arrow::Result<arrow::flight::GetSessionOptionsResult> SqlServer::GetSessionOptions(
    const Context& c, const arrow::flight::GetSessionOptionsRequest&) {
  return commands::GetSessionOptions(CallOf(c));
}

arrow::Result<arrow::flight::CloseSessionResult> SqlServer::CloseSession(
    const Context& c, const arrow::flight::CloseSessionRequest&) {
  return commands::CloseSession(CallOf(c));
}

// The base class answers the older CancelQuery by this one.
arrow::Result<arrow::flight::CancelFlightInfoResult> SqlServer::CancelFlightInfo(
    const Context& c, const arrow::flight::CancelFlightInfoRequest& r) {
  ARROW_ASSIGN_OR_RAISE(const auto status,
                        commands::CancelFlight(CallOf(c), r.info.get()));
  return arrow::flight::CancelFlightInfoResult(status);
}

// ---- metadata

SqlServer::Info SqlServer::GetFlightInfoCatalogs(const Context&, const Descriptor& d) {
  return PointBack(SqlSchema::GetCatalogsSchema(), d);
}
SqlServer::Stream SqlServer::DoGetCatalogs(const Context& c) {
  return commands::GetCatalogs(CallOf(c));
}

SqlServer::Info SqlServer::GetFlightInfoSchemas(const Context&,
                                                const commands::sql::GetDbSchemas&,
                                                const Descriptor& d) {
  return PointBack(SqlSchema::GetDbSchemasSchema(), d);
}
SqlServer::Stream SqlServer::DoGetDbSchemas(const Context& c,
                                            const commands::sql::GetDbSchemas& q) {
  return commands::GetDbSchemas(CallOf(c), q);
}

SqlServer::Info SqlServer::GetFlightInfoTables(const Context&,
                                               const commands::sql::GetTables& q,
                                               const Descriptor& d) {
  return PointBack(q.include_schema ? SqlSchema::GetTablesSchemaWithIncludedSchema()
                                    : SqlSchema::GetTablesSchema(),
                   d);
}
SqlServer::Stream SqlServer::DoGetTables(const Context& c,
                                         const commands::sql::GetTables& q) {
  return commands::GetTables(CallOf(c), q);
}

SqlServer::Info SqlServer::GetFlightInfoTableTypes(const Context&, const Descriptor& d) {
  return PointBack(SqlSchema::GetTableTypesSchema(), d);
}
SqlServer::Stream SqlServer::DoGetTableTypes(const Context& c) {
  return commands::GetTableTypes(CallOf(c));
}

SqlServer::Info SqlServer::GetFlightInfoPrimaryKeys(const Context&,
                                                    const commands::sql::GetPrimaryKeys&,
                                                    const Descriptor& d) {
  return PointBack(SqlSchema::GetPrimaryKeysSchema(), d);
}
SqlServer::Stream SqlServer::DoGetPrimaryKeys(const Context& c,
                                              const commands::sql::GetPrimaryKeys& q) {
  return commands::GetPrimaryKeys(CallOf(c), q);
}

SqlServer::Info SqlServer::GetFlightInfoExportedKeys(
    const Context&, const commands::sql::GetExportedKeys&, const Descriptor& d) {
  return PointBack(SqlSchema::GetExportedKeysSchema(), d);
}
SqlServer::Stream SqlServer::DoGetExportedKeys(const Context& c,
                                               const commands::sql::GetExportedKeys& q) {
  return commands::GetExportedKeys(CallOf(c), q);
}

SqlServer::Info SqlServer::GetFlightInfoImportedKeys(
    const Context&, const commands::sql::GetImportedKeys&, const Descriptor& d) {
  return PointBack(SqlSchema::GetImportedKeysSchema(), d);
}
SqlServer::Stream SqlServer::DoGetImportedKeys(const Context& c,
                                               const commands::sql::GetImportedKeys& q) {
  return commands::GetImportedKeys(CallOf(c), q);
}

SqlServer::Info SqlServer::GetFlightInfoCrossReference(
    const Context&, const commands::sql::GetCrossReference&, const Descriptor& d) {
  return PointBack(SqlSchema::GetCrossReferenceSchema(), d);
}
SqlServer::Stream SqlServer::DoGetCrossReference(
    const Context& c, const commands::sql::GetCrossReference& q) {
  return commands::GetCrossReference(CallOf(c), q);
}

SqlServer::Info SqlServer::GetFlightInfoXdbcTypeInfo(
    const Context&, const commands::sql::GetXdbcTypeInfo&, const Descriptor& d) {
  return PointBack(SqlSchema::GetXdbcTypeInfoSchema(), d);
}
SqlServer::Stream SqlServer::DoGetXdbcTypeInfo(const Context&,
                                               const commands::sql::GetXdbcTypeInfo& q) {
  return commands::GetXdbcTypeInfo(q);
}

SqlServer::Stream SqlServer::DoGetSqlInfo(const Context& c,
                                          const commands::sql::GetSqlInfo& q) {
  // An id of a later protocol is left out of the answer instead of failing all of it.
  commands::sql::GetSqlInfo known;
  std::ranges::copy_if(q.info, std::back_inserter(known.info),
                       [this](int32_t id) { return info_.contains(id); });
  std::ranges::sort(known.info);
  if (std::ranges::any_of(known.info, IsOfLanguage)) {
    ARROW_RETURN_NOT_OK(LearnLanguage(CallOf(c)));
  }
  return FlightSqlServerBase::DoGetSqlInfo(c, known);
}

arrow::Status SqlServer::LearnLanguage(Call& call) {
  std::lock_guard lock(mutex_);
  if (knows_language_) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto values,
                        DescribeLanguage(call.gateway(), call.context()));
  // The ids are registered already: only these values change, which nobody reads before.
  for (const auto& [id, value] : values) RegisterSqlInfo(id, value);
  knows_language_ = true;
  return arrow::Status::OK();
}

}  // namespace pintail::flight
