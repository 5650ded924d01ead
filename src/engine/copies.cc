#include "engine/copies.h"

#include <algorithm>
#include <utility>

#include "base/lower_case.h"
#include "engine/database.h"
#include "engine/duck_connection.h"
#include "engine/execution.h"
#include "engine/tail_snapshot.h"
#include "engine/tail_store.h"

namespace pintail::engine {
namespace {

bool SameName(const std::string& left, const std::string& right) {
  return base::LowerCase(left) == base::LowerCase(right);
}

bool SameTable(const TableName& left, const TableName& right) {
  return SameName(left.table, right.table) && SameName(left.schema, right.schema) &&
         SameName(left.catalog, right.catalog);
}

}  // namespace

const CopyState* CopyMap::Named(const std::string& copy) const {
  const auto found = std::ranges::find_if(copies, [&](const CopyState& each) {
    return SameName(each.declaration.name, copy);
  });
  return found == copies.end() ? nullptr : &*found;
}

std::vector<const CopyState*> CopyMap::Of(const TableName& source) const {
  std::vector<const CopyState*> of;
  for (const CopyState& each : copies) {
    if (SameTable(each.declaration.source, source)) of.push_back(&each);
  }
  return of;
}

std::shared_ptr<const CopyMap> CopyTables::Now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

template <typename Change>
void CopyTables::Publish(const Change& change) {
  const std::lock_guard lock(mutex_);
  auto next = std::make_shared<CopyMap>(*now_);
  ++next->version;
  change(next->copies);
  now_ = std::move(next);
}

void CopyTables::SetBeforeWrite(BeforeWrite before_write) {
  before_write_ = std::move(before_write);
}

void CopyTables::Declare(CopyDeclaration declaration) {
  Publish([&](std::vector<CopyState>& copies) {
    std::erase_if(copies, [&](const CopyState& each) {
      return SameName(each.declaration.name, declaration.name);
    });
    copies.push_back(
        {.declaration = std::move(declaration), .use = std::make_shared<CopyUse>()});
  });
}

void CopyTables::SetFilled(const std::string& copy, base::Clock::Steady as_of,
                           bool written) {
  Publish([&](std::vector<CopyState>& copies) {
    for (CopyState& each : copies) {
      if (!SameName(each.declaration.name, copy)) continue;
      each.filled = true;
      each.as_of = as_of;
      each.written = written;
    }
  });
}

void CopyTables::SetEmpty(const std::string& copy) {
  Publish([&](std::vector<CopyState>& copies) {
    for (CopyState& each : copies) {
      if (SameName(each.declaration.name, copy)) each.filled = false;
    }
  });
}

std::optional<uint64_t> CopyTables::WritesBeforeFill(const std::string& copy) const {
  const auto now = Now();
  const CopyState* state = now->Named(copy);
  if (!state || state->writes_under_way > 0) return std::nullopt;
  return state->writes;
}

arrow::Status CopyTables::CommitFill(Connection& connection, const std::string& copy,
                                     base::Clock::Steady as_of,
                                     std::optional<uint64_t> writes) {
  auto& context = static_cast<DuckConnection&>(connection).context();
  // As a tail is moved: who begins now sees both as before, or both as after.
  const auto handover = tails_->LockHandover();
  const ChangeUnderWay change(tails_->data_version());
  ARROW_RETURN_NOT_OK(CommitTransaction(context));
  DataChange newer;
  Publish([&](std::vector<CopyState>& copies) {
    for (CopyState& each : copies) {
      if (!SameName(each.declaration.name, copy)) continue;
      newer.tables.push_back(each.declaration.source);
      each.filled = true;
      each.as_of = as_of;
      // A write that the source had not seen through when it was read may be missing.
      each.written = !writes || *writes != each.writes;
    }
  });
  // What was answered from the source before may be older than the copy is now.
  tails_->listener()->Tell(newer);
  return arrow::Status::OK();
}

arrow::Status CopyTables::BeginWrites(const TableNames& sources) {
  const auto concerned = [&](const CopyState& each) {
    return std::ranges::any_of(sources, [&](const TableName& source) {
      return SameTable(each.declaration.source, source);
    });
  };
  std::vector<std::string> copies;
  for (const CopyState& each : Now()->copies) {
    if (concerned(each)) copies.push_back(each.declaration.name);
  }
  if (copies.empty()) return arrow::Status::OK();
  // First: who finds it written down finds it here too.
  Publish([&](std::vector<CopyState>& all) {
    for (CopyState& each : all) {
      if (!concerned(each)) continue;
      ++each.writes_under_way;
      ++each.writes;
    }
  });
  if (!before_write_) return arrow::Status::OK();
  for (const std::string& copy : copies) {
    const arrow::Status noted = before_write_(copy);
    if (noted.ok()) continue;
    EndWrites(sources, /*committed=*/false);
    return noted;
  }
  return arrow::Status::OK();
}

void CopyTables::EndWrites(const TableNames& sources, bool committed) {
  Publish([&](std::vector<CopyState>& copies) {
    for (CopyState& each : copies) {
      const bool concerned = std::ranges::any_of(sources, [&](const TableName& source) {
        return SameTable(each.declaration.source, source);
      });
      if (!concerned) continue;
      --each.writes_under_way;
      ++each.writes;
      each.written = each.written || committed;
    }
  });
}

void CopyTables::ChangedSomething(const std::string& source) {
  const auto concerned = [&](const CopyState& each) {
    return SameName(each.declaration.source.catalog, source);
  };
  if (std::ranges::none_of(Now()->copies, concerned)) return;
  Publish([&](std::vector<CopyState>& copies) {
    for (CopyState& each : copies) {
      if (!concerned(each)) continue;
      ++each.writes;
      each.written = true;
    }
  });
  if (!before_write_) return;
  for (const CopyState& each : Now()->copies) {
    // It has happened already; that a crash right now would hide it is all that is lost.
    if (concerned(each)) (void)before_write_(each.declaration.name);
  }
}

CopyTables& CopiesOf(Database& database) {
  return static_cast<TailStore&>(database.tails()).copies();
}

arrow::Result<std::unique_ptr<Connection>> ConnectAsServer(Database& database) {
  ARROW_ASSIGN_OR_RAISE(auto connection, database.Connect());
  TailSnapshot::Of(static_cast<DuckConnection&>(*connection).context())->SetOurs();
  return connection;
}

}  // namespace pintail::engine
