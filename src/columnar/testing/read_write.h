// Whole bodies through the readers and writers, for tests.
#pragma once

#include <memory>
#include <string>

#include "arrow/io/interfaces.h"
#include "arrow/table.h"
#include "columnar/batch_reader.h"
#include "columnar/format.h"

namespace pintail::columnar::testing {

// A body as it comes from a connection: it cannot seek, and comes in pieces.
std::shared_ptr<arrow::io::InputStream> BodyOf(std::string text);

// All rows of an input, validated.
arrow::Result<std::shared_ptr<arrow::Table>> ReadAll(
    Format format, std::shared_ptr<arrow::io::InputStream> input,
    const BatchReaderOptions& options = {});
arrow::Result<std::shared_ptr<arrow::Table>> ReadAll(
    Format format, const std::string& text, const BatchReaderOptions& options = {});

// The table in the format; fails the test when it cannot be written.
std::string Written(Format format, const arrow::Table& table);

}  // namespace pintail::columnar::testing
