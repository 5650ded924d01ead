#include "cache/answer.h"

#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/ipc/dictionary.h"
#include "arrow/json/from_string.h"
#include "arrow/table.h"
#include "arrow/util/key_value_metadata.h"
#include "gtest/gtest.h"

namespace pintail::cache {
namespace {

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::Schema>& schema,
                                          const std::vector<std::string>& columns) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    arrays.push_back(*arrow::json::ArrayFromJSONString(
        schema->field(static_cast<int>(i))->type(), columns[i]));
  }
  const int64_t rows = arrays.front()->length();
  return arrow::RecordBatch::Make(schema, rows, std::move(arrays));
}

TEST(Answer, GivesBackWhatItWasMadeOf) {
  const auto schema =
      arrow::schema({arrow::field("n", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("l", arrow::list(arrow::float64()))});
  const std::vector batches = {
      Batch(schema, {"[1, null, 3]", R"(["a", "bc", null])", "[[1.5], [], null]"}),
      Batch(schema, {"[4]", R"([""])", "[[2, 3]]"})->Slice(0)};
  const auto answer = Answer::Encode(schema, batches);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ((*answer)->rows(), 4);
  EXPECT_EQ((*answer)->payloads().size(), 3U);
  for (int time = 0; time < 2; ++time) {
    const auto table = (*answer)->Read()->ToTable();
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_TRUE((*table)->Equals(**arrow::Table::FromRecordBatches(schema, batches)));
  }
}

TEST(Answer, OutlivesAStream) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto schema = arrow::schema({arrow::field("d", type)},
                                    arrow::key_value_metadata({{"unit", "none"}}));
  const std::vector batches = {Batch(schema, {R"(["x", "y", "x"])"}),
                               Batch(schema, {R"(["x", null])"})};
  const auto answer = Answer::Encode(schema, batches);
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto stream = (*answer)->ToStream();
  ASSERT_TRUE(stream.ok()) << stream.status();
  const auto again = Answer::FromStream(*stream);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->rows(), 5);
  EXPECT_EQ((*again)->schema_message(), (*answer)->schema_message());
  const auto table = (*again)->Read()->ToTable();
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE((*table)->Equals(**arrow::Table::FromRecordBatches(schema, batches),
                               /*check_metadata=*/true));
}

TEST(Answer, IsNotMadeOfADamagedStream) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  const auto answer = Answer::Encode(schema, {Batch(schema, {"[1, 2]"})});
  ASSERT_TRUE(answer.ok());
  const auto stream = *(*answer)->ToStream();
  for (const int64_t size : {int64_t{0}, int64_t{5}, stream->size() - 1}) {
    EXPECT_FALSE(Answer::FromStream(arrow::SliceBuffer(stream, 0, size)).ok()) << size;
  }
}

TEST(Answer, CanBeEmpty) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  const auto answer = Answer::Encode(schema, {});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ((*answer)->rows(), 0);
  EXPECT_EQ((*(*answer)->Read()->ToTable())->num_rows(), 0);
  EXPECT_GT((*answer)->bytes(), 0);
}

}  // namespace
}  // namespace pintail::cache
