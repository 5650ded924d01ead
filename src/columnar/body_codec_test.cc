#include "columnar/body_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "arrow/io/memory.h"
#include "arrow/util/compression.h"
#include "base/error.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;
using testing::HasSubstr;

std::string Encoded(arrow::Compression::type type, const std::string& text) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  const int64_t size = static_cast<int64_t>(text.size());
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(size, data)), '\0');
  const int64_t written = codec
                              ->Compress(size, data, static_cast<int64_t>(out.size()),
                                         reinterpret_cast<uint8_t*>(out.data()))
                              .ValueOrDie();
  out.resize(static_cast<size_t>(written));
  return out;
}

arrow::Result<std::string> Decoded(std::string_view encoding, const std::string& body,
                                   const Limits& limits = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto input,
                        DecodeContent(encoding,
                                      std::make_shared<arrow::io::BufferReader>(
                                          arrow::Buffer::FromString(body)),
                                      limits));
  ARROW_ASSIGN_OR_RAISE(const auto buffer, input->Read(int64_t{1} << 40));
  return buffer->ToString();
}

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) text += "row " + std::to_string(text.size() * 2'654'435'761);
  return text;
}

TEST(BodyCodec, DecodesEveryEncodingWhateverItsCase) {
  const std::string text = Text(3 << 20);
  EXPECT_EQ(Decoded("", text).ValueOrDie(), text);
  EXPECT_EQ(Decoded("identity", text).ValueOrDie(), text);
  EXPECT_EQ(Decoded("gzip", Encoded(arrow::Compression::GZIP, text)).ValueOrDie(), text);
  EXPECT_EQ(Decoded("ZSTD", Encoded(arrow::Compression::ZSTD, text)).ValueOrDie(), text);
}

TEST(BodyCodec, DecodesConcatenatedMembers) {
  const std::string twice = Encoded(arrow::Compression::GZIP, "one ") +
                            Encoded(arrow::Compression::GZIP, "two");
  EXPECT_EQ(Decoded("gzip", twice).ValueOrDie(), "one two");
}

TEST(BodyCodec, RefusesAnUnknownEncoding) {
  const auto decoded = Decoded("br", "x");
  EXPECT_EQ(base::KindOf(decoded.status()), ErrorKind::kInvalidArgument);
  EXPECT_THAT(decoded.status().message(), HasSubstr("'br'"));
}

TEST(BodyCodec, RefusesBytesThatAreNotOfTheEncoding) {
  for (const char* encoding : {"gzip", "zstd"}) {
    const auto decoded = Decoded(encoding, "this is neither");
    EXPECT_EQ(base::KindOf(decoded.status()), ErrorKind::kInvalidArgument) << encoding;
  }
}

TEST(BodyCodec, RefusesATruncatedBody) {
  for (const auto& [encoding, type] : {std::pair("gzip", arrow::Compression::GZIP),
                                       std::pair("zstd", arrow::Compression::ZSTD)}) {
    std::string body = Encoded(type, Text(100'000));
    body.resize(body.size() / 2);
    const auto decoded = Decoded(encoding, body);
    EXPECT_EQ(base::KindOf(decoded.status()), ErrorKind::kInvalidArgument) << encoding;
  }
}

TEST(BodyCodec, StopsABombAtTheRatio) {
  const Limits limits{.max_compression_ratio = 200, .ratio_floor_bytes = 1 << 20};
  for (const auto& [encoding, type] : {std::pair("gzip", arrow::Compression::GZIP),
                                       std::pair("zstd", arrow::Compression::ZSTD)}) {
    const auto decoded =
        Decoded(encoding, Encoded(type, std::string(64 << 20, '\0')), limits);
    EXPECT_EQ(base::KindOf(decoded.status()), ErrorKind::kResourceExhausted) << encoding;
    EXPECT_THAT(decoded.status().message(), HasSubstr("limits.max_compression_ratio"));
  }
}

TEST(BodyCodec, StopsAtTheDecompressedLimit) {
  const Limits limits{.max_decompressed_bytes = 2 << 20};
  const auto decoded =
      Decoded("zstd", Encoded(arrow::Compression::ZSTD, Text(4 << 20)), limits);
  EXPECT_EQ(base::KindOf(decoded.status()), ErrorKind::kResourceExhausted);
  EXPECT_THAT(decoded.status().message(), HasSubstr("limits.max_decompressed"));
}

TEST(Base64, DecodesWhatTheStandardEncodes) {
  struct Row {
    std::string_view text;
    std::string_view bytes;
  };
  // The test vectors of RFC 4648, section 10.
  for (const Row& row :
       {Row{"", ""}, Row{"Zg==", "f"}, Row{"Zm8=", "fo"}, Row{"Zm9v", "foo"},
        Row{"Zm9vYg==", "foob"}, Row{"Zm9vYmE=", "fooba"}, Row{"Zm9vYmFy", "foobar"}}) {
    const auto buffer = DecodeBase64(row.text);
    ASSERT_TRUE(buffer.ok()) << buffer.status();
    EXPECT_EQ((*buffer)->ToString(), row.bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>((*buffer)->data()) % 64, 0u);
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Z===", "Zm9v!mFy", "Zm9v\nYmFy\n\n\n", "Zm9vYm-_", "Zm9v    ",
        "Zh==", "=Zm9", "Zg==Zg=="}) {
    const auto buffer = DecodeBase64(text);
    ASSERT_FALSE(buffer.ok()) << text;
    EXPECT_EQ(base::KindOf(buffer.status()), ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pintail::columnar
