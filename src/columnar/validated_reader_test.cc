// Batches whose contents lie, each made by hand, and honest ones that must get through.
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
#include "columnar/testing/sample_batches.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using arrow::ArrayData;
using base::ErrorKind;
using testing::BufferOf;
using testing::FromJson;
using testing::OneColumn;
using ::testing::HasSubstr;

using Data = std::shared_ptr<ArrayData>;

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ThroughGate(
    const std::shared_ptr<arrow::RecordBatch>& batch, const Limits& limits = {}) {
  ARROW_ASSIGN_OR_RAISE(auto source,
                        arrow::RecordBatchReader::Make({batch}, batch->schema()));
  ARROW_ASSIGN_OR_RAISE(auto gate, Validated(std::move(source), limits));
  return gate->Next();
}

// A deep enough copy of an honest array that a test can make lie.
Data Copied(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return FromJson(type, json)->data()->Copy();
}

struct Lie {
  std::string what;
  std::function<Data()> make;
  std::string message;  // part of the refusal
};

std::vector<Lie> LiesAboutLayout() {
  return {
      {"short values buffer",
       [] {
         auto data = Copied(arrow::int64(), "[1, 2, 3]");
         data->buffers[1] = BufferOf<int64_t>({1, 2});
         return data;
       },
       "holds 16 bytes"},
      {"no values buffer",
       [] {
         auto data = Copied(arrow::int64(), "[1, 2, 3]");
         data->buffers[1] = nullptr;
         return data;
       },
       "holds 0 bytes"},
      {"2^31 rows without buffers",
       [] {
         return ArrayData::Make(arrow::int32(), int64_t{1} << 31, {nullptr, nullptr}, 0);
       },
       "holds 0 bytes"},
      {"short boolean buffer",
       [] {
         auto data = Copied(arrow::boolean(), "[true, true]");
         data->length = 9;
         data->buffers[1] = BufferOf<uint8_t>({255});
         return data;
       },
       "need 2"},
      {"short validity bitmap",
       [] {
         auto data = ArrayData::Make(
             arrow::int8(), 9, {BufferOf<uint8_t>({0}), BufferOf<int8_t>({1, 2, 3, 4, 5, 6, 7, 8, 9})});
         return data;
       },
       "buffer 0"},
      {"negative length",
       [] {
         auto data = Copied(arrow::int64(), "[1]");
         data->length = -1;
         return data;
       },
       "claims -1 rows"},
      {"negative offset",
       [] {
         auto data = Copied(arrow::int64(), "[1]");
         data->offset = -8;
         return data;
       },
       "impossible length"},
      {"offset past the end",
       [] {
         auto data = Copied(arrow::int64(), "[1]");
         data->offset = 100;
         return data;
       },
       "at offset 100"},
      {"length and offset that overflow",
       [] {
         auto data = Copied(arrow::int64(), "[1]");
         data->offset = std::numeric_limits<int64_t>::max();
         return data;
       },
       "impossible length"},
      {"too few buffers",
       [] {
         auto data = Copied(arrow::utf8(), R"(["a"])");
         data->buffers.pop_back();
         return data;
       },
       "3 buffers"},
      {"nulls claimed away",
       [] {
         auto data = Copied(arrow::int64(), "[1, null]");
         data->null_count = 0;
         return data;
       },
       "null count"},
      {"nulls claimed without a bitmap",
       [] {
         auto data = Copied(arrow::int64(), "[1, 2]");
         data->null_count = 2;
         return data;
       },
       "null count"},
      {"missing child",
       [] {
         auto data = Copied(arrow::list(arrow::int32()), "[[1]]");
         data->child_data[0] = nullptr;
         return data;
       },
       "missing"},
      {"too few children",
       [] {
         auto data = Copied(arrow::list(arrow::int32()), "[[1]]");
         data->child_data.clear();
         return data;
       },
       "child arrays"},
      {"child of another type",
       [] {
         auto data = Copied(arrow::list(arrow::int32()), "[[1]]");
         data->child_data[0] = Copied(arrow::int8(), "[1]");
         return data;
       },
       "where the schema says"},
  };
}

Data TextWithOffsets(const std::vector<int32_t>& offsets, const std::string& text) {
  return ArrayData::Make(
      arrow::utf8(), static_cast<int64_t>(offsets.size()) - 1,
      {nullptr, BufferOf(offsets), arrow::Buffer::FromString(text)}, 0);
}

// One 16-byte view that is not inline.
Data OneView(int32_t size, const std::string& prefix, int32_t buffer, int32_t offset,
             const std::string& text) {
  std::string view(16, '\0');
  std::memcpy(view.data(), &size, 4);
  std::memcpy(view.data() + 4, prefix.data(), 4);
  std::memcpy(view.data() + 8, &buffer, 4);
  std::memcpy(view.data() + 12, &offset, 4);
  return ArrayData::Make(
      arrow::utf8_view(), 1,
      {nullptr, arrow::Buffer::FromString(view), arrow::Buffer::FromString(text)}, 0);
}

std::vector<Lie> LiesAboutText() {
  const std::string text = "a text of twenty-one";
  std::vector<int32_t> falls_late(1000, 3);
  falls_late[700] = 4;
  return {
      {"offset past the data", [] { return TextWithOffsets({0, 4}, "abc"); },
       "past the end of the data at 3"},
      {"huge offset", [] { return TextWithOffsets({0, 2147483647}, "abc"); },
       "past the end"},
      {"falling offsets", [] { return TextWithOffsets({0, 3, 1, 3}, "abc"); },
       "fall from 3 to 1"},
      {"offsets that fall late",
       [=] { return TextWithOffsets(falls_late, "abcd"); }, "at value 700"},
      {"negative offset", [] { return TextWithOffsets({-1, 3}, "abc"); },
       "first offset is -1"},
      {"negative offset in the middle", [] { return TextWithOffsets({0, -1, 3}, "abc"); },
       "fall from 0 to -1"},
      {"short offsets",
       [] {
         auto data = TextWithOffsets({0, 1, 2}, "abc");
         data->length = 3;
         return data;
       },
       "buffer 1"},
      {"no data buffer",
       [] {
         auto data = TextWithOffsets({0, 1}, "a");
         data->buffers[2] = nullptr;
         return data;
       },
       "past the end of the data at 0"},
      {"large offset past the data",
       [] {
         return ArrayData::Make(arrow::large_binary(), 1,
                                {nullptr, BufferOf<int64_t>({0, int64_t{1} << 40}),
                                 arrow::Buffer::FromString("abc")},
                                0);
       },
       "past the end"},
      {"bytes that are no UTF-8", [] { return TextWithOffsets({0, 2}, "a\xFF"); },
       "UTF-8"},
      {"a character cut in two", [] { return TextWithOffsets({0, 1, 2}, "\xC3\xBC"); },
       "UTF-8"},
      {"view of negative size", [=] { return OneView(-1, "a te", 0, 0, text); },
       "size -1"},
      {"view into a buffer that is not there",
       [=] { return OneView(20, "a te", 1, 0, text); }, "buffer 1 of 1"},
      {"view into a negative buffer", [=] { return OneView(20, "a te", -1, 0, text); },
       "buffer -1"},
      {"view past the end", [=] { return OneView(20, "text", 0, 2, text); },
       "of a buffer of 20"},
      {"view at a negative offset", [=] { return OneView(20, "a te", 0, -4, text); },
       "offset -4"},
      {"view with a wrong prefix", [=] { return OneView(20, "else", 0, 0, text); },
       "prefix"},
      {"view of no UTF-8",
       [=] { return OneView(20, "\xFF te", 0, 0, "\xFF" + text.substr(1)); }, "UTF-8"},
      {"short view that is not padded", [=] { return OneView(2, "abcd", 0, 0, text); },
       "padded"},
      {"too few views",
       [=] {
         auto data = OneView(20, "a te", 0, 0, text);
         data->length = 2;
         return data;
       },
       "buffer 1"},
  };
}

std::vector<Lie> LiesAboutNesting() {
  const auto pair = arrow::struct_({arrow::field("x", arrow::int32())});
  return {
      {"list past its child",
       [] {
         auto data = Copied(arrow::list(arrow::int32()), "[[1, 2, 3]]");
         data->buffers[1] = BufferOf<int32_t>({0, 4});
         return data;
       },
       "past the end of the data at 3"},
      {"falling list offsets",
       [] {
         auto data = Copied(arrow::list(arrow::int32()), "[[1], [2, 3]]");
         data->buffers[1] = BufferOf<int32_t>({0, 3, 1});
         return data;
       },
       "fall"},
      {"bad text inside a list",
       [] {
         auto data = Copied(arrow::list(arrow::utf8()), R"([["a"]])");
         data->child_data[0] = TextWithOffsets({0, 9}, "abc");
         return data;
       },
       "in 'item'"},
      {"list view past its child",
       [] {
         auto data = Copied(arrow::list_view(arrow::int32()), "[[1, 2]]");
         data->buffers[2] = BufferOf<int32_t>({3});
         return data;
       },
       "shows 3 elements"},
      {"list view at a negative offset",
       [] {
         auto data = Copied(arrow::list_view(arrow::int32()), "[[1, 2]]");
         data->buffers[1] = BufferOf<int32_t>({-1});
         return data;
       },
       "offset -1"},
      {"list view whose end overflows",
       [] {
         auto data = Copied(arrow::large_list_view(arrow::int32()), "[[1, 2]]");
         data->buffers[1] = BufferOf<int64_t>({1});
         data->buffers[2] = BufferOf<int64_t>({std::numeric_limits<int64_t>::max()});
         return data;
       },
       "shows"},
      {"short child of a fixed-size list",
       [] {
         auto data = Copied(arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2]]");
         data->length = 2;
         return data;
       },
       "2 lists of 2"},
      {"short child of a struct",
       [=] {
         auto data = Copied(pair, R"([{"x": 1}])");
         data->length = 2;
         return data;
       },
       "'x' has 1 values"},
      {"struct whose offset passes its child",
       [=] {
         auto data = Copied(pair, R"([{"x": 1}, {"x": 2}])");
         data->offset = 1;
         return data;
       },
       "there are 3 rows"},
      {"null key of a map",
       [] {
         auto data = Copied(arrow::map(arrow::utf8(), arrow::int32()), R"([[["a", 1]]])");
         auto entries = data->child_data[0]->Copy();
         entries->child_data[0] = Copied(arrow::utf8(), "[null]");
         data->child_data[0] = entries;
         return data;
       },
       "key of a map is null"},
      {"union id that is not there",
       [] {
         auto data = Copied(arrow::sparse_union({arrow::field("i", arrow::int32())}, {3}),
                            "[[3, 1]]");
         data->buffers[1] = BufferOf<int8_t>({2});
         return data;
       },
       "type id 2"},
      {"negative union id",
       [] {
         auto data = Copied(arrow::sparse_union({arrow::field("i", arrow::int32())}, {0}),
                            "[[0, 1]]");
         data->buffers[1] = BufferOf<int8_t>({-1});
         return data;
       },
       "type id -1"},
      {"short child of a sparse union",
       [] {
         auto data = Copied(arrow::sparse_union({arrow::field("i", arrow::int32())}, {0}),
                            "[[0, 1]]");
         data->length = 2;
         data->buffers[1] = BufferOf<int8_t>({0, 0});
         return data;
       },
       "'i' has 1 values"},
      {"dense union offset past its child",
       [] {
         auto data = Copied(arrow::dense_union({arrow::field("i", arrow::int32())}, {0}),
                            "[[0, 1]]");
         data->buffers[2] = BufferOf<int32_t>({1});
         return data;
       },
       "has offset 1"},
      {"nested too deeply",
       [] {
         auto type = arrow::int32();
         auto data = Copied(type, "[1]");
         for (int i = 0; i < 70; ++i) {
           type = arrow::list(type);
           data = ArrayData::Make(type, 1, {nullptr, BufferOf<int32_t>({0, 1})}, {data}, 0);
         }
         return data;
       },
       "64 levels"},
  };
}

Data Dictionary(const std::vector<int8_t>& indexes, std::vector<uint8_t> bitmap = {}) {
  return ArrayData::Make(arrow::dictionary(arrow::int8(), arrow::utf8()),
                         static_cast<int64_t>(indexes.size()),
                         {bitmap.empty() ? nullptr : BufferOf(bitmap), BufferOf(indexes)},
                         {}, FromJson(arrow::utf8(), R"(["a", "b"])")->data(),
                         arrow::kUnknownNullCount);
}

Data RunEnds(const std::string& ends, const std::string& values, int64_t rows) {
  return ArrayData::Make(arrow::run_end_encoded(arrow::int32(), arrow::utf8()), rows,
                         {nullptr},
                         {FromJson(arrow::int32(), ends)->data(),
                          FromJson(arrow::utf8(), values)->data()},
                         0);
}

std::vector<Lie> LiesAboutEncodings() {
  return {
      {"dictionary index past the end", [] { return Dictionary({0, 2}); },
       "outside its dictionary"},
      {"negative dictionary index", [] { return Dictionary({0, -1}); },
       "outside its dictionary"},
      {"no dictionary",
       [] {
         auto data = Dictionary({0});
         data->dictionary = nullptr;
         return data;
       },
       "dictionary is missing"},
      {"index into an empty dictionary",
       [] {
         auto data = Dictionary({0});
         data->dictionary = FromJson(arrow::utf8(), "[]")->data();
         return data;
       },
       "outside its dictionary"},
      {"dictionary that lies itself",
       [] {
         auto data = Dictionary({0, 1});
         data->dictionary = TextWithOffsets({0, 9, 9}, "abc");
         return data;
       },
       "in the dictionary"},
      {"run ends that fall", [] { return RunEnds("[2, 1]", R"(["a", "b"])", 2); },
       "not above 2"},
      {"run ends that stop early", [] { return RunEnds("[2]", R"(["a"])", 3); },
       "ends at 2"},
      {"first run end of zero", [] { return RunEnds("[0, 3]", R"(["a", "b"])", 3); },
       "not above 0"},
      {"null run end", [] { return RunEnds("[null, 3]", R"(["a", "b"])", 3); },
       "run end is null"},
      {"more runs than values", [] { return RunEnds("[1, 3]", R"(["a"])", 3); },
       "only 1 values"},
      {"rows without runs", [] { return RunEnds("[]", "[]", 3); }, "no runs"},
  };
}

std::vector<Lie> LiesAboutValues() {
  const auto with_values = [](std::shared_ptr<arrow::DataType> type, int64_t value) {
    return [type, value] {
      const auto buffer = type->byte_width() == 4
                              ? BufferOf<int32_t>({static_cast<int32_t>(value)})
                              : BufferOf<int64_t>({value, 0, 0, 0});
      return ArrayData::Make(type, 1, {nullptr, buffer}, 0);
    };
  };
  using arrow::TimeUnit;
  return {
      {"time of 24:00:00", with_values(arrow::time32(TimeUnit::SECOND), 86'400), "day"},
      {"negative time", with_values(arrow::time32(TimeUnit::MILLI), -1), "day"},
      {"late microseconds", with_values(arrow::time64(TimeUnit::MICRO), 86'400'000'000),
       "day"},
      {"late nanoseconds",
       with_values(arrow::time64(TimeUnit::NANO), 86'400'000'000'000), "day"},
      {"date within a day", with_values(arrow::date64(), 1), "whole day"},
      {"decimal32 of too many digits", with_values(arrow::decimal32(3, 1), 1000),
       "digits"},
      {"decimal64 of too many digits", with_values(arrow::decimal64(3, 1), -1000),
       "digits"},
      {"decimal128 of too many digits", with_values(arrow::decimal128(3, 1), 1000),
       "digits"},
      {"decimal256 of too many digits", with_values(arrow::decimal256(3, 1), 1000),
       "digits"},
      {"null array that has values",
       [] {
         auto data = ArrayData::Make(arrow::null(), 2, {nullptr});
         data->null_count = 1;
         return data;
       },
       "null count"},
  };
}

TEST(Validated, RefusesBatchesWhoseContentsLie) {
  for (const auto& lies : {LiesAboutLayout(), LiesAboutText(), LiesAboutNesting(),
                           LiesAboutEncodings(), LiesAboutValues()}) {
    for (const Lie& lie : lies) {
      const Data data = lie.make();
      const auto batch = arrow::RecordBatch::Make(
          arrow::schema({arrow::field("c", data->type)}), data->length, {data});
      const arrow::Status checked = CheckBatch(*batch, Limits{});
      EXPECT_EQ(base::KindOf(checked), ErrorKind::kInvalidArgument) << lie.what;
      EXPECT_THAT(checked.message(), HasSubstr(lie.message)) << lie.what;
      EXPECT_FALSE(ThroughGate(batch).ok()) << lie.what;
    }
  }
}

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
    for (const auto& part : {array->Slice(1, 2), array->Slice(2, 1), array->Slice(0, 0)}) {
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
  auto data = ArrayData::Make(arrow::int64(), 4,
                              {nullptr, arrow::SliceBuffer(bytes, 1, 32)}, 0);
  ASSERT_FALSE(arrow::util::CheckAlignment(*data, 8));
  const auto batch = ThroughGate(OneColumn(data)).ValueOrDie();
  EXPECT_TRUE(arrow::util::CheckAlignment(*batch->column(0), 8));
  EXPECT_EQ(batch->column(0)->ToString(), arrow::MakeArray(data)->ToString());
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
  const auto no_columns = arrow::RecordBatch::Make(empty, int64_t{1} << 62,
                                                   std::vector<Data>{});
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
  const auto schema = arrow::schema(
      {arrow::field("a", arrow::int8()), arrow::field("b", arrow::int8())});
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
