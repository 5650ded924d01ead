// CSV: a header line, RFC 4180 quoting. Types are those of the table that it is read for,
// or inferred from the first block of rows.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/array/util.h"
#include "arrow/chunked_array.h"
#include "arrow/csv/chunker.h"
#include "arrow/csv/options.h"
#include "arrow/csv/reader.h"
#include "arrow/io/memory.h"
#include "arrow/table.h"
#include "columnar/array_layout.h"
#include "columnar/format_readers.h"
#include "columnar/line_blocks.h"
#include "columnar/target_column.h"

namespace pintail::columnar {
namespace {

arrow::csv::ParseOptions ParseOptionsOf(const BatchReaderOptions& options) {
  auto parse = arrow::csv::ParseOptions::Defaults();
  parse.delimiter = options.csv_delimiter;
  parse.newlines_in_values = true;
  return parse;
}

// An empty field is null, whatever its type; "" is an empty text, and a word like NA is
// just a word.
arrow::csv::ConvertOptions ConvertOptionsOf() {
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.null_values = {""};
  convert.strings_can_be_null = true;
  convert.quoted_strings_can_be_null = false;
  return convert;
}

LineBlocks::LastLineEnd LastRowEnd(const BatchReaderOptions& options) {
  std::shared_ptr<arrow::Chunker> chunker =
      arrow::csv::MakeChunker(ParseOptionsOf(options));
  return [chunker](const std::shared_ptr<arrow::Buffer>& text) -> arrow::Result<int64_t> {
    std::shared_ptr<arrow::Buffer> whole, partial;
    ARROW_RETURN_NOT_OK(chunker->Process(text, &whole, &partial));
    return whole->size();
  };
}

// The number that follows `word`; empty when the text has none.
std::optional<int64_t> NumberAfter(std::string_view text, std::string_view word) {
  const size_t at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + word.size());
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

// What Arrow says of a value, without where it is.
std::string Reason(const std::string& message) {
  constexpr std::string_view kInvalid = "invalid value '";
  const size_t begin = message.find(kInvalid);
  const size_t end = message.rfind('\'');
  if (begin == std::string::npos || end <= begin + kInvalid.size()) {
    return message.substr(message.rfind("Row #"));
  }
  return message.substr(begin + kInvalid.size() - 1,
                        end + 1 - begin - kInvalid.size() + 1) +
         " is no such value";
}

class CsvBatches final : public arrow::RecordBatchReader {
 public:
  static ReaderResult Open(std::shared_ptr<arrow::io::InputStream> input,
                           const BatchReaderOptions& options) {
    auto reader = std::make_shared<CsvBatches>(std::move(input), options);
    ARROW_RETURN_NOT_OK(reader->ReadFirstBlock());
    return reader;
  }

  CsvBatches(std::shared_ptr<arrow::io::InputStream> input,
             const BatchReaderOptions& options)
      : options_(options),
        parse_(ParseOptionsOf(options)),
        convert_(ConvertOptionsOf()),
        blocks_(std::move(input), LastRowEnd(options)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    *out = nullptr;
    while (true) {
      if (batches_ != nullptr) {
        ARROW_RETURN_NOT_OK(batches_->ReadNext(out));
        if (*out != nullptr) return arrow::Status::OK();
        batches_ = nullptr;
      }
      ARROW_ASSIGN_OR_RAISE(auto block, blocks_.Next());
      if (block == nullptr) return arrow::Status::OK();
      ARROW_ASSIGN_OR_RAISE(auto table, ReadBlock(std::move(block)));
      StartTable(std::move(table));
    }
  }

 private:
  arrow::Status ReadFirstBlock() {
    ARROW_ASSIGN_OR_RAISE(const auto block, blocks_.Next());
    if (block == nullptr) return Lie("the CSV text is empty; it needs a header line");
    ARROW_RETURN_NOT_OK(CheckHeader(*block));
    ARROW_ASSIGN_OR_RAISE(auto table, ReadBlock(block));
    names_ = table->schema()->field_names();
    const bool given = TakeGivenColumns(*table->schema());
    if (given && table->num_rows() > 0) {
      ARROW_ASSIGN_OR_RAISE(table, ReadBlock(block, /*header_rows=*/1));
    } else if (given) {
      ARROW_ASSIGN_OR_RAISE(table, NoRows(*table->schema()));
    }
    ARROW_ASSIGN_OR_RAISE(table, AsText(*table));
    arrow::FieldVector fields = table->schema()->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (const auto column = target_.Find(names_[i])) {
        fields[i] = CsvField(names_[i], *column);
      }
      convert_.column_types[names_[i]] = fields[i]->type();
    }
    schema_ = arrow::schema(std::move(fields));
    StartTable(std::move(table));
    return arrow::Status::OK();
  }

  // Names columns without a name, and takes the types of the target's columns. Whether
  // there were any, so that the block has to be read again.
  bool TakeGivenColumns(const arrow::Schema& inferred) {
    bool given = false;
    for (int i = 0; i < inferred.num_fields(); ++i) {
      std::string& name = names_[static_cast<size_t>(i)];
      if (name.empty()) {
        name = "column" + std::to_string(i);
        given = true;
      }
      const auto column = target_.Find(name);
      if (!column) continue;
      convert_.column_types[name] = CsvField(name, *column)->type();
      given = true;
    }
    return given;
  }

  // A header alone: the parser takes no text without rows after it.
  arrow::Result<std::shared_ptr<arrow::Table>> NoRows(
      const arrow::Schema& inferred) const {
    arrow::FieldVector fields;
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto given = convert_.column_types.find(names_[i]);
      fields.push_back(
          arrow::field(names_[i], given == convert_.column_types.end()
                                      ? inferred.field(static_cast<int>(i))->type()
                                      : given->second));
    }
    return arrow::Table::MakeEmpty(arrow::schema(std::move(fields)));
  }

  // Before a column is made for each of them.
  arrow::Status CheckHeader(const arrow::Buffer& block) const {
    const auto text = static_cast<std::string_view>(block);
    const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
    const int64_t columns = 1 + std::ranges::count(header, options_.csv_delimiter);
    if (columns <= options_.limits.max_columns) return arrow::Status::OK();
    return Lie("the CSV header has ", columns, " columns; the limit is ",
               options_.limits.max_columns);
  }

  // `header_rows` of the block are names, not values, when the names are known already.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadBlock(
      std::shared_ptr<arrow::Buffer> block, int32_t header_rows = 0) {
    auto read = arrow::csv::ReadOptions::Defaults();
    read.use_threads = false;
    read.column_names = names_;
    read.skip_rows_after_names = header_rows;
    read.block_size = static_cast<int32_t>(block->size() + 1);
    auto input = std::make_shared<arrow::io::BufferReader>(std::move(block));
    ARROW_ASSIGN_OR_RAISE(auto reader, arrow::csv::TableReader::Make(
                                           arrow::io::default_io_context(),
                                           std::move(input), read, parse_, convert_));
    auto table = reader->Read();
    if (table.ok()) return table;
    return Explain(table.status(), header_rows);
  }

  // Says which row it is, counted from 1 without the header, and what the column needs.
  arrow::Status Explain(const arrow::Status& status, int32_t header_rows) const {
    const std::string& message = status.message();
    const auto index = NumberAfter(message, "CSV column #");
    const auto row = NumberAfter(message, "Row #");
    if (index && row && static_cast<size_t>(*index) < names_.size()) {
      const std::string& name = names_[static_cast<size_t>(*index)];
      if (const auto column = target_.Find(name)) {
        return Lie("row ", rows_ + *row - header_rows, ", column \"", name,
                   "\" of the table, which is ", TypeNameOf(*column), ": ",
                   Reason(message));
      }
    }
    if (rows_ == 0) return status;
    return Lie("the CSV text after row ", rows_, " does not fit the columns and types ",
               "inferred from the first rows: ", message);
  }

  // A column that is empty as far as was seen becomes text, which can hold what follows.
  static arrow::Result<std::shared_ptr<arrow::Table>> AsText(const arrow::Table& table) {
    arrow::FieldVector fields = table.schema()->fields();
    arrow::ChunkedArrayVector columns = table.columns();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i]->type()->id() == arrow::Type::BINARY) {
        return Lie("column '", fields[i]->name(), "' holds text that is not UTF-8");
      }
      if (fields[i]->type()->id() != arrow::Type::NA) continue;
      fields[i] = fields[i]->WithType(arrow::utf8());
      ARROW_ASSIGN_OR_RAISE(auto nulls,
                            arrow::MakeArrayOfNull(arrow::utf8(), table.num_rows()));
      columns[i] = std::make_shared<arrow::ChunkedArray>(std::move(nulls));
    }
    return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns),
                              table.num_rows());
  }

  void StartTable(std::shared_ptr<arrow::Table> table) {
    rows_ += table->num_rows();
    table_ = arrow::Table::Make(schema_, table->columns(), table->num_rows());
    batches_ = std::make_unique<arrow::TableBatchReader>(*table_);
    batches_->set_chunksize(options_.batch_rows);
  }

  const BatchReaderOptions options_;
  const TargetColumns target_{options_.target.get()};
  const arrow::csv::ParseOptions parse_;
  arrow::csv::ConvertOptions convert_;
  LineBlocks blocks_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::string> names_;  // empty until the header was read
  int64_t rows_ = 0;
  std::shared_ptr<arrow::Table> table_;  // outlives batches_
  std::unique_ptr<arrow::TableBatchReader> batches_;
};

}  // namespace

ReaderResult OpenCsv(std::shared_ptr<arrow::io::InputStream> input,
                     const BatchReaderOptions& options) {
  return CsvBatches::Open(std::move(input), options);
}

}  // namespace pintail::columnar
