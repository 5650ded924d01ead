// Batches whose contents lie, each made by hand: every one is refused.
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arrow/api.h"
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
             arrow::int8(), 9,
             {BufferOf<uint8_t>({0}), BufferOf<int8_t>({1, 2, 3, 4, 5, 6, 7, 8, 9})});
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
      {"offsets that fall late", [=] { return TextWithOffsets(falls_late, "abcd"); },
       "at value 700"},
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
           data =
               ArrayData::Make(type, 1, {nullptr, BufferOf<int32_t>({0, 1})}, {data}, 0);
         }
         return data;
       },
       "64 levels"},
  };
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
      {"late nanoseconds", with_values(arrow::time64(TimeUnit::NANO), 86'400'000'000'000),
       "day"},
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

}  // namespace
}  // namespace pintail::columnar
