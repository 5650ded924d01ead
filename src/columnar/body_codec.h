// Coded request bodies: HTTP content encodings and base64. The input is decoded as it is
// pulled, and never grows past the limits.
#pragma once

#include <memory>
#include <string_view>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "columnar/limits.h"

namespace pintail::columnar {

// Decodes a `Content-Encoding`: "identity", "gzip", "zstd" or "" (any case);
// InvalidArgument for another. Reading fails with ResourceExhausted when the decoded
// bytes pass the limits.
arrow::Result<std::shared_ptr<arrow::io::InputStream>> DecodeContent(
    std::string_view encoding, std::shared_ptr<arrow::io::InputStream> input,
    const Limits& limits);

// Strict base64 (standard alphabet, padding required as in RFC 4648 section 4; white
// space refused) into a 64-byte aligned buffer. InvalidArgument names the first bad
// position.
arrow::Result<std::shared_ptr<arrow::Buffer>> DecodeBase64(std::string_view text);

}  // namespace pintail::columnar
