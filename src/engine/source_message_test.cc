#include "engine/source_message.h"

#include <gtest/gtest.h>

namespace pintail::engine {
namespace {

using base::ErrorKind;

TEST(SourceMessage, HasTheKindOfWhatTheSourceSaid) {
  struct Case {
    const char* text;
    std::optional<ErrorKind> kind;
  };
  const Case cases[] = {
      {"Failed to copy data: ERROR:  duplicate key value violates unique constraint "
       "\"t_pkey\"\nDETAIL:  Key (i)=(1) already exists.\n",
       ErrorKind::kAlreadyExists},
      {"Failed to fetch header for COPY: ERROR:  value out of range: overflow\n",
       ErrorKind::kInvalidArgument},
      {"Failed to fetch header for COPY: ERROR:  division by zero",
       ErrorKind::kInvalidArgument},
      {"ERROR:  null value in column \"i\" of relation \"t\" violates not-null "
       "constraint\nDETAIL:  Failing row contains (null).",
       ErrorKind::kInvalidArgument},
      {"ERROR:  integer out of range", ErrorKind::kInvalidArgument},
      {"Failed to execute query \"CREATE TABLE t()\": ERROR:  relation \"t\" already "
       "exists\n",
       ErrorKind::kAlreadyExists},
      {"ERROR:  permission denied for table t\n", ErrorKind::kPermissionDenied},
      {"ERROR:  cannot execute INSERT in a read-only transaction\nCONTEXT:  SQL",
       ErrorKind::kPermissionDenied},
      {"ERROR:  could not serialize access due to concurrent update",
       ErrorKind::kConflict},
      // What was sent is quoted before what was said.
      {"Failed to execute query \"SELECT 'ERROR:  division by zero'\": ERROR:  no idea",
       std::nullopt},
      {"Unable to connect to Postgres: server closed the connection unexpectedly",
       std::nullopt},
      {"Failed to execute MySQL query \"INSERT INTO t VALUES (1)\": Duplicate entry '1' "
       "for key 'PRIMARY'",
       ErrorKind::kAlreadyExists},
      {"Failed to run query \"INSERT …\": Column 'i' cannot be null\n",
       ErrorKind::kInvalidArgument},
      {"Failed to execute MySQL query \"SELECT 'Duplicate entry'\": Lost connection to "
       "server",
       std::nullopt},
      {"Duplicate entry '1' for key 'PRIMARY'", std::nullopt},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(KindOfSourceMessage(each.text), each.kind) << each.text;
  }
}

}  // namespace
}  // namespace pintail::engine
