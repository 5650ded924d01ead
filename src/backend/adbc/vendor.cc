#include "backend/adbc/vendor.h"

#include "base/lower_case.h"

namespace pintail::backend {
namespace {

using engine::SqlDialect;

constexpr const char* kInformationSchemas =
    "SELECT schema_name FROM information_schema.schemata "
    "WHERE schema_name <> 'information_schema' ORDER BY schema_name";
constexpr const char* kInformationTables =
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = %SCHEMA% ORDER BY table_name";

Vendor Postgres() {
  return {.capabilities = {.dialect = SqlDialect::kPostgres},
          .default_schema = "public",
          .schemas_sql =
              "SELECT nspname::text FROM pg_catalog.pg_namespace "
              "WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1",
          // Ordinary and partitioned tables, views, materialized views, foreign tables.
          .tables_sql =
              "SELECT c.relname::text FROM pg_catalog.pg_class c "
              "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
              "WHERE n.nspname = %SCHEMA% AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
              "ORDER BY 1"};
}

Vendor Sqlite() {
  return {.capabilities = {.dialect = SqlDialect::kSqlite, .cancel = false},
          .default_schema = "main",
          .schemas_sql = "SELECT name FROM pragma_database_list ORDER BY seq",
          .tables_sql =
              "SELECT name FROM pragma_table_list WHERE schema = %SCHEMA% "
              "AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' "
              "ESCAPE '\\' ORDER BY name"};
}

Vendor Duckdb() {
  return {.capabilities = {.dialect = SqlDialect::kDuckdb},
          .default_schema = "main",
          .schemas_sql =
              "SELECT schema_name FROM information_schema.schemata "
              "WHERE catalog_name = current_catalog() "
              "AND schema_name NOT IN ('information_schema', 'pg_catalog') ORDER BY 1",
          .tables_sql =
              "SELECT table_name FROM information_schema.tables "
              "WHERE table_catalog = current_catalog() AND table_schema = %SCHEMA% "
              "ORDER BY 1"};
}

Vendor Mysql() {
  return {.capabilities = {.dialect = SqlDialect::kMysql},
          .schemas_sql =
              "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT "
              "IN ('information_schema', 'mysql', 'performance_schema', 'sys') "
              "ORDER BY schema_name",
          .tables_sql = kInformationTables};
}

}  // namespace

Vendor VendorOf(std::string_view name) {
  const std::string lower = base::LowerCase(name);
  const auto says = [&](std::string_view word) { return lower.contains(word); };
  if (says("postgres") || says("redshift")) return Postgres();
  if (says("sqlite")) return Sqlite();
  if (says("duckdb") || says("pintail") || says("gizmosql")) return Duckdb();
  if (says("mysql") || says("mariadb") || says("doris")) return Mysql();
  if (says("snowflake")) {
    return {.capabilities = {.dialect = SqlDialect::kSnowflake},
            .default_schema = "PUBLIC",
            .schemas_sql = kInformationSchemas,
            .tables_sql = kInformationTables};
  }
  if (says("bigquery")) {
    return {.capabilities = {
                .dialect = SqlDialect::kBigquery, .bulk = false, .transaction = false}};
  }
  return {.capabilities = {.dialect = SqlDialect::kGeneric}};
}

}  // namespace pintail::backend
