#include "columnar/body_codec.h"

#include <simdutf.h>

#include <algorithm>
#include <string>
#include <utility>

#include "arrow/buffer_builder.h"
#include "arrow/io/compressed.h"
#include "arrow/util/compression.h"
#include "base/error.h"
#include "base/lower_case.h"

namespace pintail::columnar {
namespace {

using base::ErrorKind;

// Counts what is pulled through it, so that growth can be told.
class CountedInput : public arrow::io::InputStream {
 public:
  explicit CountedInput(std::shared_ptr<arrow::io::InputStream> input)
      : input_(std::move(input)) {}

  arrow::Status Close() override { return input_->Close(); }
  bool closed() const override { return input_->closed(); }
  arrow::Result<int64_t> Tell() const override { return count_; }
  arrow::Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, input_->Read(size, out));
    count_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, input_->Read(size));
    count_ += buffer->size();
    return buffer;
  }

 private:
  const std::shared_ptr<arrow::io::InputStream> input_;
  int64_t count_ = 0;
};

// The decoded side: fails once it has given more than the limits allow. It reads in
// steps, so that neither a bomb nor a length that some decoder believes makes it allocate
// ahead of what has come.
class BoundedDecoder : public arrow::io::InputStream {
 public:
  BoundedDecoder(std::string encoding, std::shared_ptr<CountedInput> coded,
                 std::shared_ptr<arrow::io::InputStream> decoded, const Limits& limits)
      : encoding_(std::move(encoding)),
        coded_(std::move(coded)),
        decoded_(std::move(decoded)),
        limits_(limits) {}

  arrow::Status Close() override { return decoded_->Close(); }
  bool closed() const override { return decoded_->closed(); }
  arrow::Result<int64_t> Tell() const override { return given_; }

  arrow::Result<int64_t> Read(int64_t size, void* out) override {
    int64_t total = 0;
    while (total < size) {
      ARROW_ASSIGN_OR_RAISE(const int64_t read, Step(std::min(kStep, size - total),
                                                     static_cast<uint8_t*>(out) + total));
      if (read == 0) break;
      total += read;
    }
    return total;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    arrow::BufferBuilder builder;
    while (builder.length() < size) {
      const int64_t step = std::min(kStep, size - builder.length());
      ARROW_RETURN_NOT_OK(builder.Reserve(step));
      ARROW_ASSIGN_OR_RAISE(const int64_t read,
                            Step(step, builder.mutable_data() + builder.length()));
      if (read == 0) break;
      builder.UnsafeAdvance(read);
    }
    return builder.Finish();
  }

 private:
  static constexpr int64_t kStep = int64_t{1} << 20;

  arrow::Result<int64_t> Step(int64_t size, uint8_t* out) {
    auto read = decoded_->Read(size, out);
    if (!read.ok()) return Unreadable(read.status());
    given_ += *read;
    ARROW_RETURN_NOT_OK(CheckGrowth());
    return *read;
  }

  // A failure of the connection keeps its kind; one of the decoder is the sender's doing.
  arrow::Status Unreadable(const arrow::Status& status) const {
    if (status.detail()) return status;
    return base::MakeError(ErrorKind::kInvalidArgument, "the body is not valid ",
                           encoding_, " (after ", given_,
                           " decoded bytes): ", status.message());
  }

  arrow::Status CheckGrowth() const {
    if (given_ > limits_.max_decompressed_bytes) {
      return base::MakeError(
          ErrorKind::kResourceExhausted, "the body decodes to more than ",
          limits_.max_decompressed_bytes,
          " bytes; send less at a time or raise limits.max_decompressed");
    }
    ARROW_ASSIGN_OR_RAISE(const int64_t sent, coded_->Tell());
    if (given_ > limits_.ratio_floor_bytes &&
        given_ / limits_.max_compression_ratio > sent) {
      return base::MakeError(ErrorKind::kResourceExhausted, "the body grew from ", sent,
                             " to ", given_, " bytes, more than ",
                             limits_.max_compression_ratio,
                             " times; send it less compressed or raise "
                             "limits.max_compression_ratio");
    }
    return arrow::Status::OK();
  }

  const std::string encoding_;
  const std::shared_ptr<CountedInput> coded_;
  const std::shared_ptr<arrow::io::InputStream> decoded_;
  const Limits limits_;
  int64_t given_ = 0;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::InputStream>> DecodeContent(
    std::string_view encoding, std::shared_ptr<arrow::io::InputStream> input,
    const Limits& limits) {
  const std::string name = base::LowerCase(encoding);
  if (name.empty() || name == "identity") return input;
  if (name != "gzip" && name != "zstd") {
    return base::MakeError(ErrorKind::kInvalidArgument, "Content-Encoding '", encoding,
                           "' is not known; use gzip, zstd or none");
  }
  ARROW_ASSIGN_OR_RAISE(const auto type, arrow::util::Codec::GetCompressionType(name));
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(type));
  auto coded = std::make_shared<CountedInput>(std::move(input));
  // The stream keeps using the codec, so both live in one allocation.
  struct Decoder {
    std::unique_ptr<arrow::util::Codec> codec;
    std::shared_ptr<arrow::io::CompressedInputStream> stream;
  };
  auto decoder = std::make_shared<Decoder>();
  decoder->codec = std::move(codec);
  ARROW_ASSIGN_OR_RAISE(decoder->stream, arrow::io::CompressedInputStream::Make(
                                             decoder->codec.get(), coded));
  std::shared_ptr<arrow::io::InputStream> decoded(decoder, decoder->stream.get());
  return std::make_shared<BoundedDecoder>(name, std::move(coded), std::move(decoded),
                                          limits);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return base::MakeError(ErrorKind::kInvalidArgument, "the base64 text has ",
                           text.size(),
                           " characters, which is no multiple of 4; it is cut "
                           "off or lacks its padding");
  }
  const size_t padding =
      text.ends_with("==") ? 2 : static_cast<size_t>(text.ends_with('='));
  const size_t size = text.size() / 4 * 3 - padding;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(static_cast<int64_t>(size)));
  size_t written = size;
  const simdutf::result result = simdutf::base64_to_binary_safe(
      text.data(), text.size(), reinterpret_cast<char*>(buffer->mutable_data()), written,
      simdutf::base64_default, simdutf::strict);
  size_t bad = result.count;
  if (result.error == simdutf::SUCCESS) {
    if (written == size) return buffer;
    // The decoder passes over white space; we do not.
    bad = std::min(text.find_first_of(" \t\n\f\r"), text.size());
  }
  return base::MakeError(
      ErrorKind::kInvalidArgument, "the base64 text is wrong at character ", bad, " of ",
      text.size(), "; use the standard alphabet with padding and no line breaks");
}

}  // namespace pintail::columnar
