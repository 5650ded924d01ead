#include "ingest/without_passwords.h"

#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

TEST(WithoutPasswords, HidesWhatIsInAConnectionString) {
  const char* const cases[][2] = {
      {"Unable to connect to Postgres at \"host=h password=s3cret user=u\": no",
       "Unable to connect to Postgres at \"host=h password=*** user=u\": no"},
      {"Password = 'a b\\'c' port=1", "Password = *** port=1"},
      {"host=h sslpassword=x", "host=h sslpassword=***"},
      {"host=h passwd=s3cret", "host=h passwd=***"},
      {"postgresql://u:s3:cr@t@h:5432/db is away",
       "postgresql://u:***@h:5432/db is away"},
      {"postgresql://u@h:5432/db", "postgresql://u@h:5432/db"},
      {"password authentication failed for user \"u\"",
       "password authentication failed for user \"u\""},
      {"", ""},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(WithoutPasswords(text), shown);
}

}  // namespace
}  // namespace pintail::ingest
