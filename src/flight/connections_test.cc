#include "flight/connections.h"

#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

TEST(Connections, AreThoseEstablishedToOurPorts) {
  std::set<std::string> peers;
  AddConnectedPeers(
      "  sl  local_address rem_address   st tx_queue rx_queue\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n"
      "   1: 0100007F:1F90 0100007F:1267 01 00000000:00000000\n"
      "   2: 0100007F:1267 0100007F:1F90 01 00000000:00000000\n"
      "   3: 0100007F:1F90 0200007F:1268 06 00000000:00000000\n"
      "   4: 0100007F:1F91 0300007F:1269 01 00000000:00000000\n"
      "rubbish\n   5: x:y 0100007F:zzzz 01\n",
      {0x1f90}, &peers);
  EXPECT_EQ(peers, std::set<std::string>{"ipv4:127.0.0.1:4711"});
}

TEST(Connections, OfIpv6AreWrittenAsGrpcDoes) {
  std::set<std::string> peers;
  AddConnectedPeers(
      "   0: 00000000000000000000000001000000:1F90 "
      "00000000000000000000000001000000:1267 01 0:0\n"
      "   1: 0000000000000000FFFF00000100007F:1F90 "
      "0000000000000000FFFF00000100007F:1268 01 0:0\n",
      {0x1f90}, &peers);
  EXPECT_EQ(peers, (std::set<std::string>{"ipv4:127.0.0.1:4712", "ipv6:%5B::1%5D:4711"}));
}

}  // namespace
}  // namespace pintail::flight
