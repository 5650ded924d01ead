#include <memory>

#include "cli/completion_script.h"
#include "cli/progress.h"
#include "cli/table_name.h"
#include "cli/terminal.h"
#include "gmock/gmock.h"

namespace pintail::cli {
namespace {

using ::testing::HasSubstr;

TEST(TableNames, AreReadInPartsAndQuoted) {
  struct Row {
    std::string text;
    std::vector<std::string> parts;
  };
  const std::vector<Row> table = {
      {"t", {"", "", "t"}},
      {"s.t", {"", "s", "t"}},
      {"c.s.t", {"c", "s", "t"}},
      {"\"a.b\".t", {"", "a.b", "t"}},
      {"\"say \"\"hi\"\"\"", {"", "", "say \"hi\""}},
      {"with space", {"", "", "with space"}},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.text);
    const auto name = ParseTableName(row.text);
    ASSERT_TRUE(name.ok()) << name.status();
    EXPECT_EQ((std::vector{name->catalog, name->schema, name->table}), row.parts);
  }
  for (const char* bad :
       {"", ".", "a.", ".a", "a..b", "a.b.c.d", "\"a", "\"a\"b", "a\"b", "\"\""}) {
    EXPECT_FALSE(ParseTableName(bad).ok()) << bad;
  }
}

TEST(Literals, HaveTheirQuotesDoubled) { EXPECT_EQ(QuoteLiteral("it's"), "'it''s'"); }

TEST(ProgressText, TellsRowsBytesShareAndRate) {
  EXPECT_EQ(ProgressText({.rows = 1'234'567,
                          .bytes = 1'200'000'000,
                          .all_bytes = 2'400'000'000,
                          .elapsed = std::chrono::seconds(1)}),
            "1,234,567 rows  1.2 GB of 2.4 GB  50 %  1.2 M rows/s");
  EXPECT_EQ(ProgressText({.rows = 1}), "1 row");
  EXPECT_EQ(Thousands(999), "999");
  EXPECT_EQ(Thousands(-1'000), "-1,000");
}

TEST(PlainMessage, LeavesOutWhatTheTransportAdds) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"Flight returned invalid argument error, with message: no such table. gRPC client "
       "debug context: UNKNOWN:Error. Client context: OK",
       "no such table"},
      {"no such table", "no such table"},
      {"", "IOError"},
  };
  for (const auto& [message, plain] : table) {
    EXPECT_EQ(PlainMessage(arrow::Status::IOError(message)), plain);
  }
}

TEST(CompletionScripts, NameEveryCommandAndFlag) {
  const std::vector<CompletedCommand> commands = {
      {.name = "query",
       .summary = "Run SQL: it's good",
       .words = {"--format", "--param"}},
      {.name = "config", .summary = "Check", .words = {"check", "--config"}}};
  EXPECT_THAT(BashCompletions(commands), HasSubstr("query) words='--format --param' ;;"));
  EXPECT_THAT(ZshCompletions(commands), HasSubstr("'query:Run SQL  it s good'"));
  EXPECT_THAT(FishCompletions(commands), HasSubstr("-l format\n"));
  EXPECT_THAT(FishCompletions(commands), HasSubstr("-f -a check\n"));
}

}  // namespace
}  // namespace pintail::cli
