#include "access/listen_address.h"

#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::access {
namespace {

TEST(ListenAddress, TakesLoopbackAddressesWithoutAuthentication) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "localhost", "::1", "[::1]",
        "::ffff:127.0.0.1", "[::ffff:127.0.0.1]", "0:0:0:0:0:0:0:1"}) {
    EXPECT_TRUE(CheckListenAddress(host, false).ok()) << host;
  }
}

TEST(ListenAddress, RefusesEverythingElseWithoutAuthenticationInOneLine) {
  for (const char* host :
       {"0.0.0.0", "::", "[::]", "", "0", "10.0.0.1", "192.168.1.4", "::ffff:0.0.0.0",
        "::ffff:10.0.0.1", "128.0.0.1", "fe80::1", "2001:db8::1", "255.255.255.255"}) {
    const arrow::Status status = CheckListenAddress(host, false);
    ASSERT_FALSE(status.ok()) << host;
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kPermissionDenied) << host;
    EXPECT_EQ(status.message().find('\n'), std::string::npos) << host;
    EXPECT_NE(status.message().find("authentication"), std::string::npos) << host;
  }
}

TEST(ListenAddress, TakesAnyAddressWithAuthentication) {
  for (const char* host : {"0.0.0.0", "::", "", "10.0.0.1"}) {
    EXPECT_TRUE(CheckListenAddress(host, true).ok()) << host;
  }
}

TEST(ListenAddress, NamesAHostThatCannotBeResolved) {
  const arrow::Status status = CheckListenAddress("no such host", false);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument);
  EXPECT_NE(status.message().find("no such host"), std::string::npos);
}

}  // namespace
}  // namespace pintail::access
