// Copies of sources' tables in the server's own database, as statements see them: which
// there are, whether their rows may stand in for the source's, and who writes to what
// they were copied from.
//
// What a transaction sees of this is fixed when it begins, together with its snapshot of
// the database: so a copy is used only when the rows that the transaction sees in it are
// those that may be used. One per Database; thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "engine/names.h"

namespace pintail::engine {

class Connection;
class Database;
class TailStore;

// Where copies are, in the server's own database. Only the server changes what is in it.
inline constexpr const char* kCopiesSchema = "pintail_copies";

struct TableNameLess {
  bool operator()(const TableName& left, const TableName& right) const {
    return std::tie(left.catalog, left.schema, left.table) <
           std::tie(right.catalog, right.schema, right.table);
  }
};
using TableNames = std::set<TableName, TableNameLess>;

struct CopyDeclaration {
  std::string name;  // of the copy, and of its table in the schema pintail_copies
  TableName source;  // with all three parts
  bool whole =
      true;  // has all rows of the source's table, so that it can stand in for it
  bool all_columns = true;  // and all columns
  // Rows older than this do not stand in for the source's. Unset: whatever their age.
  std::optional<std::chrono::milliseconds> max_staleness;
};

// When statements last asked for the copy, or for what it is a copy of.
struct CopyUse {
  std::atomic<int64_t> count = 0;
  std::atomic<base::Clock::Steady> last{};  // meaningful when count > 0
};

// One copy at one moment; never changed once it is shared.
struct CopyState {
  CopyDeclaration declaration;
  std::shared_ptr<CopyUse> use;
  bool filled = false;           // there is a table with rows
  base::Clock::Steady as_of;     // the moment that its rows are of
  bool written = false;          // the source's table was changed by Pintail since
  int64_t writes_under_way = 0;  // transactions that have changed it and have not ended
  uint64_t writes = 0;           // that have begun or ended so far

  // Whether the rows are those that the source has, as far as writes by Pintail go.
  bool is_true() const { return filled && !written && writes_under_way == 0; }
};

// All copies at one moment.
struct CopyMap {
  uint64_t version = 0;  // another one after each change
  std::vector<CopyState> copies;

  const CopyState* Named(const std::string& copy) const;
  // The copies of a source's table, names in any case.
  std::vector<const CopyState*> Of(const TableName& source) const;
};

class CopyTables {
 public:
  explicit CopyTables(const base::Clock& clock) : clock_(clock) {}

  // Called in the thread of a statement that is about to change a source's table, for
  // each copy of it that would otherwise be taken for true after a crash. To be set
  // before statements run. A failure fails the statement.
  using BeforeWrite = std::function<arrow::Status(const std::string& copy)>;
  void SetBeforeWrite(BeforeWrite before_write);

  // Makes it known, empty; replaces one of that name.
  void Declare(CopyDeclaration declaration);
  // What the file had of it when the server started.
  void SetFilled(const std::string& copy, base::Clock::Steady as_of, bool written);
  // Its rows are about to go: from now on no transaction that begins uses them.
  void SetEmpty(const std::string& copy);

  // The writes so far to what it is a copy of; to be taken in the
  // transaction that fills it, before the source is read.
  // Unset: one is under way, so that what is read then may lack it.
  std::optional<uint64_t> WritesBeforeFill(const std::string& copy) const;
  // Commits the transaction in which the connection has given the copy the rows that the
  // source had at `as_of`. Who begins afterwards sees the new rows; who has begun before
  // the old ones. `writes` as from WritesBeforeFill.
  arrow::Status CommitFill(Connection& connection, const std::string& copy,
                           base::Clock::Steady as_of, std::optional<uint64_t> writes);

  std::shared_ptr<const CopyMap> Now() const;

  // --- For the engine

  const base::Clock& clock() const { return clock_; }
  void Attach(TailStore& tails) { tails_ = &tails; }
  // A transaction is about to change these tables / has ended. `committed`: the change
  // may be seen.
  arrow::Status BeginWrites(const TableNames& sources);
  void EndWrites(const TableNames& sources, bool committed);
  // Something of the source was changed, and it is not known what.
  void ChangedSomething(const std::string& source);

 private:
  template <typename Change>
  void Publish(const Change& change);

  const base::Clock& clock_;
  TailStore* tails_ = nullptr;
  BeforeWrite before_write_;
  mutable std::mutex mutex_;
  // Protected by mutex_.
  std::shared_ptr<const CopyMap> now_ = std::make_shared<CopyMap>();
};

CopyTables& CopiesOf(Database& database);

// A connection of the server itself: it reads sources' tables and never their copies, and
// may change the schemas that only the server changes. A transaction of it that gives a
// copy its rows ends by CopyTables::CommitFill.
arrow::Result<std::unique_ptr<Connection>> ConnectAsServer(Database& database);

}  // namespace pintail::engine
