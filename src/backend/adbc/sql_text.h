// SQL in the dialect of a source. Pure functions, callable from any thread.
#pragma once

#include <string>
#include <string_view>

#include "arrow/result.h"
#include "arrow/type.h"
#include "engine/source.h"

namespace pintail::backend {

// An identifier with its quotes: "a""b", `a``b`.
std::string QuotedName(engine::SqlDialect dialect, std::string_view name);
// With its schema, when it has one.
std::string QuotedTable(engine::SqlDialect dialect, const engine::SourceTableName& table);
// 'it''s'; backslashes doubled where they mean something.
std::string QuotedText(engine::SqlDialect dialect, std::string_view text);

// SELECT … FROM … WHERE … LIMIT. `columns` are SQL expressions, one for each of the
// scan's.
std::string SelectText(engine::SqlDialect dialect, const engine::SourceScan& scan,
                       const std::vector<std::string>& columns);

// The type that keeps every value of the Arrow type. Unimplemented when there is none.
arrow::Result<std::string> SqlType(engine::SqlDialect dialect,
                                   const arrow::DataType& type);
// CREATE TABLE [IF NOT EXISTS] … with NOT NULL for fields that are not nullable.
arrow::Result<std::string> CreateTableText(engine::SqlDialect dialect,
                                           const engine::SourceTableName& table,
                                           const arrow::Schema& schema,
                                           bool if_not_exists);
std::string DropTableText(engine::SqlDialect dialect,
                          const engine::SourceTableName& table, bool if_exists);

}  // namespace pintail::backend
