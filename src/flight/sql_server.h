// Arrow's Flight SQL server, which unpacks the protocol's messages, with each of its
// methods passed to the command that does it.
//
// It never listens: a Listener hands it the requests that are Flight SQL, with the call
// in the context. (What listens cannot be a FlightSqlServerBase, whose request methods
// are final.) One per listener; thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "arrow/flight/sql/server.h"
#include "arrow/result.h"
#include "flight/call.h"
#include "flight/commands/commands.h"

namespace pintail::flight {

class SqlServer final : public arrow::flight::sql::FlightSqlServerBase {
 public:
  explicit SqlServer(const arrow::flight::sql::SqlInfoResultMap& info);

 private:
  using Context = arrow::flight::ServerCallContext;
  using Descriptor = arrow::flight::FlightDescriptor;
  template <typename T>
  using R = arrow::Result<T>;
  using Info = R<std::unique_ptr<arrow::flight::FlightInfo>>;
  using Stream = R<std::unique_ptr<arrow::flight::FlightDataStream>>;
  using SchemaAnswer = R<std::unique_ptr<arrow::flight::SchemaResult>>;

  // Statements
  Info GetFlightInfoStatement(const Context& c, const commands::sql::StatementQuery& q,
                              const Descriptor& d) override;
  SchemaAnswer GetSchemaStatement(const Context& c,
                                  const commands::sql::StatementQuery& q,
                                  const Descriptor& d) override;
  Stream DoGetStatement(const Context& c,
                        const commands::sql::StatementQueryTicket& t) override;
  R<int64_t> DoPutCommandStatementUpdate(
      const Context& c, const commands::sql::StatementUpdate& u) override;
  R<int64_t> DoPutCommandStatementIngest(
      const Context& c, const commands::sql::StatementIngest& i,
      arrow::flight::FlightMessageReader* reader) override;

  // Prepared statements
  R<commands::sql::ActionCreatePreparedStatementResult> CreatePreparedStatement(
      const Context& c,
      const commands::sql::ActionCreatePreparedStatementRequest& r) override;
  arrow::Status ClosePreparedStatement(
      const Context& c,
      const commands::sql::ActionClosePreparedStatementRequest& r) override;
  Info GetFlightInfoPreparedStatement(const Context& c,
                                      const commands::sql::PreparedStatementQuery& q,
                                      const Descriptor& d) override;
  Stream DoGetPreparedStatement(const Context& c,
                                const commands::sql::PreparedStatementQuery& q) override;
  SchemaAnswer GetSchemaPreparedStatement(const Context& c,
                                          const commands::sql::PreparedStatementQuery& q,
                                          const Descriptor& d) override;
  arrow::Status DoPutPreparedStatementQuery(
      const Context& c, const commands::sql::PreparedStatementQuery& q,
      arrow::flight::FlightMessageReader* reader,
      arrow::flight::FlightMetadataWriter* writer) override;
  R<int64_t> DoPutPreparedStatementUpdate(
      const Context& c, const commands::sql::PreparedStatementUpdate& u,
      arrow::flight::FlightMessageReader* reader) override;

  // Transactions, sessions, cancelling
  R<commands::sql::ActionBeginTransactionResult> BeginTransaction(
      const Context& c, const commands::sql::ActionBeginTransactionRequest& r) override;
  arrow::Status EndTransaction(
      const Context& c, const commands::sql::ActionEndTransactionRequest& r) override;
  R<commands::sql::ActionBeginSavepointResult> BeginSavepoint(
      const Context& c, const commands::sql::ActionBeginSavepointRequest& r) override;
  arrow::Status EndSavepoint(const Context& c,
                             const commands::sql::ActionEndSavepointRequest& r) override;
  R<arrow::flight::SetSessionOptionsResult> SetSessionOptions(
      const Context& c, const arrow::flight::SetSessionOptionsRequest& r) override;
  R<arrow::flight::GetSessionOptionsResult> GetSessionOptions(
      const Context& c, const arrow::flight::GetSessionOptionsRequest& r) override;
  R<arrow::flight::CloseSessionResult> CloseSession(
      const Context& c, const arrow::flight::CloseSessionRequest& r) override;
  R<arrow::flight::CancelFlightInfoResult> CancelFlightInfo(
      const Context& c, const arrow::flight::CancelFlightInfoRequest& r) override;

  // Metadata: an info that points back to its command, and the rows
  Info GetFlightInfoCatalogs(const Context& c, const Descriptor& d) override;
  Stream DoGetCatalogs(const Context& c) override;
  Info GetFlightInfoSchemas(const Context& c, const commands::sql::GetDbSchemas& q,
                            const Descriptor& d) override;
  Stream DoGetDbSchemas(const Context& c, const commands::sql::GetDbSchemas& q) override;
  Info GetFlightInfoTables(const Context& c, const commands::sql::GetTables& q,
                           const Descriptor& d) override;
  Stream DoGetTables(const Context& c, const commands::sql::GetTables& q) override;
  Info GetFlightInfoTableTypes(const Context& c, const Descriptor& d) override;
  Stream DoGetTableTypes(const Context& c) override;
  Info GetFlightInfoPrimaryKeys(const Context& c, const commands::sql::GetPrimaryKeys& q,
                                const Descriptor& d) override;
  Stream DoGetPrimaryKeys(const Context& c,
                          const commands::sql::GetPrimaryKeys& q) override;
  Info GetFlightInfoExportedKeys(const Context& c,
                                 const commands::sql::GetExportedKeys& q,
                                 const Descriptor& d) override;
  Stream DoGetExportedKeys(const Context& c,
                           const commands::sql::GetExportedKeys& q) override;
  Info GetFlightInfoImportedKeys(const Context& c,
                                 const commands::sql::GetImportedKeys& q,
                                 const Descriptor& d) override;
  Stream DoGetImportedKeys(const Context& c,
                           const commands::sql::GetImportedKeys& q) override;
  Info GetFlightInfoCrossReference(const Context& c,
                                   const commands::sql::GetCrossReference& q,
                                   const Descriptor& d) override;
  Stream DoGetCrossReference(const Context& c,
                             const commands::sql::GetCrossReference& q) override;
  Info GetFlightInfoXdbcTypeInfo(const Context& c,
                                 const commands::sql::GetXdbcTypeInfo& q,
                                 const Descriptor& d) override;
  Stream DoGetXdbcTypeInfo(const Context& c,
                           const commands::sql::GetXdbcTypeInfo& q) override;
  Stream DoGetSqlInfo(const Context& c, const commands::sql::GetSqlInfo& q) override;

  // Fills in the values that are asked of DuckDB, once.
  arrow::Status LearnLanguage(Call& call);

  const arrow::flight::sql::SqlInfoResultMap info_;
  std::mutex mutex_;
  bool knows_language_ = false;  // by mutex_
};

}  // namespace pintail::flight
