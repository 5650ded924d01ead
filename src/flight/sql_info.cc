#include "flight/sql_info.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array/array_binary.h"
#include "arrow/config.h"
#include "arrow/record_batch.h"
#include "base/error.h"

namespace pintail::flight {
namespace {

using Id = arrow::flight::sql::SqlInfoOptions;
using arrow::flight::sql::SqlInfoResult;
using arrow::flight::sql::SqlInfoResultMap;

// The first column of a query's rows.
arrow::Result<std::vector<std::string>> Texts(gateway::Gateway& gateway,
                                              const gateway::CallPtr& call,
                                              const std::string& sql) {
  ARROW_ASSIGN_OR_RAISE(auto session, gateway.TransientSession(call));
  ARROW_ASSIGN_OR_RAISE(auto result, gateway.Execute(call, session, {.sql = sql}));
  std::vector<std::string> texts;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(result.rows->ReadNext(&batch));
    if (!batch) return texts;
    if (batch->column(0)->type_id() != arrow::Type::STRING) {
      return base::MakeError(base::ErrorKind::kInternal,
                             "Names of functions came back as ",
                             batch->column(0)->type()->ToString());
    }
    const auto& column = static_cast<const arrow::StringArray&>(*batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i) texts.push_back(column.GetString(i));
  }
}

// Scalar functions whose name is a word, under a further condition on their parameters:
// by those DuckDB tells a function of numbers from one of texts.
std::string FunctionsWhere(const std::string& condition) {
  return "SELECT DISTINCT function_name::VARCHAR FROM duckdb_functions() "
         "WHERE function_type IN ('scalar', 'macro') "
         "AND regexp_full_match(function_name, '[a-z][a-z0-9_]*') "
         "AND NOT starts_with(function_name, '__') AND " +
         condition + " ORDER BY 1";
}

constexpr char kNumbers[] =
    "parameter_types[1] IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', "
    "'FLOAT', 'DOUBLE', 'DECIMAL')";
constexpr char kMoments[] =
    "list_has_any(parameter_types, ['DATE', 'TIME', 'TIMESTAMP', 'INTERVAL', "
    "'TIMESTAMP WITH TIME ZONE', 'TIME WITH TIME ZONE', 'TIMESTAMP_NS'])";

constexpr int32_t kLanguageIds[] = {Id::SQL_KEYWORDS, Id::SQL_NUMERIC_FUNCTIONS,
                                    Id::SQL_STRING_FUNCTIONS, Id::SQL_DATETIME_FUNCTIONS,
                                    Id::SQL_SYSTEM_FUNCTIONS};

std::string LanguageQuery(int32_t id) {
  switch (id) {
    case Id::SQL_KEYWORDS:
      return "SELECT upper(keyword_name)::VARCHAR FROM duckdb_keywords() ORDER BY 1";
    case Id::SQL_NUMERIC_FUNCTIONS:
      return FunctionsWhere(kNumbers);
    case Id::SQL_STRING_FUNCTIONS:
      return FunctionsWhere(std::string("parameter_types[1] = 'VARCHAR' AND NOT ") +
                            kMoments);
    case Id::SQL_DATETIME_FUNCTIONS:
      return FunctionsWhere(kMoments);
    default:
      return FunctionsWhere("len(parameter_types) = 0");
  }
}

void AddServer(const std::string& version, SqlInfoResultMap* values) {
  auto& v = *values;
  v[Id::FLIGHT_SQL_SERVER_NAME] = std::string("Pintail");
  v[Id::FLIGHT_SQL_SERVER_VERSION] = version;
  v[Id::FLIGHT_SQL_SERVER_ARROW_VERSION] = arrow::GetBuildInfo().version_string;
  v[Id::FLIGHT_SQL_SERVER_READ_ONLY] = false;
  v[Id::FLIGHT_SQL_SERVER_SQL] = true;
  v[Id::FLIGHT_SQL_SERVER_SUBSTRAIT] = false;
  v[Id::FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION] = std::string();
  v[Id::FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION] = std::string();
  v[Id::FLIGHT_SQL_SERVER_CANCEL] = true;
  v[Id::FLIGHT_SQL_SERVER_BULK_INGESTION] = true;
  v[Id::FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED] = true;
}

void AddTimeouts(const gateway::GatewayOptions& options, SqlInfoResultMap* values) {
  const auto milliseconds = [](std::chrono::milliseconds timeout) {
    return static_cast<int32_t>(std::min<int64_t>(timeout.count(), INT32_MAX));
  };
  // Both handles live as long as the session that made them is used.
  (*values)[Id::FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT] =
      milliseconds(options.session_idle_timeout);
  (*values)[Id::FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT] =
      milliseconds(options.session_idle_timeout);
}

void AddNames(SqlInfoResultMap* values) {
  auto& v = *values;
  v[Id::SQL_DDL_CATALOG] = true;  // ATTACH and DETACH
  v[Id::SQL_DDL_SCHEMA] = true;
  v[Id::SQL_DDL_TABLE] = true;
  // Names keep their case and are compared without it, quoted or not.
  v[Id::SQL_IDENTIFIER_CASE] = int32_t{Id::SQL_CASE_SENSITIVITY_CASE_INSENSITIVE};
  v[Id::SQL_QUOTED_IDENTIFIER_CASE] = int32_t{Id::SQL_CASE_SENSITIVITY_CASE_INSENSITIVE};
  v[Id::SQL_IDENTIFIER_QUOTE_CHAR] = std::string("\"");
  v[Id::SQL_EXTRA_NAME_CHARACTERS] = std::string("$");
  v[Id::SQL_SEARCH_STRING_ESCAPE] = std::string("\\");
  v[Id::SQL_SCHEMA_TERM] = std::string("schema");
  v[Id::SQL_PROCEDURE_TERM] = std::string("macro");
  v[Id::SQL_CATALOG_TERM] = std::string("database");
  v[Id::SQL_CATALOG_AT_START] = true;
  v[Id::SQL_ALL_TABLES_ARE_SELECTABLE] = true;
  // Bits: in procedure calls 1, in index definitions 2, in privilege definitions 4.
  v[Id::SQL_SCHEMAS_SUPPORTED_ACTIONS] = int32_t{3};
  v[Id::SQL_CATALOGS_SUPPORTED_ACTIONS] = int32_t{3};
}

// Ordinals and bits are those of FlightSql.proto.
void AddSyntax(SqlInfoResultMap* values) {
  auto& v = *values;
  v[Id::SQL_NULL_ORDERING] = int32_t{Id::SQL_NULLS_SORTED_AT_END};
  v[Id::SQL_SUPPORTS_COLUMN_ALIASING] = true;
  v[Id::SQL_NULL_PLUS_NULL_IS_NULL] = true;
  v[Id::SQL_SUPPORTS_TABLE_CORRELATION_NAMES] = true;
  v[Id::SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES] = false;
  v[Id::SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY] = true;
  v[Id::SQL_SUPPORTS_ORDER_BY_UNRELATED] = true;
  v[Id::SQL_SUPPORTED_GROUP_BY] = int32_t{3};  // unrelated, beyond select
  v[Id::SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE] = true;
  v[Id::SQL_SUPPORTS_NON_NULLABLE_COLUMNS] = true;
  v[Id::SQL_SUPPORTED_GRAMMAR] = int32_t{3};       // minimum, core
  v[Id::SQL_ANSI92_SUPPORTED_LEVEL] = int32_t{1};  // entry
  v[Id::SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY] = true;
  v[Id::SQL_OUTER_JOINS_SUPPORT_LEVEL] = int32_t{2};  // full outer joins
  v[Id::SQL_SUPPORTED_POSITIONED_COMMANDS] = int32_t{0};
  v[Id::SQL_SELECT_FOR_UPDATE_SUPPORTED] = false;
  v[Id::SQL_STORED_PROCEDURES_SUPPORTED] = false;
  v[Id::SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED] = false;
  v[Id::SQL_SUPPORTED_SUBQUERIES] = int32_t{15};  // comparisons, exists, ins, quantifieds
  v[Id::SQL_CORRELATED_SUBQUERIES_SUPPORTED] = true;
  v[Id::SQL_SUPPORTED_UNIONS] = int32_t{3};  // union, union all
  v[Id::SQL_BATCH_UPDATES_SUPPORTED] = true;
  v[Id::SQL_NAMED_PARAMETERS_SUPPORTED] = true;
  v[Id::SQL_LOCATORS_UPDATE_COPY] = false;
}

void AddLimits(const gateway::GatewayOptions& options, SqlInfoResultMap* values) {
  auto& v = *values;
  // 0: no limit, or one that is not known.
  for (const int32_t id :
       {Id::SQL_MAX_BINARY_LITERAL_LENGTH, Id::SQL_MAX_CHAR_LITERAL_LENGTH,
        Id::SQL_MAX_COLUMN_NAME_LENGTH, Id::SQL_MAX_COLUMNS_IN_GROUP_BY,
        Id::SQL_MAX_COLUMNS_IN_INDEX, Id::SQL_MAX_COLUMNS_IN_ORDER_BY,
        Id::SQL_MAX_COLUMNS_IN_SELECT, Id::SQL_MAX_COLUMNS_IN_TABLE,
        Id::SQL_MAX_CONNECTIONS, Id::SQL_MAX_CURSOR_NAME_LENGTH, Id::SQL_MAX_INDEX_LENGTH,
        Id::SQL_SCHEMA_NAME_LENGTH, Id::SQL_MAX_PROCEDURE_NAME_LENGTH,
        Id::SQL_MAX_CATALOG_NAME_LENGTH, Id::SQL_MAX_ROW_SIZE,
        Id::SQL_MAX_STATEMENT_LENGTH, Id::SQL_MAX_TABLE_NAME_LENGTH,
        Id::SQL_MAX_TABLES_IN_SELECT, Id::SQL_MAX_USERNAME_LENGTH}) {
    v[id] = int64_t{0};
  }
  v[Id::SQL_MAX_ROW_SIZE_INCLUDES_BLOBS] = true;
  v[Id::SQL_MAX_STATEMENTS] = options.max_running_statements;
}

// Bit n stands for ordinal n of FlightSql.proto's enumerations.
void AddTransactions(SqlInfoResultMap* values) {
  auto& v = *values;
  constexpr int32_t kRepeatableRead = 3;  // DuckDB reads from a snapshot
  v[Id::SQL_DEFAULT_TRANSACTION_ISOLATION] = kRepeatableRead;
  v[Id::SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS] = int32_t{1 << kRepeatableRead};
  v[Id::SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT] = false;
  v[Id::SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED] = false;
  v[Id::SQL_SAVEPOINTS_SUPPORTED] = false;
  v[Id::SQL_SUPPORTED_RESULT_SET_TYPES] = int32_t{1 << 1};  // forward only
  v[Id::SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED] = int32_t{0};
  v[Id::SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY] =
      int32_t{1 << 1};  // read only
  v[Id::SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE] = int32_t{0};
  v[Id::SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE] = int32_t{0};
}

// Which types CAST takes to which.
void AddConversions(SqlInfoResultMap* values) {
  const std::vector<int32_t> numbers = {
      Id::SQL_CONVERT_BIGINT, Id::SQL_CONVERT_BIT,      Id::SQL_CONVERT_DECIMAL,
      Id::SQL_CONVERT_FLOAT,  Id::SQL_CONVERT_INTEGER,  Id::SQL_CONVERT_NUMERIC,
      Id::SQL_CONVERT_REAL,   Id::SQL_CONVERT_SMALLINT, Id::SQL_CONVERT_TINYINT};
  const std::vector<int32_t> texts = {Id::SQL_CONVERT_CHAR, Id::SQL_CONVERT_VARCHAR,
                                      Id::SQL_CONVERT_LONGVARCHAR};
  const std::vector<int32_t> bytes = {Id::SQL_CONVERT_BINARY, Id::SQL_CONVERT_VARBINARY,
                                      Id::SQL_CONVERT_LONGVARBINARY};
  const std::vector<int32_t> moments = {Id::SQL_CONVERT_DATE, Id::SQL_CONVERT_TIME,
                                        Id::SQL_CONVERT_TIMESTAMP};
  const std::vector<int32_t> intervals = {Id::SQL_CONVERT_INTERVAL_DAY_TIME,
                                          Id::SQL_CONVERT_INTERVAL_YEAR_MONTH};
  std::unordered_map<int32_t, std::vector<int32_t>> map;
  const auto add = [&map](const std::vector<int32_t>& from,
                          std::initializer_list<const std::vector<int32_t>*> to) {
    for (const int32_t type : from) {
      for (const auto* types : to) {
        map[type].insert(map[type].end(), types->begin(), types->end());
      }
    }
  };
  add(numbers, {&numbers, &texts});
  add(texts, {&numbers, &texts, &bytes, &moments, &intervals});
  add(bytes, {&bytes, &texts});
  add({Id::SQL_CONVERT_TIMESTAMP}, {&moments, &texts});
  add({Id::SQL_CONVERT_TIME}, {&texts});
  map[Id::SQL_CONVERT_TIME].push_back(Id::SQL_CONVERT_TIME);
  add({Id::SQL_CONVERT_DATE}, {&texts});
  map[Id::SQL_CONVERT_DATE].push_back(Id::SQL_CONVERT_DATE);
  map[Id::SQL_CONVERT_DATE].push_back(Id::SQL_CONVERT_TIMESTAMP);
  add(intervals, {&intervals, &texts});
  (*values)[Id::SQL_SUPPORTS_CONVERT] = std::move(map);
}

}  // namespace

SqlInfoResultMap DescribeServer(const gateway::GatewayOptions& options,
                                const SqlInfoFacts& facts) {
  SqlInfoResultMap values;
  AddServer(options.version, &values);
  AddTimeouts(options, &values);
  AddNames(&values);
  AddSyntax(&values);
  AddLimits(options, &values);
  AddTransactions(&values);
  AddConversions(&values);
  for (const int32_t id : kLanguageIds) values[id] = std::vector<std::string>();
  values[Id::SQL_TRANSACTIONS_SUPPORTED] = facts.advertise_transactions;
  values[Id::FLIGHT_SQL_SERVER_TRANSACTION] =
      facts.advertise_transactions ? int32_t{Id::SQL_SUPPORTED_TRANSACTION_TRANSACTION}
                                   : int32_t{Id::SQL_SUPPORTED_TRANSACTION_NONE};
  return values;
}

arrow::Result<SqlInfoResultMap> DescribeLanguage(gateway::Gateway& gateway,
                                                 const gateway::CallPtr& call) {
  SqlInfoResultMap values;
  for (const int32_t id : kLanguageIds) {
    ARROW_ASSIGN_OR_RAISE(values[id], Texts(gateway, call, LanguageQuery(id)));
  }
  return values;
}

bool IsOfLanguage(int32_t id) {
  return std::ranges::find(kLanguageIds, id) != std::end(kLanguageIds);
}

}  // namespace pintail::flight
