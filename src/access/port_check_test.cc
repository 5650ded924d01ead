#include "access/port_check.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "gmock/gmock.h"

namespace pintail::access {
namespace {

using ::testing::HasSubstr;

// A socket that listens on a free port of 127.0.0.1.
class Taken {
 public:
  Taken() : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(descriptor_, any, size), 0);
    EXPECT_EQ(listen(descriptor_, 1), 0);
    EXPECT_EQ(getsockname(descriptor_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Taken() { close(descriptor_); }
  int port() const { return port_; }

 private:
  const int descriptor_;
  int port_ = 0;
};

TEST(PortCheck, RefusesAPortThatAnotherListensOnAndSaysWhatToDo) {
  int port = 0;
  {
    const Taken taken;
    port = taken.port();
    const auto status = CheckPortIsFree(
        {.host = "127.0.0.1", .port = port, .door = "Flight", .flag = "--flight-listen"});
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kUnavailable);
    EXPECT_THAT(status.message(), HasSubstr("127.0.0.1:" + std::to_string(port)));
    EXPECT_THAT(status.message(), HasSubstr("--flight-listen"));
  }
  EXPECT_TRUE(CheckPortIsFree({.host = "127.0.0.1", .port = port}).ok());
}

TEST(PortCheck, RefusesAnAddressOfAnotherMachine) {
  // 192.0.2.0/24 is kept for documentation.
  const auto status = CheckPortIsFree(
      {.host = "192.0.2.1", .port = 50'051, .door = "HTTP", .flag = "--http-listen"});
  EXPECT_THAT(status.message(), HasSubstr("192.0.2.1:50051"));
}

TEST(PortCheck, LetsAnyFreePortPass) {
  const Taken taken;
  EXPECT_TRUE(CheckPortIsFree({.host = "127.0.0.1", .port = 0}).ok());
}

}  // namespace
}  // namespace pintail::access
