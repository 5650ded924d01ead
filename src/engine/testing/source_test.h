// A database in memory with the source `shop`, another DuckDB, attached to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "engine/testing/fake_source.h"
#include "engine/testing/sql.h"

namespace pintail::engine::testing {

class SourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = OpenInMemory({.clock = &clock_});
    connection_ = Value(database_->Connect());
    ASSERT_TRUE(database_->AttachSource(source_).ok());
  }
  void TearDown() override {
    connection_.reset();
    database_.reset();
    EXPECT_EQ(source_->open_sessions, 0);
  }

  static void At(FakeSource& source, const std::string& sql) {
    const auto status = Execute(source.direct(), sql);
    ASSERT_TRUE(status.ok()) << status;
  }
  void At(const std::string& sql) { At(*source_, sql); }
  void Run(const std::string& sql) {
    const auto status = Execute(*connection_, sql);
    EXPECT_TRUE(status.ok()) << sql << ": " << status;
  }
  // The same at the source and here.
  void Both(const std::string& sql) {
    At(sql);
    Run(sql);
  }
  std::string There(const std::string& sql) { return Cell(source_->direct(), sql); }
  std::string Here(const std::string& sql) { return Cell(*connection_, sql); }

  base::ManualClock clock_;
  std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>("shop");
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace pintail::engine::testing
