#include "catalog/connection_text.h"

#include <array>

#include "catalog/source_definition.h"
#include "gmock/gmock.h"

namespace pintail::catalog {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ConnectionText, ReadsAddressesAndWordsAlike) {
  constexpr std::array kTexts = {
      "postgresql://bob:a%20b@db:5432/shop?sslmode=require",
      "host=db port=5432 user=bob password='a b' dbname=shop sslmode=require",
      "host = db port=5432 username=bob passwd=\"a b\" database=shop sslmode=require"};
  for (const char* text : kTexts) {
    const auto words = ReadConnection(text);
    ASSERT_TRUE(words.ok()) << words.status();
    EXPECT_EQ(WordOf(*words, "host"), "db") << text;
    EXPECT_EQ(WordOf(*words, "port"), "5432") << text;
    EXPECT_EQ(WordOf(*words, "user"), "bob") << text;
    EXPECT_EQ(WordOf(*words, "password"), "a b") << text;
    EXPECT_EQ(WordOf(*words, "dbname"), "shop") << text;
    EXPECT_EQ(WordOf(*words, "sslmode"), "require") << text;
  }
}

TEST(ConnectionText, ReadsSeveralHostsAndBracketedOnes) {
  const auto words = ReadConnection("postgresql://a:1,[::1]:2/x");
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_EQ(WordOf(*words, "host"), "a,::1");
  EXPECT_EQ(WordOf(*words, "port"), "1,2");
}

TEST(ConnectionText, QuotesWhatItWrites) {
  const ConnectionWords words = {{"password", R"(a'b\c"d)"}, {"dbname", "x"}};
  EXPECT_EQ(PostgresWords(words), R"(password='a\'b\\c"d' dbname='x')");
  EXPECT_EQ(MysqlWords(words), R"(password="a'b\\c\"d" database="x")");
}

TEST(ConnectionText, RefusesAWordWithoutValueWithoutRepeatingIt) {
  const auto words = ReadConnection("canary");
  ASSERT_FALSE(words.ok());
  EXPECT_THAT(words.status().message(), Not(HasSubstr("canary")));
}

TEST(ConnectionText, MasksEverySecret) {
  constexpr std::array kTexts = {"postgresql://bob:canary@db/shop",
                                 "postgresql://bob:can/canary@db/shop",
                                 "postgresql://db/shop?password=canary",
                                 "host=db password=canary",
                                 "host=db password='x canary y'",
                                 "md:x?motherduck_token=canary",
                                 "redis://:canary@db:6379/0"};
  for (const char* text : kTexts) {
    EXPECT_THAT(MaskConnection(text), Not(HasSubstr("canary"))) << text;
    EXPECT_THAT(MaskConnection(text), HasSubstr("********")) << text;
  }
  EXPECT_EQ(MaskConnection("postgresql://db:5432/shop"), "postgresql://db:5432/shop");
  EXPECT_EQ(MaskConnection("/data/a=b.sqlite"), "/data/a=b.sqlite");
}

TEST(SourceDefinition, TakesItsSecretsOutOfErrors) {
  const SourceDefinition source{.name = "s",
                                .connection = "postgresql://bob:c%61nary@db/x",
                                .password = "other-canary",
                                .options = {{"token", "third-canary"}}};
  const std::string text =
      WithoutSecrets(source, "c%61nary canary other-canary third-canary");
  EXPECT_THAT(text, Not(HasSubstr("nary")));
}

TEST(SourceDefinition, RefusesNamesThatMeanSomethingElse) {
  for (const char* name :
       {"system", "TEMP", "main", "pintail", "memory", "", "a-b", "1a"}) {
    EXPECT_FALSE(CheckSourceName(name).ok()) << name;
  }
  for (const char* name : {"shop", "_x1", "Order"}) {
    EXPECT_TRUE(CheckSourceName(name).ok()) << name;
  }
}

}  // namespace
}  // namespace pintail::catalog
