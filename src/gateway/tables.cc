// Gateway: which tables a session sees, and their columns.
#include <utility>
#include <vector>

#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "catalog/text_rows.h"
#include "engine/names.h"
#include "gateway/gateway_impl.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;
using engine::QuoteName;

// Tables and views by the types that JDBC and ODBC know. DuckDB's own and the server's
// are SYSTEM TABLE; pg_catalog and information_schema are among them.
constexpr char kAllTables[] = R"sql(
  SELECT database_name AS catalog, schema_name AS schema, table_name AS name,
         CASE WHEN internal THEN 'SYSTEM TABLE'
              WHEN temporary THEN 'LOCAL TEMPORARY' ELSE 'TABLE' END AS type,
         comment AS remarks, estimated_size::BIGINT AS estimated_rows
    FROM duckdb_tables()
  UNION ALL
  SELECT database_name, schema_name, view_name,
         CASE WHEN internal THEN 'SYSTEM TABLE'
              WHEN temporary THEN 'LOCAL TEMPORARY' ELSE 'VIEW' END,
         comment, NULL::BIGINT
    FROM duckdb_views())sql";

// SQL whose texts are bound: a name or a pattern may hold any byte.
struct Question {
  std::string sql;
  std::vector<std::string> parameters = {};

  // Binds the text; the parameter's place in SQL.
  std::string Bind(std::string text) {
    parameters.push_back(std::move(text));
    return "$" + std::to_string(parameters.size()) + "::VARCHAR";
  }
};

// A pattern may escape % and _ with a backslash; one at its end stands for itself.
std::string WholePattern(const std::string& pattern) {
  size_t trailing = 0;
  while (trailing < pattern.size() && pattern[pattern.size() - 1 - trailing] == '\\') {
    ++trailing;
  }
  return trailing % 2 == 1 ? pattern + "\\" : pattern;
}

Question TablesQuestion(const TableFilter& filter) {
  Question ask{.sql = "SELECT * FROM (" + std::string(kAllTables) + ") WHERE true"};
  const auto like = [&](const char* column, const std::string& pattern) {
    ask.sql += std::string(" AND ") + column + " LIKE " +
               ask.Bind(WholePattern(pattern)) + " ESCAPE '\\'";
  };
  if (filter.catalog) ask.sql += " AND catalog = " + ask.Bind(*filter.catalog);
  if (filter.schema_pattern) like("schema", *filter.schema_pattern);
  if (filter.table_pattern) like("name", *filter.table_pattern);
  if (filter.types.empty()) {
    ask.sql += " AND type <> 'SYSTEM TABLE'";
  } else {
    std::string types;
    for (const std::string& type : filter.types) {
      types += (types.empty() ? "" : ", ") + ask.Bind(type);
    }
    ask.sql += " AND type IN (" + types + ")";
  }
  ask.sql += " ORDER BY type, catalog, schema, name";
  return ask;
}

// The columns of the first table of that name in the order in which SQL looks for it.
Question ColumnsQuestion(const engine::TableName& table) {
  Question ask{.sql =
                   "SELECT column_name, data_type, is_nullable, comment, "
                   "format('{}.{}', database_oid, table_oid) FROM duckdb_columns() "
                   "WHERE true"};
  const auto same = [&](const char* column, const std::string& name) {
    ask.sql += std::string(" AND lower(") + column + ") = lower(" + ask.Bind(name) + ")";
  };
  same("table_name", table.table);
  if (!table.catalog.empty()) same("database_name", table.catalog);
  if (!table.schema.empty()) same("schema_name", table.schema);
  ask.sql +=
      " ORDER BY (database_name = 'temp') DESC, "
      "(database_name = current_database()) DESC, (schema_name = current_schema()) "
      "DESC, database_oid, schema_oid, table_oid, column_index";
  return ask;
}

struct ColumnFacts {
  std::string type_name;
  bool nullable = true;
  std::string remarks;
};

arrow::Result<std::map<std::string, ColumnFacts>> ReadFacts(
    engine::Connection& connection, const engine::TableName& table) {
  const Question ask = ColumnsQuestion(table);
  ARROW_ASSIGN_OR_RAISE(const auto rows,
                        catalog::TextRows(connection, ask.sql, ask.parameters));
  std::map<std::string, ColumnFacts> facts;
  for (const catalog::TextRow& row : rows) {
    if (row[4] != rows.front()[4]) break;
    facts[row[0].value_or("")] = {.type_name = row[1].value_or(""),
                                  .nullable = row[2] != "false",
                                  .remarks = row[3].value_or("")};
  }
  return facts;
}

std::shared_ptr<arrow::Field> Described(const std::shared_ptr<arrow::Field>& field,
                                        const ColumnFacts& facts) {
  auto metadata = field->metadata() ? field->metadata()->Copy()
                                    : std::make_shared<arrow::KeyValueMetadata>();
  metadata->Append("TYPE_NAME", facts.type_name);
  if (!facts.remarks.empty()) metadata->Append("REMARKS", facts.remarks);
  return field->WithNullable(facts.nullable)->WithMetadata(std::move(metadata));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> GatewayImpl::Tables(
    const CallPtr& call, const SessionPtr& session, const TableFilter& filter) {
  ARROW_RETURN_NOT_OK(CheckOwner(*call, session.get()));
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartInternal(call, *session));
  return Explained(
      *run, [&]() -> arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> {
        ARROW_ASSIGN_OR_RAISE(Lease lease, session->LeaseAny(*run));
        ARROW_RETURN_NOT_OK(lease.AttachTo(*run));
        const Question ask = TablesQuestion(filter);
        ARROW_ASSIGN_OR_RAISE(const auto values, catalog::TextParameters(ask.parameters));
        ARROW_ASSIGN_OR_RAISE(
            std::shared_ptr<arrow::RecordBatchReader> rows,
            lease.connection().Run(ask.sql, values, {.materialize = true}));
        return rows;
      });
}

arrow::Result<std::shared_ptr<arrow::Schema>> GatewayImpl::TableSchema(
    const CallPtr& call, const SessionPtr& session, const engine::TableName& table) {
  ARROW_RETURN_NOT_OK(CheckOwner(*call, session.get()));
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartInternal(call, *session));
  return Explained(*run, [&]() -> arrow::Result<std::shared_ptr<arrow::Schema>> {
    ARROW_ASSIGN_OR_RAISE(Lease lease, session->LeaseAny(*run));
    ARROW_RETURN_NOT_OK(lease.AttachTo(*run));
    const auto columns = lease.connection().TableSchema(table);
    if (!columns.ok()) {
      if (base::KindOf(columns.status()) != ErrorKind::kNotFound) return columns.status();
      return MakeError(ErrorKind::kNotFound, "there is no table ", QuoteName(table));
    }
    ARROW_ASSIGN_OR_RAISE(const auto facts, ReadFacts(lease.connection(), table));
    arrow::FieldVector fields;
    for (const auto& field : (*columns)->fields()) {
      const auto found = facts.find(field->name());
      fields.push_back(found == facts.end() ? field : Described(field, found->second));
    }
    return arrow::schema(std::move(fields), (*columns)->metadata());
  });
}

}  // namespace pintail::gateway
