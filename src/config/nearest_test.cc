#include "config/nearest.h"

#include "config/file.h"
#include "gtest/gtest.h"

namespace pintail::config {
namespace {

TEST(EditDistance, CountsInsertionsRemovalsReplacementsAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0U);
  EXPECT_EQ(EditDistance("listen", "listen"), 0U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("listn", "listen"), 1U);
  EXPECT_EQ(EditDistance("lisetn", "listen"), 1U);
  EXPECT_EQ(EditDistance("LISTEN", "listen"), 0U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
}

TEST(NearestKey, IsTheOneAPersonMeant) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"flight.listn", "flight.listen"},
      {"flihgt.listen", "flight.listen"},
      {"server.memory_limit", "database.memory_limit"},
      {"log.lvel", "log.level"},
      {"stream", "streams"},
      {"databse", "database"},
  };
  for (const auto& [mistyped, meant] : table) EXPECT_EQ(NearestKey(mistyped), meant);
}

}  // namespace
}  // namespace pintail::config
