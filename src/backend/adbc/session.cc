#include "backend/adbc/session.h"

#include <set>
#include <utility>

#include "backend/adbc/insert.h"
#include "backend/adbc/metadata.h"
#include "backend/adbc/plain_columns.h"
#include "backend/adbc/sql_text.h"
#include "backend/adbc/sqlite_columns.h"
#include "backend/adbc/transaction.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;
using engine::SqlDialect;
using SchemaPtr = std::shared_ptr<arrow::Schema>;
using ChannelPtr = std::shared_ptr<Channel>;

// The query with what PostgreSQL's driver gives in PostgreSQL's own bytes (inet, xml,
// bit, …) cast to text; the query itself when there is nothing of the kind.
std::string WithTextForBytes(const std::string& sql, const arrow::Schema& schema) {
  std::set<std::string> names;
  std::string columns;
  bool has_bytes = false;
  for (const auto& field : schema.fields()) {
    const std::string name = QuotedName(SqlDialect::kPostgres, field->name());
    const bool is_bytes = IsReadAsText(*field);
    has_bytes |= is_bytes;
    // The text of money depends on a setting; that of its number does not.
    const char* cast =
        PostgresTypeName(*field) == "money" ? "::numeric::text AS " : "::text AS ";
    if (!columns.empty()) columns += ", ";
    columns += name;
    if (is_bytes) columns += cast + name;
    names.insert(name);
  }
  // Columns of one name cannot be told apart from outside.
  const bool told_apart = names.size() == static_cast<size_t>(schema.num_fields());
  if (!has_bytes || !told_apart) return sql;
  const size_t end = sql.find_last_not_of("; \t\r\n");
  return "SELECT " + columns + " FROM (" + sql.substr(0, end + 1) + "\n) AS pintail_rows";
}

// The driver's columns of the statement, which is prepared but not run.
arrow::Result<SchemaPtr> ColumnsOf(const ChannelPtr& channel, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const auto statement,
                        DriverStatement::Open(channel->connection()));
  ARROW_RETURN_NOT_OK(statement->SetSql(sql));
  SchemaPtr schema;
  ARROW_RETURN_NOT_OK(channel->Run(
      statement.get(), [&] { return statement->ExecuteSchema().Value(&schema); }));
  return schema;
}

arrow::Status HasKeysOnly(const std::string& source) {
  return base::MakeError(ErrorKind::kUnimplemented, "source '", source,
                         "' has SQL: rows are changed by statements, not by keys");
}

}  // namespace

AdbcSession::AdbcSession(std::shared_ptr<AdbcGround> ground, Lease lease)
    : ground_(std::move(ground)),
      channel_(std::make_shared<Channel>(ground_, std::move(lease), stop_.get_token())) {}

AdbcSession::~AdbcSession() {
  // A reader that is still open goes on: it has the channel too.
  if (!channel_->in_transaction()) return;
  EndReader();
  (void)RollbackTransaction(channel_);
}

void AdbcSession::EndReader() {
  if (const auto reader = reader_.lock()) reader->End();
  reader_.reset();
}

arrow::Status AdbcSession::Renew(const arrow::Status& failure, int tried) {
  if (channel_->in_transaction() ||
      !ground_->connections.MayTryAgain(failure, tried, stop_.get_token())) {
    return failure;
  }
  auto lease = ground_->connections.Take(stop_.get_token());
  if (!lease.ok()) return lease.status();
  channel_ = std::make_shared<Channel>(ground_, *std::move(lease), stop_.get_token());
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> AdbcSession::Query(
    const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(auto reader, Ask<Reader>([&](const ChannelPtr& channel) {
                          return RunQuery(channel, sql);
                        }));
  reader_ = reader;
  return reader;
}

arrow::Result<SchemaPtr> AdbcSession::Describe(const std::string& sql) {
  return Ask<SchemaPtr>([&](const ChannelPtr& channel) -> arrow::Result<SchemaPtr> {
    ARROW_ASSIGN_OR_RAISE(SchemaPtr schema, ColumnsOf(channel, sql));
    if (channel->dialect() == SqlDialect::kPostgres) {
      const std::string text = WithTextForBytes(sql, *schema);
      if (text != sql) {
        ARROW_ASSIGN_OR_RAISE(schema, ColumnsOf(channel, text));
      }
    }
    return PlainSchema(*schema);
  });
}

arrow::Result<AdbcSession::Reader> AdbcSession::RunQuery(const ChannelPtr& channel,
                                                         const std::string& sql) {
  if (channel->dialect() != SqlDialect::kPostgres) return Start(channel, sql, true);
  ARROW_ASSIGN_OR_RAISE(const SchemaPtr schema, ColumnsOf(channel, sql));
  auto reader = Start(channel, WithTextForBytes(sql, *schema), true);
  // The text was understood when it was prepared, so what the server did not understand
  // is a COPY of it: SHOW and EXPLAIN cannot be copied.
  if (!reader.ok() && !channel->in_transaction() &&
      base::KindOf(reader.status()) == ErrorKind::kInvalidSql) {
    return Start(channel, sql, false);
  }
  return reader;
}

arrow::Result<AdbcSession::Reader> AdbcSession::Start(const ChannelPtr& channel,
                                                      const std::string& sql,
                                                      bool by_copy) {
  ARROW_ASSIGN_OR_RAISE(auto statement, DriverStatement::Open(channel->connection()));
  if (!by_copy) {
    ARROW_RETURN_NOT_OK(
        statement->SetOption("adbc.postgresql.use_copy", ADBC_OPTION_VALUE_DISABLED));
  }
  ARROW_RETURN_NOT_OK(statement->SetSql(sql));
  ArrowArrayStream stream{};
  ARROW_RETURN_NOT_OK(channel->Run(statement.get(),
                                   [&] { return statement->Execute(&stream).status(); }));
  return OpenResult(channel, std::move(statement), &stream);
}

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> AdbcSession::Scan(
    const engine::SourceScan& scan) {
  const SqlDialect dialect = channel_->dialect();
  if (scan.keys) {
    return base::MakeError(ErrorKind::kUnimplemented, "source '", ground_->blame->source,
                           "' has SQL: its rows are found by conditions, not by keys");
  }
  std::vector<std::string> columns;
  if (dialect != SqlDialect::kSqlite) {
    for (const std::string& name : scan.columns) {
      columns.push_back(QuotedName(dialect, name));
    }
    return Query(SelectText(dialect, scan, columns));
  }
  ARROW_ASSIGN_OR_RAISE(const SchemaPtr table,
                        Ask<SchemaPtr>([&](const ChannelPtr& channel) {
                          return DescribeTable(channel, scan.table);
                        }));
  arrow::FieldVector fields;
  for (const std::string& name : scan.columns) {
    const auto field = table->GetFieldByName(name);
    if (!field) {
      return base::MakeError(ErrorKind::kInvalidSql, "source '", ground_->blame->source,
                             "': table ", QuotedTable(dialect, scan.table),
                             " has no column '", name, "'");
    }
    fields.push_back(field);
    columns.push_back(SqliteExpression(*field));
  }
  ARROW_ASSIGN_OR_RAISE(auto reader, Query(SelectText(dialect, scan, columns)));
  return ReadAs(std::move(reader), arrow::schema(std::move(fields)),
                ground_->blame->source);
}

arrow::Result<int64_t> AdbcSession::Change(const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const auto statement,
                        DriverStatement::Open(channel_->connection()));
  ARROW_RETURN_NOT_OK(statement->SetSql(sql));
  int64_t changed = -1;
  ARROW_RETURN_NOT_OK(channel_->Run(
      statement.get(), [&] { return statement->Execute(nullptr).Value(&changed); }));
  return changed;
}

arrow::Result<int64_t> AdbcSession::Execute(const std::string& sql) {
  EndReader();
  if (channel_->dialect() != SqlDialect::kSqlite) return Change(sql);
  // SQLite's driver does not say how many rows there were; the connection counts them.
  const auto total = [&] { return CountOf(channel_, "SELECT total_changes()"); };
  ARROW_ASSIGN_OR_RAISE(const int64_t before, total());
  ARROW_ASSIGN_OR_RAISE(const int64_t changed, Change(sql));
  if (changed >= 0) return changed;
  ARROW_ASSIGN_OR_RAISE(const int64_t after, total());
  return after - before;
}

arrow::Result<int64_t> AdbcSession::Insert(
    const engine::SourceTableName& table,
    std::shared_ptr<arrow::RecordBatchReader> rows) {
  EndReader();
  return InsertRows(channel_, table, std::move(rows));
}

arrow::Result<int64_t> AdbcSession::UpdateByKey(
    const engine::SourceTableName&, std::shared_ptr<arrow::RecordBatchReader>) {
  return HasKeysOnly(ground_->blame->source);
}

arrow::Result<int64_t> AdbcSession::DeleteByKey(const engine::SourceTableName&,
                                                std::shared_ptr<arrow::Array>) {
  return HasKeysOnly(ground_->blame->source);
}

arrow::Status AdbcSession::CreateTable(const engine::SourceTableName& table,
                                       const arrow::Schema& schema, bool if_not_exists) {
  auto sql = CreateTableText(channel_->dialect(), table, schema, if_not_exists);
  if (!sql.ok()) {
    return base::WithContext(sql.status(), "source '" + ground_->blame->source + "'");
  }
  EndReader();
  return Change(*sql).status();
}

arrow::Status AdbcSession::DropTable(const engine::SourceTableName& table,
                                     bool if_exists) {
  EndReader();
  return Change(DropTableText(channel_->dialect(), table, if_exists)).status();
}

arrow::Status AdbcSession::Begin() {
  EndReader();
  return Ask<bool>([&](const ChannelPtr& channel) -> arrow::Result<bool> {
           ARROW_RETURN_NOT_OK(BeginTransaction(channel));
           return true;
         })
      .status();
}

arrow::Status AdbcSession::Commit() {
  EndReader();
  return CommitTransaction(channel_);
}

arrow::Status AdbcSession::Rollback() {
  EndReader();
  return RollbackTransaction(channel_);
}

}  // namespace pintail::backend
