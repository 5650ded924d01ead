// Honest batches that must get through, and what validation does to them.
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "arrow/array/validate.h"
#include "arrow/util/align_util.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/testing/hand_made_arrays.h"
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using arrow::ArrayData;
using base::ErrorKind;
using namespace testing;  // NOLINT(google-build-using-namespace)
using ::testing::HasSubstr;

using Data = std::shared_ptr<ArrayData>;

TEST(Validated, LetsEveryTypeThroughUnchanged) {
  for (const auto& array : testing::ArraysOfAllTypes()) {
    const auto batch = ThroughGate(OneColumn(array));
    ASSERT_TRUE(batch.ok()) << array->type()->ToString() << batch.status().ToString();
    ASSERT_TRUE((*batch)->ValidateFull().ok()) << array->type()->ToString();
    ASSERT_EQ((*batch)->num_rows(), array->length());
    if ((*batch)->column(0)->type()->Equals(array->type())) {
      EXPECT_TRUE((*batch)->column(0)->Equals(array)) << array->type()->ToString();
    }
  }
}

TEST(Validated, LetsSlicesAndEmptyArraysThrough) {
  for (const auto& array : testing::ArraysOfAllTypes()) {
    for (const auto& part :
         {array->Slice(1, 2), array->Slice(2, 1), array->Slice(0, 0)}) {
      const auto batch = ThroughGate(OneColumn(part));
      ASSERT_TRUE(batch.ok()) << array->type()->ToString() << batch.status().ToString();
      EXPECT_TRUE((*batch)->ValidateFull().ok()) << array->type()->ToString();
    }
  }
}

TEST(Validated, ValuesUnderNullSlotsAreFree) {
  auto text = TextWithOffsets({0, 1, 3}, "a\xFF\xFF");
  text->buffers[0] = BufferOf<uint8_t>({0b01});
  text->null_count = arrow::kUnknownNullCount;
  EXPECT_TRUE(ThroughGate(OneColumn(text)).ok());
  EXPECT_TRUE(ThroughGate(OneColumn(Dictionary({0, -1}, {0b01}))).ok());
}

TEST(Validated, MakesNullCountsKnown) {
  auto data = Copied(arrow::int64(), "[1, null]");
  data->null_count = arrow::kUnknownNullCount;
  const auto batch = ThroughGate(OneColumn(data)).ValueOrDie();
  EXPECT_EQ(batch->column_data(0)->null_count.load(), 1);
}

TEST(Validated, RealignsMisalignedBuffers) {
  const auto bytes = arrow::Buffer::FromString(std::string(33, '\1'));
  auto data =
      ArrayData::Make(arrow::int64(), 4, {nullptr, arrow::SliceBuffer(bytes, 1, 32)}, 0);
  ASSERT_FALSE(arrow::util::CheckAlignment(*data, 8));
  const auto batch = ThroughGate(OneColumn(data)).ValueOrDie();
  EXPECT_TRUE(arrow::util::CheckAlignment(*batch->column(0), 8));
  EXPECT_EQ(batch->column(0)->ToString(), arrow::MakeArray(data)->ToString());
}

TEST(Validated, RealignsTheSizesOfListViews) {
  const auto type = arrow::large_list_view(arrow::int32());
  auto data = Copied(type, "[[1, 2], [3]]");
  const std::string sizes = "x" + data->buffers[2]->ToString();
  data->buffers[2] = arrow::SliceBuffer(arrow::Buffer::FromString(sizes), 1);
  const auto batch = ThroughGate(OneColumn(data)).ValueOrDie();
  EXPECT_EQ(batch->column_data(0)->buffers[2]->address() % sizeof(int64_t), 0U);
  EXPECT_TRUE(batch->column(0)->Equals(FromJson(type, "[[1, 2], [3]]")));
}

TEST(Validated, DecodesWhatReadersGetWrong) {
  using namespace arrow;  // NOLINT: a table of type factories
  const struct {
    Data data;
    std::shared_ptr<DataType> type;
    std::string json;
  } kCases[] = {
      {RunEnds("[2, 3]", R"(["a", null])", 3), utf8(), R"(["a", "a", null])"},
      {FromJson(dictionary(int32(), int64()), "")->data(), int64(), "[7, null, 8]"},
      {ListArray::FromArrays(*FromJson(int32(), "[0, 2, 3]"),
                             *FromJson(dictionary(int16(), utf8()), ""))
           .ValueOrDie()
           ->data(),
       list(utf8()), R"([["a", null], ["b"]])"},
  };
  for (const auto& c : kCases) {
    const auto batch = ThroughGate(OneColumn(c.data)).ValueOrDie();
    const auto expected = FromJson(c.type, c.json);
    EXPECT_TRUE(batch->schema()->field(0)->type()->Equals(c.type));
    EXPECT_TRUE(batch->column(0)->Equals(expected)) << batch->column(0)->ToString();
  }
}

TEST(Validated, NumbersTheTypesOfUnions) {
  using arrow::field;
  for (const bool dense : {true, false}) {
    const arrow::FieldVector fields = {field("i", arrow::int32()),
                                       field("s", arrow::utf8())};
    const auto odd =
        dense ? arrow::dense_union(fields, {1, 0}) : arrow::sparse_union(fields, {1, 0});
    const auto plain = dense ? arrow::dense_union(fields) : arrow::sparse_union(fields);
    const auto array = FromJson(odd, R"([[1, 7], [0, "a"], [1, 8]])");
    const auto expected = FromJson(plain, R"([[0, 7], [1, "a"], [0, 8]])");
    for (const int64_t from : {0, 1, 3}) {
      const auto batch = ThroughGate(OneColumn(array->Slice(from))).ValueOrDie();
      EXPECT_TRUE(batch->column(0)->Equals(expected->Slice(from)))
          << batch->column(0)->ToString();
    }
  }
}

TEST(Validated, KeepsDictionariesOfText) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto batch = ThroughGate(OneColumn(Dictionary({0, 1, 0}))).ValueOrDie();
  EXPECT_TRUE(batch->column(0)->type()->Equals(type));
}

TEST(Validated, PutsListViewsInOrder) {
  // [[3], null, [1, 2], [2, 3]]: out of order and overlapping.
  auto data = Copied(arrow::list_view(arrow::int32()), "[[1], null, [1], [1]]");
  data->buffers[1] = BufferOf<int32_t>({2, 0, 0, 1});
  data->buffers[2] = BufferOf<int32_t>({1, 3, 2, 2});
  data->child_data[0] = Copied(arrow::int32(), "[1, 2, 3]");
  const auto batch = ThroughGate(OneColumn(data)).ValueOrDie();
  const auto expected =
      FromJson(arrow::list_view(arrow::int32()), "[[3], null, [1, 2], [2, 3]]");
  EXPECT_TRUE(batch->column(0)->Equals(expected)) << batch->column(0)->ToString();
  const auto& plain = static_cast<const arrow::ListViewArray&>(*batch->column(0));
  for (int64_t i = 0; i + 1 < plain.length(); ++i) {
    EXPECT_EQ(plain.value_offset(i) + plain.value_length(i), plain.value_offset(i + 1));
  }
}

TEST(Validated, RefusesRowsThatNothingBacks) {
  const auto empty = arrow::schema(arrow::FieldVector{});
  const auto no_columns =
      arrow::RecordBatch::Make(empty, int64_t{1} << 62, std::vector<Data>{});
  EXPECT_EQ(base::KindOf(ThroughGate(no_columns).status()), ErrorKind::kInvalidArgument);
  const auto some_rows = arrow::RecordBatch::Make(empty, 1000, std::vector<Data>{});
  EXPECT_EQ(base::KindOf(ThroughGate(some_rows).status()), ErrorKind::kInvalidArgument);
  const auto nulls = std::make_shared<arrow::NullArray>(int64_t{1} << 31);
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(nulls)).status()),
            ErrorKind::kResourceExhausted);
  const auto no_fields = ArrayData::Make(arrow::struct_(arrow::FieldVector{}),
                                         int64_t{1} << 30, {nullptr}, 0);
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(no_fields)).status()),
            ErrorKind::kResourceExhausted);
  const auto zero_width = ArrayData::Make(arrow::fixed_size_binary(0), int64_t{1} << 30,
                                          {nullptr, nullptr}, 0);
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(zero_width)).status()),
            ErrorKind::kResourceExhausted);
}

TEST(Validated, CountsBytesAsOftenAsTheyAreReferenced) {
  Limits limits;
  limits.max_batch_bytes = 10'000;
  const std::string text(1000, 'x');
  // Each of these refers to one text of 1,000 bytes, 20 times over.
  arrow::StringViewBuilder views;
  ASSERT_TRUE(views.Append(text).ok());
  const auto one_view = views.Finish().ValueOrDie()->data();
  std::string repeated;
  for (int i = 0; i < 20; ++i) repeated += one_view->buffers[1]->ToString();
  auto viewed = one_view->Copy();
  viewed->length = 20;
  viewed->buffers[1] = arrow::Buffer::FromString(repeated);
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(viewed), limits).status()),
            ErrorKind::kResourceExhausted);

  auto dictionary = Dictionary(std::vector<int8_t>(20, 0));
  dictionary->dictionary = TextWithOffsets({0, 1000}, text);
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(dictionary), limits).status()),
            ErrorKind::kResourceExhausted);
  auto rarely_used = Dictionary(std::vector<int8_t>(20, 1));
  rarely_used->dictionary = TextWithOffsets({0, 1000, 1001}, text + "y");
  EXPECT_TRUE(ThroughGate(OneColumn(rarely_used), limits).ok());

  const auto runs = RunEnds("[20]", "[\"" + text + "\"]", 20);
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(runs), limits).status()),
            ErrorKind::kResourceExhausted);

  auto lists = Copied(arrow::list_view(arrow::utf8()), "[[\"" + text + "\"]]");
  lists->length = 20;
  lists->buffers[1] = BufferOf(std::vector<int32_t>(20, 0));
  lists->buffers[2] = BufferOf(std::vector<int32_t>(20, 1));
  EXPECT_EQ(base::KindOf(ThroughGate(OneColumn(lists), limits).status()),
            ErrorKind::kResourceExhausted);
}

TEST(Validated, RefusesColumnsOfDifferentLengths) {
  const auto schema =
      arrow::schema({arrow::field("a", arrow::int8()), arrow::field("b", arrow::int8())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 2, {FromJson(arrow::int8(), "[1, 2]"), FromJson(arrow::int8(), "[1]")});
  const arrow::Status status = ThroughGate(batch).status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("column 'b'"));
}

TEST(Validated, RefusesMoreRowsThanTheLimit) {
  Limits limits;
  limits.max_rows_per_batch = 2;
  const auto batch = OneColumn(FromJson(arrow::int8(), "[1, 2, 3]"));
  EXPECT_EQ(base::KindOf(ThroughGate(batch, limits).status()),
            ErrorKind::kInvalidArgument);
}

// A source whose batches need not have the schema that it announced.
class OddSource final : public arrow::RecordBatchReader {
 public:
  OddSource(std::shared_ptr<arrow::Schema> schema,
            std::vector<std::shared_ptr<arrow::RecordBatch>> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    *out = next_ < batches_.size() ? batches_[next_++] : nullptr;
    return arrow::Status::OK();
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  size_t next_ = 0;
};

TEST(Validated, RefusesASchemaThatChangesBetweenBatchesAndStaysFailed) {
  const auto good = OneColumn(FromJson(arrow::int32(), "[1]"));
  const auto other = OneColumn(FromJson(arrow::int64(), "[1]"));
  const auto gate =
      Validated(std::make_shared<OddSource>(
                    good->schema(),
                    std::vector<std::shared_ptr<arrow::RecordBatch>>{good, other, good}),
                Limits{})
          .ValueOrDie();
  EXPECT_TRUE(gate->Next().ok());
  const arrow::Status refused = gate->Next().status();
  EXPECT_EQ(base::KindOf(refused), ErrorKind::kInvalidArgument);
  EXPECT_THAT(refused.message(), HasSubstr("batch 2"));
  EXPECT_FALSE(gate->Next().ok());
}

}  // namespace
}  // namespace pintail::columnar
