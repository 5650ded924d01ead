// Names of keys in Redis. With the prefix `pintail`, table `items` has its schema under
// `pintail:items`, a row under `pintail:items:KEY`, and its name in the set `pintail`.
// Pure functions, callable from any thread.
#pragma once

#include <string>
#include <string_view>

namespace pintail::backend {

class TableKeys {
 public:
  // A colon or a percent sign in the table's name is written as %3A or %25, so that no
  // row of one table looks like a row of another.
  TableKeys(std::string_view prefix, std::string_view table);

  const std::string& schema() const { return schema_; }
  std::string row(std::string_view key) const { return schema_ + ":" + std::string(key); }
  // For SCAN MATCH: the rows of this table and nothing else.
  std::string all_rows() const;

 private:
  std::string schema_;
};

}  // namespace pintail::backend
