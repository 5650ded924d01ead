// Who may change a table's definition, and who has to look at it anew.
#include "engine/tail_gates.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "base/error.h"

namespace pintail::engine {
namespace {

using std::chrono::milliseconds;

class TailGatesTest : public ::testing::Test {
 protected:
  // Whether what was read at that version still holds.
  bool Holds(const std::string& name, uint64_t version) {
    const auto pass = gates_->Enter(name, version, milliseconds(0));
    return pass.ok() && *pass != nullptr;
  }

  std::shared_ptr<TailGates> gates_ = std::make_shared<TailGates>();
};

TEST_F(TailGatesTest, AVersionHoldsUntilItsTableWasBlocked) {
  const uint64_t version = gates_->Version();
  auto block = gates_->Block("t");
  const uint64_t within = gates_->Version();
  EXPECT_EQ(base::KindOf(gates_->Enter("t", version, milliseconds(0)).status()),
            base::ErrorKind::kConflict);
  EXPECT_TRUE(Holds("u", version));
  block.reset();
  EXPECT_FALSE(Holds("t", version));
  EXPECT_FALSE(Holds("t", within));
  EXPECT_TRUE(Holds("t", gates_->Version()));
  EXPECT_TRUE(Holds("u", version));
  gates_->Block("").reset();
  EXPECT_FALSE(Holds("u", version));
  EXPECT_TRUE(Holds("u", gates_->Version()));
}

TEST_F(TailGatesTest, ABlockWaitsForThoseWhoHaveEntered) {
  for (const std::string blocked : {"t", ""}) {
    auto pass = gates_->Enter("t", gates_->Version(), milliseconds(0)).ValueOrDie();
    bool is_left = false;
    std::thread changer([&] {
      const auto block = gates_->Block(blocked);
      EXPECT_TRUE(is_left);
    });
    // Until the block is there.
    while (Holds("t", gates_->Version())) std::this_thread::yield();
    is_left = true;
    pass.reset();
    changer.join();
  }
}

TEST_F(TailGatesTest, RemembersFewOfAMillionTables) {
  const uint64_t version = gates_->Version();
  const auto busy = gates_->Block("busy");
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string name = std::to_string(i);
    if (i % 2 == 0) {
      gates_->Block(name).reset();
    } else {
      (void)gates_->Enter(name, gates_->Version(), milliseconds(0)).ValueOrDie();
    }
    ASSERT_LE(gates_->size(), TailGates::kMaxRemembered + 1) << i;
  }
  // What was forgotten does not count as unchanged.
  EXPECT_FALSE(Holds("0", version));
  EXPECT_FALSE(Holds("999998", version));
  EXPECT_TRUE(Holds("0", gates_->Version()));
  EXPECT_EQ(base::KindOf(gates_->Enter("busy", version, milliseconds(0)).status()),
            base::ErrorKind::kConflict);
}

}  // namespace
}  // namespace pintail::engine
