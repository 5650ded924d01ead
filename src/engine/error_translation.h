// Where DuckDB's exceptions end: each becomes a Status with an ErrorKind. Private to the
// engine. Pure functions, callable from any thread.
#pragma once

#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "arrow/result.h"
#include "arrow/status.h"
#include "base/error.h"
#include "duckdb/common/error_data.hpp"

namespace pintail::engine {

// The kind that an error of DuckDB is for our callers; the table is in README.md.
base::ErrorKind KindOfDuckDbError(const duckdb::ErrorData& error);

// The error as a Status. Line and caret of a syntax error are kept, stack traces are not.
arrow::Status FromDuckDb(const duckdb::ErrorData& error);
arrow::Status FromDuckDb(const std::exception& exception);

// The way back: throws a failed status through DuckDB. FromDuckDb gives its kind and its
// message again at the other end.
[[noreturn]] void ThrowThroughDuckDb(const arrow::Status& status);
// The same for what a commit in an attached database gives DuckDB.
duckdb::ErrorData ErrorOfCommit(const arrow::Status& status);
// The value, or what ThrowThroughDuckDb throws.
template <typename T>
T OrThrow(arrow::Result<T> result) {
  if (!result.ok()) ThrowThroughDuckDb(result.status());
  return *std::move(result);
}
inline void OrThrow(const arrow::Status& status) {
  if (!status.ok()) ThrowThroughDuckDb(status);
}

// Calls `f`, which returns a Status or a Result, and turns what it throws into that type.
template <typename F>
std::invoke_result_t<F> Guarded(F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (const std::exception& exception) {
    return FromDuckDb(exception);
  } catch (...) {
    return base::MakeError(base::ErrorKind::kInternal,
                           "the database engine failed without saying why");
  }
}

}  // namespace pintail::engine
