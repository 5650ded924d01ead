#include "backend/adbc/plain_columns.h"

#include "arrow/array.h"
#include "arrow/extension/json.h"
#include "arrow/extension/opaque.h"
#include "arrow/extension/uuid.h"
#include "arrow/json/from_string.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using arrow::extension::opaque;

std::shared_ptr<arrow::Field> Numeric(const std::string& typmod) {
  return arrow::field("n", opaque(arrow::utf8(), "numeric", "PostgreSQL"),
                      arrow::key_value_metadata({"POSTGRESQL:type", "POSTGRESQL:typmod"},
                                                {"numeric", typmod}));
}

std::string TypeMod(int precision, int scale) {
  return std::to_string(((precision << 16) | (scale & 0x7ff)) + 4);
}

TEST(PlainColumns, MakeAnExactDecimalOfANumericThatHasASize) {
  const std::tuple<std::string, std::shared_ptr<arrow::DataType>> rows[] = {
      {"655366", arrow::decimal128(10, 2)},  // as PostgreSQL sends it
      {TypeMod(38, 10), arrow::decimal128(38, 10)},
      {TypeMod(3, -2), arrow::decimal128(5, 0)},
      {TypeMod(2, 5), arrow::decimal128(5, 5)},
      {TypeMod(39, 0), arrow::utf8()},
      {TypeMod(38, -1), arrow::utf8()},
      {"-1", arrow::utf8()},
      {"", arrow::utf8()},
  };
  for (const auto& [typmod, type] : rows) {
    const auto plain = PlainField(*Numeric(typmod));
    EXPECT_TRUE(plain->type()->Equals(*type)) << typmod << " " << plain->ToString();
    EXPECT_FALSE(plain->HasMetadata());
  }
}

TEST(PlainColumns, AreStoredValuesButForTheTypesThatAreKnown) {
  const std::pair<std::shared_ptr<arrow::DataType>, std::shared_ptr<arrow::DataType>>
      rows[] = {
          {opaque(arrow::binary(), "inet", "PostgreSQL"), arrow::binary()},
          {arrow::list(opaque(arrow::utf8(), "numeric", "PostgreSQL")),
           arrow::list(arrow::utf8())},
          {opaque(arrow::binary(), "bit", "DuckDB"),
           opaque(arrow::binary(), "bit", "DuckDB")},
          {arrow::extension::uuid(), arrow::extension::uuid()},
          {arrow::extension::json(), arrow::extension::json()},
          {arrow::int16(), arrow::int16()},
      };
  for (const auto& [arriving, plain] : rows) {
    EXPECT_TRUE(PlainField(*arrow::field("c", arriving))->type()->Equals(*plain))
        << arriving->ToString();
  }
}

TEST(PlainColumns, AreCastExactlyOrRefusedByName) {
  const auto text =
      *arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["1.50", null, "-2"])");
  const auto cast = *ExactCast(text, arrow::decimal128(10, 2), "n");
  EXPECT_TRUE(cast->Equals(*arrow::json::ArrayFromJSONString(arrow::decimal128(10, 2),
                                                             R"(["1.50", null, "-2.00"])")
                                .ValueOrDie()));
  const std::pair<std::string, std::shared_ptr<arrow::DataType>> refused[] = {
      {R"(["1.505"])", arrow::decimal128(10, 2)},
      {R"(["123456789.00"])", arrow::decimal128(10, 2)},
      {R"(["NaN"])", arrow::decimal128(10, 2)},
      {R"(["many"])", arrow::int64()},
  };
  for (const auto& [json, type] : refused) {
    const arrow::Status status =
        ExactCast(*arrow::json::ArrayFromJSONString(arrow::utf8(), json), type, "n")
            .status();
    ASSERT_FALSE(status.ok()) << json;
    EXPECT_EQ(base::KindOf(status), base::ErrorKind::kInvalidArgument);
    EXPECT_TRUE(status.message().starts_with("column 'n' cannot be read as")) << status;
  }
}

}  // namespace
}  // namespace pintail::backend
