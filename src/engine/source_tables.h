// What is known of a source's schemas and tables: asked for when it is needed, kept for a
// while, in a bounded number. Private to the engine; callable from any thread. Knows
// nothing of DuckDB.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"
#include "base/clock.h"
#include "engine/source.h"
#include "engine/source_options.h"

namespace pintail::engine {

struct KnownTable {
  SourceTableName name;  // as the source spells it
  std::shared_ptr<arrow::Schema> schema;
};

class SourceTables {
 public:
  SourceTables(std::shared_ptr<Source> source, const base::Clock& clock,
               SourceOptions options);

  // The table whose name is spelled so or, when there is none, in other case; null when
  // there is none.
  arrow::Result<std::shared_ptr<const KnownTable>> Find(const SourceTableName& name,
                                                        std::stop_token stop);
  arrow::Result<std::vector<std::string>> Schemas(std::stop_token stop);
  arrow::Result<std::vector<std::string>> Tables(const std::string& schema,
                                                 std::stop_token stop);
  // The same for a listing of everything, in which a source that is down must not fail
  // nor be waited for again and again: what was known last, however old, or nothing.
  std::vector<std::string> LastSchemas(std::stop_token stop);
  std::vector<std::string> LastTables(const std::string& schema, std::stop_token stop);
  std::shared_ptr<const KnownTable> LastTable(const SourceTableName& name,
                                              std::stop_token stop);

  // Something shows that it is not as it was.
  void Forget(const SourceTableName& name);
  void ForgetAll();

 private:
  using Clock = base::Clock::Steady;
  using Names = std::vector<std::string>;
  struct Table {
    std::shared_ptr<const KnownTable> table;  // null: there is none
    Clock when;
    std::list<std::string>::iterator place;  // in used_
  };
  struct List {
    Names names;
    Clock when;
  };

  bool IsDown();
  void NoteFailure(const arrow::Status& status);
  bool IsFresh(Clock when) const { return clock_.Now() - when < options_.known_for; }
  void Keep(const std::string& key, std::shared_ptr<const KnownTable> table);
  arrow::Result<std::shared_ptr<const KnownTable>> Ask(const SourceTableName& name,
                                                       std::stop_token stop);
  template <typename Call>
  arrow::Result<Names> ListNames(const std::string& key, const Call& call);

  const std::shared_ptr<Source> source_;
  const base::Clock& clock_;
  const SourceOptions options_;
  std::mutex mutex_;
  // Protected by mutex_.
  std::map<std::string, Table> tables_;
  std::list<std::string> used_;        // the keys of tables_, the latest used first
  std::map<std::string, List> lists_;  // "" : the schemas; else the tables of one
  std::optional<Clock> down_;          // when it was found to be
};

}  // namespace pintail::engine
