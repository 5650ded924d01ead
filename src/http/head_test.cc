#include "http/head.h"

#include <gtest/gtest.h>

namespace pintail::http {
namespace {

using Strings = std::vector<std::string>;

TEST(Target, IsPathAndQueryDecodedPieceByPiece) {
  const Target target = ParseTarget("/v1/a%2Fb/c+d?x=1+2&y=%26&x=3&flag").ValueOrDie();
  EXPECT_EQ(target.path, "/v1/a%2Fb/c+d");
  EXPECT_EQ(target.segments, (Strings{"v1", "a/b", "c+d"}));
  EXPECT_EQ(target.query,
            (std::map<std::string, std::string>{{"x", "3"}, {"y", "&"}, {"flag", ""}}));
}

TEST(Target, KeepsAClosingSlash) {
  EXPECT_EQ(ParseTarget("/metrics/")->segments, (Strings{"metrics", ""}));
  EXPECT_EQ(ParseTarget("/")->segments, (Strings{""}));
}

TEST(Target, MayBeAbsoluteAsProxiesSendIt) {
  EXPECT_EQ(ParseTarget("http://localhost:8000/health?x=1")->path, "/health");
  EXPECT_EQ(ParseTarget("http://localhost")->path, "/");
  EXPECT_EQ(ParseTarget("*")->path, "*");
}

TEST(Target, IsRefusedWhenItCannotBeRead) {
  for (const char* target :
       {"", "health", "/%", "/%4", "/%zz", "/%00", "/a?b=%0", "/%c3%28"}) {
    EXPECT_FALSE(ParseTarget(target).ok()) << target;
  }
}

TEST(HeaderFields, AreFoundWithoutRegardToCase) {
  HeaderFields fields;
  fields.Add("Content-TYPE", "a");
  fields.Add("content-type", "b");
  EXPECT_EQ(fields.Find("Content-Type"), "a");
  EXPECT_EQ(fields.Count("CONTENT-TYPE"), 2);
  EXPECT_EQ(fields.Find("accept"), std::nullopt);
}

}  // namespace
}  // namespace pintail::http
