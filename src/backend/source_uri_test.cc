#include "backend/source_uri.h"

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using std::chrono::milliseconds;

TEST(SourceUri, IsCutIntoPartsAndPutTogetherAgain) {
  const SourceUri uri =
      *ParseSourceUri("postgresql://bob:p%40ss@host:5432/metrics?sslmode=require&a=b");
  EXPECT_EQ(uri.scheme, "postgresql");
  EXPECT_EQ(uri.user, "bob");
  EXPECT_EQ(uri.password, "p@ss");
  EXPECT_EQ(uri.rest, "host:5432/metrics");
  EXPECT_EQ(uri.ToString(),
            "postgresql://bob:p%40ss@host:5432/metrics?sslmode=require&a=b");
}

TEST(SourceUri, LeavesOtherTextsAsTheyAre) {
  for (const char* text :
       {"/data/shop.db", "file:shop.db?mode=ro", "",
        ":memory:", "host=127.0.0.1 port=5432", "grpc://host:1", "unix:///run/x"}) {
    EXPECT_EQ(ParseSourceUri(text)->ToString(), text);
  }
}

TEST(SourceUri, TakesTheLastAtForTheEndOfThePassword) {
  const SourceUri uri = *ParseSourceUri("postgresql://bob:a@b@host/db");
  EXPECT_EQ(uri.password, "a@b");
  EXPECT_EQ(uri.rest, "host/db");
}

TEST(SourceUri, RefusesWrongEncodingWithoutShowingIt) {
  for (const char* text : {"postgresql://bob:se%zzcret@host",
                           "postgresql://bob:secret%4@h", "postgresql://bob:secret%@h"}) {
    const arrow::Status status = ParseSourceUri(text).status();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.message().find("cret"), std::string::npos);
  }
}

TEST(SourceUri, HoldsFiguresOfThePool) {
  SourceUri uri = *ParseSourceUri(
      "postgresql://host:5432/"
      "metrics?pool_max=20&sslmode=require&pool_min=2&connect_timeout=30");
  const PoolOptions pool = *TakePoolOptions({.name = "shop"}, &uri);
  EXPECT_EQ(pool.source, "shop");
  EXPECT_EQ(pool.max, 20);
  EXPECT_EQ(pool.min, 2);
  EXPECT_EQ(pool.connect_timeout, milliseconds(30'000));
  EXPECT_EQ(uri.ToString(), "postgresql://host:5432/metrics?sslmode=require");
}

TEST(SourceUri, YieldsToOptions) {
  SourceUri uri = *ParseSourceUri("p://h?pool_max=20&pool_min=2&connect_timeout=30");
  const PoolOptions pool = *TakePoolOptions(
      {.pool_min = 1, .pool_max = 5, .connect_timeout = milliseconds(250)}, &uri);
  EXPECT_EQ(pool.max, 5);
  EXPECT_EQ(pool.min, 1);
  EXPECT_EQ(pool.connect_timeout, milliseconds(250));
  EXPECT_EQ(uri.ToString(), "p://h");
}

TEST(SourceUri, RefusesFiguresThatMakeNoSense) {
  for (const char* text : {"p://h?pool_max=many", "p://h?pool_max=0", "p://h?pool_max=4x",
                           "p://h?pool_max=2&pool_min=3", "p://h?connect_timeout=0"}) {
    SourceUri uri = *ParseSourceUri(text);
    const arrow::Status status = TakePoolOptions({.name = "shop"}, &uri).status();
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument);
    EXPECT_NE(status.message().find("source 'shop'"), std::string::npos);
  }
}

TEST(SourceUri, EncodesWhateverAPasswordHolds) {
  const std::string odd = "a:/?#[]@!$&'()*+,;= %\"\x01\xc3\xa9";
  EXPECT_EQ(*PercentDecode(PercentEncode(odd)), odd);
  SourceUri uri = *ParseSourceUri("p://host/db");
  uri.user = "bob";
  uri.password = odd;
  EXPECT_EQ(ParseSourceUri(uri.ToString())->password, odd);
}

TEST(Redaction, HidesSecretsInWhateverFormTheyCome) {
  const SourceOptions options{
      .connection = "p://bob:in@uri@host/db?sslpassword=third",
      .password = "opt ion",
      .driver_options = {{"adbc.x.auth_token", "fourth"}, {"adbc.x.account", "public"}}};
  const Redaction redaction = Redaction::Of(options, *ParseSourceUri(options.connection));
  EXPECT_EQ(redaction.Apply("in@uri in%40uri opt ion opt%20ion third fourth public"),
            "*** *** *** *** *** *** public");
}

}  // namespace
}  // namespace pintail::backend
