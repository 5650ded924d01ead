#include "cli/statement_text.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace pintail::cli {
namespace {

TEST(EndOfStatement, IsTheFirstSemicolonThatIsNotQuoted) {
  // A caret stands for the expected end; without one there is none yet.
  const std::vector<std::string> table = {
      "SELECT 1;^ SELECT 2;",
      "SELECT ';';^",
      "SELECT 'it''s;';^",
      "SELECT \"a;\"\"b\";^",
      "SELECT 1 -- not yet;\n;^",
      "SELECT /* a; /* b; */ c; */ 1;^",
      "SELECT $$a;b$$;^",
      "SELECT $x$a;$$;b$x$;^",
      "SELECT $1;^",
      "SELECT $name;^",
      "SELECT E'\\';';^",
      "SELECT tablee'\\';^",
      "SELECT a$b;^ $",
      "SELECT 1",
      "SELECT 'open;",
      "SELECT /* open;",
      "SELECT -- open;",
      "SELECT $$open;",
      "",
  };
  for (std::string text : table) {
    SCOPED_TRACE(text);
    const size_t expected = text.find('^');
    if (expected != std::string::npos) text.erase(expected, 1);
    EXPECT_EQ(EndOfStatement(text), expected);
  }
}

TEST(IsBlank, HoldsForSpacesCommentsAndSemicolons) {
  for (const char* blank : {"", " \n\t", "-- x", "-- x\n ;", "/* a */ ;; /* b", ";"}) {
    EXPECT_TRUE(IsBlank(blank)) << blank;
  }
  for (const char* text : {"x", "-- x\ny", "/* a */ 1", "''"}) {
    EXPECT_FALSE(IsBlank(text)) << text;
  }
}

}  // namespace
}  // namespace pintail::cli
