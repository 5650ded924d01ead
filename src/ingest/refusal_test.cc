#include "ingest/refusal.h"

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;

TEST(Refusal, TellsTheRowFromTheSource) {
  struct Case {
    ErrorKind kind;
    const char* text;
    Fault fault;
  };
  const Case cases[] = {
      {ErrorKind::kUnavailable, "Unable to connect to Postgres", Fault::kSource},
      {ErrorKind::kInternal,
       "Failed to copy data: ERROR:  new row for relation \"t\" violates check "
       "constraint \"pos\"\nDETAIL:  Failing row contains (-5, connection).",
       Fault::kRow},
      {ErrorKind::kInternal, "ERROR:  duplicate key value violates unique constraint",
       Fault::kRow},
      {ErrorKind::kInternal,
       "Failed to prepare COPY: ERROR:  relation \"public.t\" does not exist",
       Fault::kSource},
      {ErrorKind::kInternal,
       "Error during PQputCopyData: server closed the connection unexpectedly",
       Fault::kSource},
      {ErrorKind::kInternal, "Incorrect key file for table 't'; try to repair it",
       Fault::kUnclear},
      {ErrorKind::kInternal, "Incorrect integer value: 'x' for column 'n' at row 1",
       Fault::kRow},
      {ErrorKind::kInternal, "ERROR:  no Sundays", Fault::kUnclear},
      {ErrorKind::kInvalidArgument, "Could not convert string 'x' to INT32", Fault::kRow},
      {ErrorKind::kAlreadyExists, "Duplicate key \"i: 1\"", Fault::kRow},
      {ErrorKind::kConflict, "could not serialize access", Fault::kSource},
      {ErrorKind::kNotFound, "Table t does not exist", Fault::kSource},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(FaultOf(base::MakeStatus(each.kind, each.text)), each.fault) << each.text;
  }
}

}  // namespace
}  // namespace pintail::ingest
