#include "ingest/joined_commits.h"

#include <future>
#include <thread>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::ingest {
namespace {

using base::ErrorKind;
using ::testing::ElementsAre;
using std::chrono_literals::operator""s;

const auto kSchema = arrow::schema({arrow::field("i", arrow::int64())});

class JoinedCommitsTest : public ::testing::Test {
 protected:
  using Parts = std::vector<const JoinedCommits::Part*>;

  // The commit of one upload, in a thread of its own.
  struct Upload {
    base::CallContext call{{.request_id = "r", .protocol = "internal"}};
    arrow::Status outcome;
    std::jthread thread;
  };

  // Returns when it waits behind others, or its commit has begun.
  std::unique_ptr<Upload> Start(int number,
                                const std::shared_ptr<arrow::Schema>& schema = kSchema,
                                int64_t rows = 1) {
    auto upload = std::make_unique<Upload>();
    const int64_t before = joined_.Waiting("t");
    upload->thread = std::jthread([this, number, schema, rows, upload = upload.get()] {
      const JoinedCommits::Part part{.call = upload->call,
                                     .place = "t",
                                     .schema = schema,
                                     .policy = {},
                                     .batches = {},
                                     .rows = rows,
                                     .bytes = 8,
                                     .until = clock_.Now() + 10s,
                                     .commit_all =
                                         [this, number](const Parts& all) {
                                           Note("all " + std::to_string(number) + "+" +
                                                std::to_string(all.size() - 1));
                                           return commit_all_();
                                         },
                                     .commit_alone =
                                         [this, number] {
                                           Note(std::to_string(number));
                                           return commit_alone_(number);
                                         }};
      upload->outcome = joined_.Commit(part);
    });
    while (joined_.Waiting("t") == before) std::this_thread::yield();
    return upload;
  }

  // Number 0, whose commit goes on until Release.
  std::unique_ptr<Upload> Hold() {
    auto first = Start(0);
    held_.get_future().wait();
    return first;
  }
  void Release() { released_.set_value(); }

  double Count(const std::string& name) {
    return metrics_.GetCounter("joined_" + name + "_total", "").Value();
  }
  void Note(const std::string& text) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(text);
  }

  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  base::Metrics metrics_{"pintail"};
  JoinedCommits joined_{clock_, timers_, &metrics_};
  std::promise<void> held_;
  std::promise<void> released_;
  std::function<arrow::Result<bool>()> commit_all_ = [] { return true; };
  std::function<arrow::Status(int)> commit_alone_ = [this](int number) {
    if (number == 0) {
      held_.set_value();
      released_.get_future().wait();
    }
    return arrow::Status::OK();
  };
  std::mutex mutex_;
  std::vector<std::string> notes_;  // the commits, in order
};

TEST_F(JoinedCommitsTest, JoinsThoseThatCameWhileAnotherOneRan) {
  std::vector<std::unique_ptr<Upload>> uploads;
  uploads.push_back(Hold());
  for (int i = 1; i <= 4; ++i) uploads.push_back(Start(i));
  Release();
  for (auto& upload : uploads) {
    upload->thread.join();
    EXPECT_TRUE(upload->outcome.ok()) << upload->outcome;
  }
  EXPECT_THAT(notes_, ElementsAre("0", "all 1+3"));
  EXPECT_EQ(Count("commits"), 1);
  EXPECT_EQ(Count("commit_parts"), 4);
  EXPECT_EQ(joined_.Waiting("t"), 0);
}

TEST_F(JoinedCommitsTest, LetsEachGoAloneInItsOrderWhenTheyFailTogether) {
  commit_all_ = [] { return false; };
  commit_alone_ = [once = commit_alone_](int number) -> arrow::Status {
    if (number == 2) return arrow::Status::Invalid("the second");
    return once(number);
  };
  std::vector<std::unique_ptr<Upload>> uploads;
  uploads.push_back(Hold());
  for (int i = 1; i <= 3; ++i) uploads.push_back(Start(i));
  Release();
  for (auto& upload : uploads) upload->thread.join();
  EXPECT_THAT(notes_, ElementsAre("0", "all 1+2", "1", "2", "3"));
  EXPECT_TRUE(uploads[1]->outcome.ok());
  EXPECT_EQ(uploads[2]->outcome.message(), "the second");
  EXPECT_TRUE(uploads[3]->outcome.ok());
  EXPECT_EQ(Count("commits_separated"), 1);
  EXPECT_EQ(Count("commits"), 0);
}

TEST_F(JoinedCommitsTest, TellsAllOfThemWhenNobodyKnowsWhatIsCommitted) {
  commit_all_ = [] { return arrow::Status::IOError("the disk is gone"); };
  std::vector<std::unique_ptr<Upload>> uploads;
  uploads.push_back(Hold());
  for (int i = 1; i <= 3; ++i) uploads.push_back(Start(i));
  Release();
  for (auto& upload : uploads) upload->thread.join();
  EXPECT_THAT(notes_, ElementsAre("0", "all 1+2"));
  for (size_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(uploads[i]->outcome.message(), "the disk is gone");
  }
}

TEST_F(JoinedCommitsTest, OneThatIsCancelledWhileItWaitsIsNotCommitted) {
  const auto first = Hold();
  const auto cancelled = Start(1);
  const auto last = Start(2);
  cancelled->call.Cancel(ErrorKind::kCancelled, "not wanted any more");
  cancelled->thread.join();
  EXPECT_EQ(base::KindOf(cancelled->outcome), ErrorKind::kCancelled);
  Release();
  last->thread.join();
  EXPECT_TRUE(last->outcome.ok());
  first->thread.join();
  EXPECT_THAT(notes_, ElementsAre("0", "2"));
}

TEST_F(JoinedCommitsTest, OneThatIsTakenIntoAGroupIsCommittedThoughItIsCancelled) {
  const auto first = Hold();
  const auto second = Start(1);
  const auto third = Start(2);
  commit_all_ = [&] {
    third->call.Cancel(ErrorKind::kCancelled, "too late");
    return true;
  };
  Release();
  third->thread.join();
  EXPECT_TRUE(third->outcome.ok()) << third->outcome;
}

TEST_F(JoinedCommitsTest, AGroupWhoseFirstIsCancelledGoesOnWithoutIt) {
  const auto first = Hold();
  std::vector<std::unique_ptr<Upload>> others;
  for (int i = 1; i <= 3; ++i) others.push_back(Start(i));
  commit_all_ = [&, turn = 0]() mutable {
    if (turn++ > 0) return true;
    others[0]->call.Cancel(ErrorKind::kCancelled, "not wanted any more");
    return false;
  };
  Release();
  for (auto& upload : others) upload->thread.join();
  EXPECT_THAT(notes_, ElementsAre("0", "all 1+2", "all 2+1"));
  EXPECT_EQ(base::KindOf(others[0]->outcome), ErrorKind::kCancelled);
  EXPECT_TRUE(others[1]->outcome.ok());
  EXPECT_TRUE(others[2]->outcome.ok());
}

TEST_F(JoinedCommitsTest, WhoHasWaitedLongEnoughGoesAlone) {
  const auto first = Hold();
  const auto second = Start(1);
  clock_.Advance(10s);
  timers_.RunDue();
  second->thread.join();
  EXPECT_TRUE(second->outcome.ok());
  EXPECT_THAT(notes_, ElementsAre("0", "1"));
  Release();
}

TEST_F(JoinedCommitsTest, JoinsOnlyThoseOfOneSchemaAndNoMoreThanARowGroup) {
  const auto other = arrow::schema({arrow::field("i", arrow::int32())});
  std::vector<std::unique_ptr<Upload>> uploads;
  uploads.push_back(Hold());
  uploads.push_back(Start(1));
  uploads.push_back(Start(2, other));
  uploads.push_back(Start(3));
  uploads.push_back(Start(4, other));
  uploads.push_back(Start(5, kSchema, 122'880));
  Release();
  for (auto& upload : uploads) upload->thread.join();
  EXPECT_THAT(notes_, ElementsAre("0", "all 1+1", "all 2+1", "5"));
}

}  // namespace
}  // namespace pintail::ingest
