#include "engine/testing/fake_source.h"

#include <algorithm>
#include <utility>

#include "engine/source_describe.h"
#include "engine/testing/sql.h"

namespace pintail::engine::testing {
namespace {

using Names = arrow::Result<std::vector<std::string>>;

Names ListOf(Database& database, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(auto connection, database.Connect());
  ARROW_ASSIGN_OR_RAISE(auto result, connection->Run(sql));
  ARROW_ASSIGN_OR_RAISE(auto table, result->ToTable());
  std::vector<std::string> names;
  for (int64_t i = 0; i < table->num_rows(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto value, table->column(0)->GetScalar(i));
    names.push_back(value->ToString());
  }
  return names;
}

std::string KeyList(const arrow::Array& keys) {
  std::string list;
  for (int64_t i = 0; i < keys.length(); ++i) {
    if (keys.IsNull(i)) continue;
    list += (list.empty() ? "" : ", ") + QuoteText((*keys.GetScalar(i))->ToString());
  }
  return list.empty() ? "NULL" : list;
}

TableName NameIn(const SourceTableName& table) {
  return {.catalog = "", .schema = table.schema, .table = table.table};
}

}  // namespace

class FakeSource::Reader final : public arrow::RecordBatchReader {
 public:
  Reader(std::shared_ptr<FakeSource> source, std::unique_ptr<ResultStream> rows,
         std::shared_ptr<std::atomic<bool>> cancelled)
      : source_(std::move(source)),
        rows_(std::move(rows)),
        cancelled_(std::move(cancelled)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(source_->Pass(*cancelled_));
    return rows_->ReadNext(batch);
  }

 private:
  const std::shared_ptr<FakeSource> source_;
  const std::unique_ptr<ResultStream> rows_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
};

class FakeSource::Session final : public SourceSession, public DescribesQueries {
 public:
  Session(std::shared_ptr<FakeSource> source, std::unique_ptr<Connection> connection)
      : source_(std::move(source)), connection_(std::move(connection)) {
    ++source_->open_sessions;
  }
  ~Session() override {
    if (connection_->InTransaction()) (void)connection_->Rollback();
    --source_->open_sessions;
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Query(
      const std::string& sql) override {
    {
      const std::lock_guard lock(source_->mutex_);
      source_->queries_.push_back(sql);
    }
    return Read(sql);
  }

  arrow::Result<std::shared_ptr<arrow::Schema>> Describe(
      const std::string& sql) override {
    if (source_->capabilities_.dialect != SqlDialect::kDuckdb) {
      return base::MakeError(base::ErrorKind::kUnimplemented, "columns come with rows");
    }
    ARROW_ASSIGN_OR_RAISE(auto statements, connection_->Parse(sql));
    if (statements.size() != 1) {
      return base::MakeError(base::ErrorKind::kInvalidSql, "no single statement");
    }
    ARROW_ASSIGN_OR_RAISE(const auto statement,
                          connection_->Prepare(std::move(statements[0])));
    return statement->schema();
  }

  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(
      const SourceScan& scan) override {
    {
      const std::lock_guard lock(source_->mutex_);
      source_->scans_.push_back(scan);
    }
    std::string sql;
    for (const auto& column : scan.columns) {
      sql += (sql.empty() ? "SELECT " : ", ") + QuoteName(column);
    }
    sql += " FROM " + QuoteName(NameIn(scan.table));
    if (!scan.where.empty()) sql += " WHERE " + scan.where;
    if (scan.keys) {
      ARROW_ASSIGN_OR_RAISE(auto schema, connection_->TableSchema(NameIn(scan.table)));
      sql += " WHERE " + QuoteName(schema->field(0)->name()) + " IN (" +
             KeyList(*scan.keys) + ")";
    }
    if (scan.limit) sql += " LIMIT " + std::to_string(*scan.limit);
    return Read(sql);
  }

  arrow::Result<int64_t> Execute(const std::string& sql) override {
    ARROW_RETURN_NOT_OK(source_->Failure());
    {
      const std::lock_guard lock(source_->mutex_);
      source_->statements_.push_back(sql);
    }
    ARROW_ASSIGN_OR_RAISE(auto result, connection_->Run(sql));
    return result->rows_changed().value_or(-1);
  }

  arrow::Result<int64_t> Insert(const SourceTableName& table,
                                std::shared_ptr<arrow::RecordBatchReader> rows) override {
    ARROW_RETURN_NOT_OK(source_->Failure());
    ARROW_RETURN_NOT_OK(source_->Pass(*cancelled_));
    return connection_->Insert(NameIn(table), std::move(rows));
  }

  arrow::Result<int64_t> UpdateByKey(
      const SourceTableName& table,
      std::shared_ptr<arrow::RecordBatchReader> rows) override {
    ARROW_ASSIGN_OR_RAISE(auto all, rows->ToTable());
    for (int64_t i = 0; i < all->num_rows(); ++i) {
      std::string sql = "UPDATE " + QuoteName(NameIn(table));
      std::string key;
      for (int c = 0; c < all->num_columns(); ++c) {
        ARROW_ASSIGN_OR_RAISE(auto value, all->column(c)->GetScalar(i));
        const std::string text =
            QuoteName(all->field(c)->name()) + " = " +
            (value->is_valid ? QuoteText(value->ToString()) : "NULL");
        if (c == 0) {
          key = text;
        } else {
          sql += (c == 1 ? " SET " : ", ") + text;
        }
      }
      ARROW_RETURN_NOT_OK(Execute(sql + " WHERE " + key));
    }
    return all->num_rows();
  }

  arrow::Result<int64_t> DeleteByKey(const SourceTableName& table,
                                     std::shared_ptr<arrow::Array> keys) override {
    ARROW_ASSIGN_OR_RAISE(auto schema, connection_->TableSchema(NameIn(table)));
    return Execute("DELETE FROM " + QuoteName(NameIn(table)) + " WHERE " +
                   QuoteName(schema->field(0)->name()) + " IN (" + KeyList(*keys) + ")");
  }

  arrow::Status CreateTable(const SourceTableName& table, const arrow::Schema& schema,
                            bool if_not_exists) override {
    ARROW_RETURN_NOT_OK(source_->Failure());
    return connection_->CreateTable(NameIn(table), schema, /*temporary=*/false,
                                    /*or_replace=*/false, if_not_exists);
  }
  arrow::Status DropTable(const SourceTableName& table, bool if_exists) override {
    return Execute("DROP TABLE " + std::string(if_exists ? "IF EXISTS " : "") +
                   QuoteName(NameIn(table)))
        .status();
  }

  arrow::Status Begin() override {
    ++source_->begins;
    return connection_->Begin();
  }
  arrow::Status Commit() override {
    ++source_->commits;
    ARROW_RETURN_NOT_OK(source_->Failure());
    return connection_->Commit();
  }
  arrow::Status Rollback() override {
    ++source_->rollbacks;
    return connection_->Rollback();
  }

  void Cancel() override {
    ++source_->cancels;
    *cancelled_ = true;
    connection_->Interrupt();
    source_->Wake();
  }

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Read(const std::string& sql) {
    ARROW_RETURN_NOT_OK(source_->Failure());
    ARROW_ASSIGN_OR_RAISE(auto rows, connection_->Run(sql));
    return std::make_shared<Reader>(source_, std::move(rows), cancelled_);
  }

  const std::shared_ptr<FakeSource> source_;
  const std::unique_ptr<Connection> connection_;
  const std::shared_ptr<std::atomic<bool>> cancelled_ =
      std::make_shared<std::atomic<bool>>(false);
};

FakeSource::FakeSource(std::string name, SourceCapabilities capabilities)
    : name_(std::move(name)),
      capabilities_(capabilities),
      database_(OpenInMemory()),
      direct_(Value(database_->Connect())) {}

FakeSource::~FakeSource() = default;

SourceCapabilities FakeSource::DuckDb() { return {.dialect = SqlDialect::kDuckdb}; }

SourceCapabilities FakeSource::KeyValue() {
  return {.dialect = SqlDialect::kNone, .transaction = false};
}

arrow::Status FakeSource::Failure() {
  const std::lock_guard lock(mutex_);
  return failure_;
}

arrow::Status FakeSource::Pass(const std::atomic<bool>& cancelled) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !blocked_ || cancelled; });
  --waiting_;
  if (cancelled) return base::MakeError(base::ErrorKind::kCancelled, "cancelled there");
  return failure_;
}

void FakeSource::Wake() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

arrow::Result<std::vector<std::string>> FakeSource::Schemas(std::stop_token) {
  ++list_calls;
  ARROW_RETURN_NOT_OK(Failure());
  return ListOf(*database_,
                "SELECT schema_name FROM duckdb_schemas() WHERE database_name = "
                "current_database() AND schema_name NOT IN ('information_schema', "
                "'pg_catalog') ORDER BY ALL");
}

arrow::Result<std::vector<std::string>> FakeSource::Tables(const std::string& schema,
                                                           std::stop_token) {
  ++list_calls;
  ARROW_RETURN_NOT_OK(Failure());
  return ListOf(*database_,
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = " +
                    QuoteText(schema) + " ORDER BY ALL");
}

arrow::Result<std::shared_ptr<arrow::Schema>> FakeSource::TableSchema(
    const SourceTableName& table, std::stop_token) {
  ++schema_calls;
  ARROW_RETURN_NOT_OK(Failure());
  // The names of this DuckDB are of any case; the source's are not.
  ARROW_ASSIGN_OR_RAISE(auto names, Tables(table.schema, {}));
  --list_calls;
  if (std::ranges::find(names, table.table) == names.end()) {
    return base::MakeError(base::ErrorKind::kNotFound, "the source \"", name_,
                           "\" has no table ", table.table);
  }
  ARROW_ASSIGN_OR_RAISE(auto connection, database_->Connect());
  return connection->TableSchema(NameIn(table));
}

arrow::Result<std::unique_ptr<SourceSession>> FakeSource::Lease(std::stop_token) {
  ++leases;
  ARROW_RETURN_NOT_OK(Failure());
  ARROW_ASSIGN_OR_RAISE(auto connection, database_->Connect());
  return std::make_unique<Session>(shared_from_this(), std::move(connection));
}

void FakeSource::FailWith(arrow::Status status) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(status);
  changed_.notify_all();
}

void FakeSource::Block() {
  const std::lock_guard lock(mutex_);
  blocked_ = true;
}

void FakeSource::Unblock() {
  const std::lock_guard lock(mutex_);
  blocked_ = false;
  changed_.notify_all();
}

void FakeSource::WaitUntilBlocked() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_ > 0; });
}

std::vector<SourceScan> FakeSource::TakeScans() {
  const std::lock_guard lock(mutex_);
  return std::exchange(scans_, {});
}

std::vector<std::string> FakeSource::TakeStatements() {
  const std::lock_guard lock(mutex_);
  return std::exchange(statements_, {});
}

std::vector<std::string> FakeSource::TakeQueries() {
  const std::lock_guard lock(mutex_);
  return std::exchange(queries_, {});
}

}  // namespace pintail::engine::testing
