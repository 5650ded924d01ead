#include "engine/sql_tokens.h"

#include <string>

#include "gtest/gtest.h"

namespace pintail::engine {
namespace {

std::string Cut(std::string_view sql) {
  std::string shown;
  for (const SqlToken& token : CutIntoTokens(sql)) {
    shown += "knlo"[static_cast<size_t>(token.kind)];
    shown += "[" + std::string(token.text) + "]";
  }
  return shown;
}

TEST(SqlTokens, AreCutAsDuckDbReadsThem) {
  EXPECT_EQ(Cut("-- it's\nSELECT 'a''b' /* ' */, \"c'd\""),
            "k[SELECT ]l['a''b' /* ' */]o[, ]n[\"c'd\"]");
  EXPECT_EQ(Cut("SELECT E'a\\'b', $$x 'y'$$, $t$z$t$, 1.5"),
            "k[SELECT ]l[E'a\\'b']o[, ]l[$$x 'y'$$]o[, ]l[$t$z$t$]o[, ]l[1.5]");
  EXPECT_EQ(Cut("-- only a comment"), "");
}

TEST(SqlTokens, KeepWhatCannotBeReadWithTheTokenBefore) {
  EXPECT_EQ(Cut("SELECT 'unfinished"), "k[SELECT 'unfinished]");
}

}  // namespace
}  // namespace pintail::engine
