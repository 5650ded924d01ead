#include "backend/adbc/insert.h"

#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/extension/uuid.h"
#include "arrow/extension_type.h"
#include "backend/adbc/metadata.h"
#include "backend/adbc/plain_columns.h"
#include "backend/adbc/sql_text.h"
#include "backend/adbc/transaction.h"
#include "backend/adbc/uuid_text.h"
#include "base/error.h"

namespace pintail::backend {
namespace {

using arrow::Type;
using base::ErrorKind;
using engine::SourceTableName;
using engine::SqlDialect;
using ChannelPtr = std::shared_ptr<Channel>;

// Counts what is pulled through it, brings it to the types that are wanted, and keeps the
// error that ended it: a driver would only pass on its text.
class CountedRows final : public arrow::RecordBatchReader {
 public:
  CountedRows(std::shared_ptr<arrow::RecordBatchReader> rows,
              std::shared_ptr<arrow::Schema> schema)
      : rows_(std::move(rows)), schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    begun_ = true;
    status_ = Pull(batch);
    return status_;
  }

  int64_t count() const { return count_; }
  bool begun() const { return begun_; }
  const arrow::Status& status() const { return status_; }

 private:
  arrow::Status Pull(std::shared_ptr<arrow::RecordBatch>* batch) {
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (!*batch) return arrow::Status::OK();
    arrow::ArrayVector columns;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      const arrow::Field& field = *schema_->field(i);
      std::shared_ptr<arrow::Array> column = (*batch)->column(i);
      if (IsUuid(*column->type()) && field.type()->id() == Type::STRING) {
        ARROW_ASSIGN_OR_RAISE(column, UuidText(*column));
      }
      ARROW_ASSIGN_OR_RAISE(column, ExactCast(column, field.type(), field.name()));
      columns.push_back(std::move(column));
    }
    count_ += (*batch)->num_rows();
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

  const std::shared_ptr<arrow::RecordBatchReader> rows_;
  const std::shared_ptr<arrow::Schema> schema_;
  int64_t count_ = 0;
  bool begun_ = false;
  arrow::Status status_;
};

arrow::Status Bind(DriverStatement* statement, const std::shared_ptr<CountedRows>& rows) {
  ArrowArrayStream stream{};
  ARROW_RETURN_NOT_OK(arrow::ExportRecordBatchReader(rows, &stream));
  return statement->BindStream(&stream);
}

arrow::Result<int64_t> RunBound(const ChannelPtr& channel, DriverStatement* statement,
                                const std::shared_ptr<CountedRows>& rows) {
  const arrow::Status status =
      channel->Run(statement, [&] { return statement->Execute(nullptr).status(); });
  ARROW_RETURN_NOT_OK(rows->status());
  ARROW_RETURN_NOT_OK(status);
  return rows->count();
}

arrow::Result<int64_t> Ingest(const ChannelPtr& channel, const SourceTableName& table,
                              bool temporary, const std::shared_ptr<CountedRows>& rows) {
  ARROW_ASSIGN_OR_RAISE(const auto statement,
                        DriverStatement::Open(channel->connection()));
  const auto set = [&](const char* key, const std::string& value) {
    return statement->SetOption(key, value);
  };
  ARROW_RETURN_NOT_OK(set(ADBC_INGEST_OPTION_TARGET_TABLE, table.table));
  ARROW_RETURN_NOT_OK(set(ADBC_INGEST_OPTION_MODE, ADBC_INGEST_OPTION_MODE_APPEND));
  if (temporary) {
    ARROW_RETURN_NOT_OK(set(ADBC_INGEST_OPTION_TEMPORARY, ADBC_OPTION_VALUE_ENABLED));
  } else if (!table.schema.empty()) {
    // What SQLite calls a schema is a catalog to its driver.
    ARROW_RETURN_NOT_OK(set(channel->dialect() == SqlDialect::kSqlite
                                ? ADBC_INGEST_OPTION_TARGET_CATALOG
                                : ADBC_INGEST_OPTION_TARGET_DB_SCHEMA,
                            table.schema));
  }
  ARROW_RETURN_NOT_OK(Bind(statement.get(), rows));
  return RunBound(channel, statement.get(), rows);
}

std::string ColumnList(SqlDialect dialect, const arrow::Schema& schema) {
  std::string list;
  for (const auto& field : schema.fields()) {
    list += (list.empty() ? "" : ", ") + QuotedName(dialect, field->name());
  }
  return list;
}

// INSERT … VALUES (?, …) with the rows as parameters.
arrow::Result<int64_t> InsertByParameters(const ChannelPtr& channel,
                                          const SourceTableName& table,
                                          const std::shared_ptr<CountedRows>& rows) {
  const SqlDialect dialect = channel->dialect();
  std::string sql = "INSERT INTO " + QuotedTable(dialect, table) + " (" +
                    ColumnList(dialect, *rows->schema()) + ") VALUES (";
  for (int i = 0; i < rows->schema()->num_fields(); ++i) sql += i ? ", ?" : "?";
  sql += ")";
  const auto run = [&]() -> arrow::Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(const auto statement,
                          DriverStatement::Open(channel->connection()));
    ARROW_RETURN_NOT_OK(statement->SetSql(sql));
    ARROW_RETURN_NOT_OK(statement->Prepare());
    ARROW_RETURN_NOT_OK(Bind(statement.get(), rows));
    return RunBound(channel, statement.get(), rows);
  };
  return InTransaction(channel, run);
}

arrow::Status ExecuteText(const ChannelPtr& channel, const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(const auto statement,
                        DriverStatement::Open(channel->connection()));
  ARROW_RETURN_NOT_OK(statement->SetSql(sql));
  return channel->Run(statement.get(),
                      [&] { return statement->Execute(nullptr).status(); });
}

// PostgreSQL takes a binary COPY, which converts nothing: the rows are brought to the
// table's types here. What only PostgreSQL can write in binary (jsonb, inet, numeric
// without a scale, …) goes as text into a temporary table and is cast on its way from
// there.
class PostgresInsert {
 public:
  PostgresInsert(ChannelPtr channel, SourceTableName table,
                 std::shared_ptr<arrow::RecordBatchReader> rows)
      : channel_(std::move(channel)), table_(std::move(table)), rows_(std::move(rows)) {}

  arrow::Result<int64_t> Run() {
    ARROW_RETURN_NOT_OK(Plan());
    const auto counted = std::make_shared<CountedRows>(rows_, arrow::schema(fields_));
    if (!staged_) return Ingest(channel_, table_, /*temporary=*/false, counted);
    return InTransaction(channel_, [&] { return Stage(counted); });
  }

 private:
  // Whether a binary COPY of the type is also what the column takes.
  static bool IsDirect(const arrow::Field& column, const arrow::DataType& plain) {
    const std::string name = PostgresTypeName(column);
    switch (plain.id()) {
      case Type::STRING:
        // Enumerations have names of their own and are written as text is.
        return column.type()->id() == Type::STRING;
      case Type::BINARY:
        return name == "bytea";
      case Type::INT64:
        return name == "int8";
      case Type::INT32:
        return name == "int4";
      case Type::EXTENSION:
      case Type::STRUCT:
      case Type::NA:
        return false;
      default:
        return true;
    }
  }

  static bool HasOpaqueItems(const arrow::Field& column) {
    return column.type()->id() == Type::LIST &&
           column.type()->field(0)->type()->id() == Type::EXTENSION;
  }

  arrow::Status Plan() {
    ARROW_ASSIGN_OR_RAISE(const auto target, DescribeForDriver(channel_, table_));
    for (const auto& arriving : rows_->schema()->fields()) {
      const auto column = target->GetFieldByName(arriving->name());
      if (!column) {
        return base::MakeError(ErrorKind::kInvalidArgument, "source '",
                               channel_->ground().blame->source, "': table ",
                               QuotedTable(SqlDialect::kPostgres, table_),
                               " has no column '", arriving->name(), "'");
      }
      const std::string name = QuotedName(SqlDialect::kPostgres, column->name());
      const auto plain = PlainField(*column);
      if (HasOpaqueItems(*column)) {
        return base::MakeError(
            ErrorKind::kUnimplemented, "source '", channel_->ground().blame->source,
            "': column '", column->name(), "' of PostgreSQL's type ",
            PostgresTypeName(*column), " cannot be written through ADBC");
      }
      const bool direct = IsDirect(*column, *plain->type());
      staged_ |= !direct;
      fields_.push_back(direct ? plain : plain->WithType(arrow::utf8()));
      stage_ += (stage_.empty() ? "" : ", ") + name + (direct ? "" : "::text AS " + name);
      cast_ +=
          (cast_.empty() ? "" : ", ") + name +
          (direct ? ""
                  : "::" + QuotedName(SqlDialect::kPostgres, PostgresTypeName(*column)));
    }
    return arrow::Status::OK();
  }

  arrow::Result<int64_t> Stage(const std::shared_ptr<CountedRows>& counted) {
    const SourceTableName stage{.table = "pintail_arriving"};
    const std::string quoted = "pg_temp." + QuotedTable(SqlDialect::kPostgres, stage);
    const std::string target = QuotedTable(SqlDialect::kPostgres, table_);
    ARROW_RETURN_NOT_OK(ExecuteText(channel_, "DROP TABLE IF EXISTS " + quoted));
    ARROW_RETURN_NOT_OK(ExecuteText(
        channel_, "CREATE TEMPORARY TABLE " + QuotedTable(SqlDialect::kPostgres, stage) +
                      " ON COMMIT DROP AS SELECT " + stage_ + " FROM " + target +
                      " LIMIT 0"));
    ARROW_ASSIGN_OR_RAISE(const int64_t count,
                          Ingest(channel_, stage, /*temporary=*/true, counted));
    ARROW_RETURN_NOT_OK(
        ExecuteText(channel_, "INSERT INTO " + target + " (" +
                                  ColumnList(SqlDialect::kPostgres, *counted->schema()) +
                                  ") SELECT " + cast_ + " FROM " + quoted));
    ARROW_RETURN_NOT_OK(ExecuteText(channel_, "DROP TABLE " + quoted));
    return count;
  }

  const ChannelPtr channel_;
  const SourceTableName table_;
  const std::shared_ptr<arrow::RecordBatchReader> rows_;
  arrow::FieldVector fields_;
  std::string stage_;
  std::string cast_;
  bool staged_ = false;
};

}  // namespace

arrow::Result<int64_t> InsertRows(const ChannelPtr& channel, const SourceTableName& table,
                                  std::shared_ptr<arrow::RecordBatchReader> rows) {
  if (channel->dialect() == SqlDialect::kPostgres) {
    return PostgresInsert(channel, table, std::move(rows)).Run();
  }
  const auto schema = PlainSchema(*rows->schema());
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    // Drivers know few extension types; text is what all of them can store.
    if (field->type()->id() != Type::EXTENSION) {
      fields.push_back(field);
    } else if (IsUuid(*field->type())) {
      fields.push_back(field->WithType(arrow::utf8()));
    } else {
      fields.push_back(field->WithType(
          static_cast<const arrow::ExtensionType&>(*field->type()).storage_type()));
    }
  }
  const auto counted =
      std::make_shared<CountedRows>(std::move(rows), arrow::schema(std::move(fields)));
  // The Flight SQL driver ingests outside of the transaction that it has begun.
  const bool by_flight = channel->dialect() == SqlDialect::kDuckdb;
  const bool in_transaction = by_flight && channel->in_transaction();
  if (channel->ground().database->vendor().capabilities.bulk && !in_transaction &&
      !channel->ground().lacks_bulk) {
    auto done = Ingest(channel, table, /*temporary=*/false, counted);
    if (done.ok() || base::KindOf(done.status()) != ErrorKind::kUnimplemented ||
        counted->begun()) {
      return done;
    }
    channel->ground().lacks_bulk = true;
  }
  return InsertByParameters(channel, table, counted);
}

}  // namespace pintail::backend
