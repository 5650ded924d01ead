#include "gateway/put_key.h"

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::gateway {
namespace {

TEST(PutKey, IsTheSameForTheSamePutOnly) {
  EXPECT_EQ(KeyOfProducer("p", 1), KeyOfProducer("p", 1));
  EXPECT_NE(KeyOfProducer("p", 1), KeyOfProducer("p", 11));
  EXPECT_NE(KeyOfProducer("p 1", 2), KeyOfProducer("p", 12));
  EXPECT_NE(KeyOfProducer("p", 1), KeyOfText("p 1"));
  EXPECT_NE(KeyOfText("a"), KeyOfText("b"));
}

TEST(PutKey, IsTextOfBoundedLength) {
  const std::string longest(kMaxPutKey, 'x');
  EXPECT_TRUE(CheckPutKey("").ok());
  EXPECT_TRUE(CheckPutKey(KeyOfText(longest)).ok());
  EXPECT_TRUE(CheckPutKey(KeyOfProducer(longest, 1'000'000'000'000)).ok());
  EXPECT_TRUE(CheckPutKey(KeyOfText("ä 日本")).ok());
  for (const std::string& wrong :
       {KeyOfText(longest + "x"), KeyOfProducer(longest + "x", 1), KeyOfText("\xff"),
        KeyOfText(std::string("a\0b", 3))}) {
    const auto status = CheckPutKey(wrong);
    ASSERT_FALSE(status.ok()) << wrong;
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pintail::gateway
