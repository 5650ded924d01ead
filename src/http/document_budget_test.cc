#include "http/document_budget.h"

#include <gtest/gtest.h>

#include "http/status.h"

namespace pintail::http {
namespace {

TEST(DocumentBudget, IsSharedAndComesBackWithTheShare) {
  base::Metrics metrics("pintail");
  base::Gauge& held = metrics.GetGauge("held", "");
  DocumentBudget budget(100, held);
  DocumentBudget::Share first(budget);
  ASSERT_TRUE(first.Grow(60).ok());
  EXPECT_EQ(held.Value(), 60);
  {
    DocumentBudget::Share second(budget);
    EXPECT_TRUE(second.Grow(40).ok());
    const arrow::Status full = second.Grow(1);
    EXPECT_EQ(ErrorOf(full).http_status, 429);
    EXPECT_NE(full.message().find("take 60 of the 100 bytes"), std::string::npos) << full;
    EXPECT_NE(full.message().find("http.documents"), std::string::npos) << full;
    EXPECT_EQ(held.Value(), 100);
  }
  EXPECT_EQ(held.Value(), 60);
  first.ShrinkTo(0);
  EXPECT_TRUE(DocumentBudget::Share(budget).Grow(100).ok());
  EXPECT_EQ(held.Value(), 0);
}

TEST(DocumentBudget, SaysWhenWaitingWouldNotHelp) {
  base::Metrics metrics("pintail");
  DocumentBudget budget(100, metrics.GetGauge("held", ""));
  DocumentBudget::Share share(budget);
  EXPECT_TRUE(share.Grow(50).ok());
  EXPECT_EQ(ErrorOf(share.Grow(51)).http_status, 413);
}

}  // namespace
}  // namespace pintail::http
