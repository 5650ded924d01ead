// What is known of a SQL statement before it runs. Plain values, no DuckDB types.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "engine/statement_use.h"

namespace pintail::engine {

enum class StatementKind : uint8_t {
  kQuery,        // SELECT, VALUES, SHOW, EXPLAIN, PRAGMA that returns rows, CALL …
  kChange,       // INSERT, UPDATE, DELETE, MERGE, COPY … FROM: rows affected are known
  kDefinition,   // CREATE, ALTER, DROP, ATTACH, …
  kTransaction,  // BEGIN, COMMIT, ROLLBACK
  kSetting,      // SET, RESET, USE
  kOther,        // LOAD, CHECKPOINT, COPY … TO, EXPORT, …
};

struct StatementParameter {
  std::string name;                       // "1", "2", … for ? and $1; the name for $name
  std::shared_ptr<arrow::DataType> type;  // arrow::null() when the binder cannot tell
};

struct StatementTraits {
  StatementKind kind = StatementKind::kOther;
  std::string verb;           // "SELECT", "INSERT", "CREATE", … for logs and metrics
  bool returns_rows = false;  // also INSERT … RETURNING
  bool read_only = false;     // as the binder says: changes no database
  // As of the last plan; null: nothing is known. Shared, because traits are copied.
  std::shared_ptr<const StatementUse> use;
  // The statement's effect must happen once, so it is run before a ticket is handed out.
  bool has_effect() const { return !read_only || kind != StatementKind::kQuery; }
};

}  // namespace pintail::engine
