// A function of schema `pintail`, as other rooms define it: Database::AddSystemFunction
// takes the name and one of these.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/scalar.h"
#include "arrow/type.h"

namespace pintail::engine {

// What one call was given. The types are those declared; a NULL is a scalar that is not
// valid.
struct SystemFunctionCall {
  std::vector<std::shared_ptr<arrow::Scalar>> arguments;
  // One for each declared option; null when it was not given.
  std::vector<std::shared_ptr<arrow::Scalar>> options;
  // Stopped when the statement is cancelled. The call should return soon then.
  std::stop_token stop;
};

// SELECT * FROM pintail.name(argument, …, option := value), or CALL pintail.name(…).
// Arguments are constants: DuckDB does not give a table function the values of columns.
struct SystemFunction {
  arrow::FieldVector arguments;  // by position, each of them needed
  arrow::FieldVector options;    // by name, each of them optional
  // Of the rows. At least one column: say what was done, and how much.
  std::shared_ptr<arrow::Schema> schema;
  // It does something, rather than only tell: a READ ONLY transaction refuses it, its
  // statement is not read-only (StatementTraits) and so is run at once, and never
  // answered from what was kept.
  bool changes = false;
  // Called once for each execution, in a thread that may wait (never one of DuckDB's),
  // at the same time by different statements. EXPLAIN, Prepare and a function that is
  // not reached (WHERE false) do not call it. The rows are pulled as the statement needs
  // them, from threads of the engine's choice, one at a time, and are checked against
  // `schema`. Errors keep their kind.
  std::function<arrow::Result<std::shared_ptr<arrow::RecordBatchReader>>(
      const SystemFunctionCall& call)>
      call;
};

}  // namespace pintail::engine
