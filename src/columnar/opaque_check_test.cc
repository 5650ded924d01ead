#include "columnar/opaque_check.h"

#include <memory>
#include <string>

#include "arrow/api.h"
#include "arrow/extension/opaque.h"
#include "base/error.h"
#include "columnar/batch_reader.h"
#include "columnar/testing/sample_batches.h"
#include "gtest/gtest.h"

namespace pintail::columnar {
namespace {

using testing::BufferOf;

std::shared_ptr<arrow::Array> Binary(const std::string& value) {
  arrow::BinaryBuilder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

std::string Eight(uint64_t bits) {
  return std::string(reinterpret_cast<const char*>(&bits), sizeof(bits));
}

std::shared_ptr<arrow::Array> FixedEight(uint64_t bits) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(8));
  EXPECT_TRUE(builder.Append(Eight(bits)).ok());
  return builder.Finish().ValueOrDie();
}

// The three ways in which the extension may be told.
bool Accepted(const std::string& type_name,
              const std::shared_ptr<arrow::Array>& storage) {
  const auto type = arrow::extension::opaque(storage->type(), type_name, "DuckDB");
  const bool by_type =
      CheckBatch(*testing::OneColumn(arrow::ExtensionType::WrapArray(type, storage)), {})
          .ok();
  const auto metadata = arrow::key_value_metadata(
      {std::string(kExtensionName), std::string(kExtensionMetadata)},
      {"arrow.opaque", static_cast<const arrow::ExtensionType&>(*type).Serialize()});
  const auto field = arrow::field("x", storage->type())->WithMetadata(metadata);
  const auto column =
      arrow::RecordBatch::Make(arrow::schema({field}), storage->length(), {storage});
  const auto nested = arrow::StructArray::Make({storage}, {field}).ValueOrDie();
  const bool by_metadata = CheckBatch(*column, {}).ok();
  const bool by_nested_metadata = CheckBatch(*testing::OneColumn(nested), {}).ok();
  EXPECT_EQ(by_type, by_metadata);
  EXPECT_EQ(by_type, by_nested_metadata);
  return by_type;
}

TEST(CheckOpaque, ChecksTheDatabasesOwnTypes) {
  constexpr uint64_t kDayMicros = 86'400'000'000;
  constexpr uint64_t kMaxOffset = 2 * (16 * 60 * 60 - 1);
  const struct {
    std::string type_name;
    std::shared_ptr<arrow::Array> storage;
    bool good;
  } kCases[] = {
      {"bit", Binary(std::string("\x00\xFF", 2)), true},
      {"bit", Binary("\x03\xE1"), true},
      {"bit", Binary(""), false},
      {"bit", Binary("\x03"), false},
      {"bit", Binary("\x08\xFF"), false},
      {"bit", Binary("\xFF\xFF"), false},
      {"bit", Binary("\x03\x01"), false},
      {"bignum", Binary(std::string("\x80\x00\x01\x00", 4)), true},
      {"bignum", Binary(std::string("\x80\x00\x02\x01\x00", 5)), true},
      {"bignum", Binary("\x7F\xFF\xFE\xFE"), true},
      {"bignum", Binary(""), false},
      {"bignum", Binary(std::string("\x80\x00\x01", 3)), false},
      {"bignum", Binary(std::string("\x80\x00\x09\x01", 4)), false},
      {"bignum", Binary(std::string("\x80\x00\x02\x00\x01", 5)), false},
      {"bignum", Binary("\x7F\xFF\xFE\xFF"), false},
      {"time_tz", FixedEight(kDayMicros << 24 | kMaxOffset), true},
      {"time_tz", FixedEight((kDayMicros + 1) << 24), false},
      {"time_tz", FixedEight(kMaxOffset + 1), false},
      {"hugeint", Binary("anything"), true},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Accepted(c.type_name, c.storage), c.good)
        << c.type_name << " " << c.storage->ToString();
  }
}

TEST(CheckOpaque, LeavesOtherVendorsAlone) {
  const auto storage = Binary("");
  const auto type = arrow::extension::opaque(storage->type(), "bit", "Someone");
  EXPECT_TRUE(
      CheckBatch(*testing::OneColumn(arrow::ExtensionType::WrapArray(type, storage)), {})
          .ok());
}

TEST(CheckOpaque, RefusesMetadataThatHidesItsWords) {
  const auto storage = Binary("");
  const auto status =
      CheckOpaque("arrow.opaque", R"({"type_name":"b\u0069t","vendor_name":"DuckDB"})",
                  *storage->data(), *storage->type());
  EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace pintail::columnar
