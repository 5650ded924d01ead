#include "engine/statement_use.h"

namespace pintail::engine {

void DataChange::Add(const DataChange& other) {
  tables.insert(tables.end(), other.tables.begin(), other.tables.end());
  databases.insert(databases.end(), other.databases.begin(), other.databases.end());
  everything = everything || other.everything;
}

}  // namespace pintail::engine
