// What a server warns of when rows do not get where they belong.
#include "ingest/warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "engine/testing/sql.h"
#include "engine/testing/tail.h"
#include "journal/testing/journal_home.h"

namespace pintail::ingest {
namespace {

using engine::testing::Arrive;
using engine::testing::Batch;
using engine::testing::Execute;
using engine::testing::TemporaryFolder;
using engine::testing::Value;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The tails of a database, where no move succeeds while a test says so.
class FailingTails final : public engine::Tails {
 public:
  explicit FailingTails(engine::Tails& real) : real_(real) {}
  void Fail(arrow::Status status) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(status);
  }

  arrow::Result<std::vector<engine::TailPosition>> OpenPositions() override {
    return real_.OpenPositions();
  }
  arrow::Result<std::shared_ptr<const engine::TailTarget>> TargetFor(
      engine::Connection& connection, const engine::TableName& table,
      const arrow::Schema& schema) override {
    return real_.TargetFor(connection, table, schema);
  }
  arrow::Result<arrow::RecordBatchVector> Conform(
      const engine::TailTarget& target,
      const arrow::RecordBatchVector& batches) const override {
    return real_.Conform(target, batches);
  }
  arrow::Result<std::unique_ptr<engine::TailPass>> Enter(
      const engine::TailTarget& target, std::chrono::milliseconds timeout) override {
    return real_.Enter(target, timeout);
  }
  engine::TableName TableOf(const engine::TailTarget& target) const override {
    return real_.TableOf(target);
  }
  arrow::Status Store(const std::string& table,
                      std::chrono::milliseconds patience) override {
    return real_.Store(table, patience);
  }
  arrow::Result<std::shared_ptr<void>> Close(const std::string& table) override {
    return real_.Close(table);
  }
  void Add(const engine::TailTarget& target, const arrow::RecordBatchVector& batches,
           uint64_t position, std::shared_ptr<const engine::AppliedPut> put) override {
    real_.Add(target, batches, position, std::move(put));
  }
  arrow::Result<std::vector<engine::AppliedPut>> OpenPuts(base::Clock::Wall since,
                                                          int64_t most) override {
    return real_.OpenPuts(since, most);
  }
  void SetSentOn(std::vector<engine::SentOnTable> tables) override {
    real_.SetSentOn(std::move(tables));
  }
  std::shared_ptr<void> ActAsServer(engine::Connection& connection) override {
    return real_.ActAsServer(connection);
  }
  arrow::Status WritePut(engine::Connection& connection,
                         const engine::AppliedPut& put) override {
    return real_.WritePut(connection, put);
  }
  arrow::Status ForgetPuts(base::Clock::Wall before) override {
    return real_.ForgetPuts(before);
  }
  const std::string& database() const override { return real_.database(); }
  arrow::Result<int64_t> Move(const engine::TableName& table, int64_t rows) override {
    {
      const std::lock_guard lock(mutex_);
      ARROW_RETURN_NOT_OK(failure_);
    }
    return real_.Move(table, rows);
  }
  int64_t bytes() const override { return real_.bytes(); }
  std::vector<engine::TailFigures> figures() const override { return real_.figures(); }

 private:
  engine::Tails& real_;
  std::mutex mutex_;
  arrow::Status failure_;
};

class WarningsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Execute(*connection_, "CREATE TABLE t (i BIGINT, s VARCHAR)").ok());
  }

  // Nothing moves by itself before the mover was started and the clock moved.
  std::unique_ptr<Warnings> Watch(const journal::Journal* journal = nullptr,
                                  Warnings::Options options = {}) {
    return std::make_unique<Warnings>(Warnings::Ground{.tails = database_->tails(),
                                                       .mover = mover_,
                                                       .journal = journal,
                                                       .clock = clock_,
                                                       .timers = timers_,
                                                       .log = logs_->For("ingest"),
                                                       .metrics = metrics_},
                                      options);
  }
  void Arrives() {
    const auto status =
        Arrive(*database_, *connection_, "t",
               {Batch(engine::testing::NumbersSchema(), R"([[1, "a"]])")});
    ASSERT_TRUE(status.ok()) << status;
  }
  void Pass(std::chrono::nanoseconds time) {
    clock_.Advance(time);
    timers_.RunDue();
  }
  // Waits, as time passes, until another thread has made it true; not for ever.
  template <typename Condition>
  bool Comes(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      Pass(std::chrono::milliseconds(1));
      std::this_thread::yield();
    }
    return true;
  }
  // How many lines of the log hold both texts.
  int Logged(const std::string& level, const std::string& text) {
    logs_->Flush();
    std::ifstream file(folder_.File("log"));
    int count = 0;
    for (std::string line; std::getline(file, line);) {
      count += line.find("\"" + level + "\"") != std::string::npos &&
               line.find(text) != std::string::npos;
    }
    return count;
  }

  TemporaryFolder folder_;
  base::ManualClock clock_;
  base::Timers timers_{clock_, /*start_thread=*/false};
  std::unique_ptr<base::Logs> logs_ = Value(
      base::Logs::Make({.format = base::LogFormat::kJson, .path = folder_.File("log")}));
  base::Metrics metrics_{"pintail"};
  std::unique_ptr<engine::Database> database_ =
      engine::testing::OpenInMemory({.clock = &clock_});
  std::unique_ptr<engine::Connection> connection_ = Value(database_->Connect());
  FailingTails tails_{database_->tails()};
  Mover mover_{tails_, timers_, clock_, logs_->For("ingest"), {}};
};

TEST_F(WarningsTest, TellOnceWhenRowsWaitMuchTooLongAndOnceWhenTheyDoNoMore) {
  const auto warnings = Watch();
  Arrives();
  Pass(seconds(20));
  EXPECT_THAT(warnings->Look(), IsEmpty());
  EXPECT_THAT(metrics_.Render(), HasSubstr("\npintail_ingest_warnings 0\n"));
  Pass(seconds(1));
  Pass(seconds(1));
  EXPECT_EQ(Logged("warn", "rows have waited 21 s"), 1);
  EXPECT_EQ(Logged("warn", "rows have waited"), 1);
  EXPECT_THAT(warnings->Look(),
              ElementsAre(AllOf(HasSubstr("rows have waited 22 s for the table"),
                                HasSubstr("\"main\".\"t\""), HasSubstr("1 rows of 1"))));
  EXPECT_THAT(metrics_.Render(), HasSubstr("\npintail_ingest_warnings 1\n"));
  ASSERT_EQ(engine::testing::MoveAll(*database_, "t"), 1);
  Pass(seconds(1));
  Pass(seconds(1));
  EXPECT_EQ(Logged("info", "a warning is over"), 1);
  EXPECT_THAT(warnings->Look(), IsEmpty());
  EXPECT_THAT(metrics_.Render(), HasSubstr("\npintail_ingest_warnings 0\n"));
}

TEST_F(WarningsTest, WaitAsMuchLongerAsRowsAreMeantToWait) {
  const auto warnings = Watch(nullptr, {.max_age = seconds(60)});
  Arrives();
  Pass(seconds(600));
  EXPECT_THAT(warnings->Look(), IsEmpty());
  Pass(seconds(1));
  EXPECT_THAT(warnings->Look(), ElementsAre(HasSubstr("rows have waited 601 s")));
}

TEST_F(WarningsTest, TellWhyRowsCannotBeStoredUntilTheyCan) {
  const auto warnings = Watch();
  mover_.Start(nullptr);
  Arrives();
  const auto warned_of = [&](const std::string& reason) {
    return [&, reason] {
      const auto texts = warnings->Look();
      return texts.size() == 1 && texts[0].find("\"main\".\"t\"") != std::string::npos &&
             texts[0].find(reason) != std::string::npos;
    };
  };
  tails_.Fail(base::MakeError(base::ErrorKind::kUnavailable, "the disk is on fire"));
  EXPECT_TRUE(Comes(warned_of("the disk is on fire")));
  // What may quote a row is not shown.
  tails_.Fail(base::MakeError(base::ErrorKind::kInvalidArgument, "a secret"));
  EXPECT_TRUE(Comes(warned_of("(invalid_argument; the server's log has the reason)")));
  EXPECT_EQ(Logged("warn", "cannot be stored"), 1);
  tails_.Fail(arrow::Status::OK());
  EXPECT_TRUE(Comes([&] { return warnings->Look().empty(); }));
  EXPECT_EQ(engine::testing::Waiting(*database_, "t"), 0);
  EXPECT_TRUE(mover_.Stop().ok());
}

class JournalWarningsTest : public WarningsTest {
 protected:
  journal::testing::JournalHome home_{journal::testing::Disk::kMemory};
};

TEST_F(JournalWarningsTest, TellWhenTheJournalIsNearlyFull) {
  const auto journal = Value(home_.Open());
  const auto record = journal::testing::RecordOf("[1]");
  ASSERT_TRUE(journal::testing::Append(*journal, record).ok());
  const int64_t bytes = journal->figures().bytes;
  EXPECT_THAT(Watch(journal.get(), {.max_bytes = bytes * 2})->Look(), IsEmpty());
  EXPECT_THAT(Watch(journal.get(), {.max_bytes = bytes * 10 / 9})->Look(),
              ElementsAre(HasSubstr("of journal.max_size")));
}

TEST_F(JournalWarningsTest, TellWhyTheJournalCouldNotBeWrittenUntilItCan) {
  using journal::testing::Operation;
  const auto journal = Value(home_.Open());
  const auto record = journal::testing::RecordOf("[1]");
  const auto warnings = Watch(journal.get(), {.max_bytes = 1 << 30});
  ASSERT_TRUE(journal::testing::Append(*journal, record).ok());
  EXPECT_THAT(warnings->Look(), IsEmpty());
  for (const auto durability :
       {journal::Durability::kSync, journal::Durability::kInterval}) {
    home_.files.SetHook([](Operation operation, int64_t) {
      return operation == Operation::kSyncData
                 ? std::make_error_code(std::errc::no_space_on_device)
                 : std::error_code();
    });
    const auto refused = journal::testing::Append(*journal, record, durability);
    EXPECT_EQ(refused.ok(), durability == journal::Durability::kInterval);
    EXPECT_TRUE(Comes([&] {
      home_.Advance(seconds(1));
      return !warnings->Look().empty();
    }));
    EXPECT_THAT(warnings->Look(),
                ElementsAre(HasSubstr("the journal could not be written")));
    home_.files.SetHook(nullptr);
    ASSERT_TRUE(journal::testing::Append(*journal, record).ok());
    EXPECT_THAT(warnings->Look(), IsEmpty());
  }
}

}  // namespace
}  // namespace pintail::ingest
