// Tables made from Arrow schemas, and Arrow schemas of tables. Private to the engine; one
// thread at a time.
#pragma once

#include <memory>

#include "arrow/result.h"
#include "arrow/type.h"
#include "duckdb/main/client_context.hpp"
#include "engine/names.h"

namespace pintail::engine {

struct CreateTableOptions {
  bool temporary = false;
  bool or_replace = false;
  bool if_not_exists = false;
};

arrow::Status CreateArrowTable(duckdb::ClientContext& context, const TableName& table,
                               const arrow::Schema& schema,
                               const CreateTableOptions& options);

// Of a table or view; NotFound when there is none.
arrow::Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOfTable(
    duckdb::ClientContext& context, const TableName& table);

}  // namespace pintail::engine
