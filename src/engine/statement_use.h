// What a statement reads and changes, as its bound plan says: views, CTEs and macros are
// expanded. Plain values, no DuckDB types.
#pragma once

#include <string>
#include <vector>

#include "engine/names.h"

namespace pintail::engine {

// What was changed by a statement, a transaction or an upload. Names have all parts.
struct DataChange {
  std::vector<TableName> tables;
  std::vector<std::string> databases;  // as a whole: definitions, or nothing is known
  bool everything = false;

  bool empty() const { return tables.empty() && databases.empty() && !everything; }
  void Add(const DataChange& other);
};

struct StatementUse {
  // Stored tables, of any database but the temporary one.
  std::vector<TableName> reads;
  bool reads_source = false;   // one of them is of another database than the server's own
  bool reads_unknown = false;  // files, functions, temporary or system tables as well
  bool is_volatile = false;    // random(), nextval(), a sample: another answer each time
  bool depends_on_time = false;  // now(), and what else is the same within a query only
  DataChange changes;
  // The statement as DuckDB writes it, the same for other spellings; empty when it does
  // not read a source.
  std::string canonical;
};

}  // namespace pintail::engine
