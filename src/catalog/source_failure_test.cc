#include "catalog/source_failure.h"

#include <string>

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::catalog {
namespace {

using base::ErrorKind;

TEST(SourceFailure, SaysWhoseItIsAndWhatToDo) {
  const struct {
    const char* said;
    ErrorKind kind;
    const char* advice;
  } rows[] = {
      {"Unable to connect to Postgres at \"host=h\": FATAL:  password authentication "
       "failed for user \"ann\"\n",
       ErrorKind::kUnavailable, "ALTER SOURCE"},
      {"FATAL:  remaining connection slots are reserved for roles with the SUPERUSER",
       ErrorKind::kResourceExhausted, "pool_max"},
      {"Failed to execute query \"COPY …\": ERROR:  permission denied for table t",
       ErrorKind::kPermissionDenied, "grant"},
      {"Unable to read binary COPY data from Postgres: server closed the connection "
       "unexpectedly\n",
       ErrorKind::kUnavailable, "the connection to it was lost"},
      {"Failed to prepare COPY \"…\": ERROR:  column \"gone\" does not exist",
       ErrorKind::kConflict, "pg_clear_cache"},
      {"Failed to fetch from Postgres: ERROR:  disk full", ErrorKind::kUnavailable, ""},
  };
  for (const auto& row : rows) {
    const arrow::Status said = base::MakeError(ErrorKind::kUnavailable, row.said);
    EXPECT_TRUE(IsOfAServer(said)) << row.said;
    const arrow::Status told = OfSource("shop", "postgres", said);
    EXPECT_EQ(base::KindOf(told), row.kind) << row.said;
    EXPECT_TRUE(told.message().starts_with("source 'shop': ")) << told.message();
    EXPECT_NE(told.message().find(row.advice), std::string::npos) << told.message();
  }
}

TEST(SourceFailure, LeavesFailuresOfThisMachineAlone) {
  EXPECT_FALSE(IsOfAServer(
      base::MakeError(ErrorKind::kUnavailable, "Cannot open file \"a.csv\": no such")));
}

}  // namespace
}  // namespace pintail::catalog
