// `pintail ingest`: files into a table, streamed, in bounded memory.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "CLI/CLI.hpp"
#include "arrow/buffer.h"
#include "arrow/io/file.h"
#include "arrow/io/stdio.h"
#include "arrow/util/io_util.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/table_name.h"
#include "columnar/batch_reader.h"

namespace pintail::cli {
namespace {

using Clock = std::chrono::steady_clock;

// The file as it is read, counting its bytes. What it cannot seek, columnar spools.
class CountingInput final : public arrow::io::InputStream {
 public:
  explicit CountingInput(std::shared_ptr<arrow::io::InputStream> input)
      : input_(std::move(input)) {}
  arrow::Status Close() override { return input_->Close(); }
  bool closed() const override { return input_->closed(); }
  arrow::Result<int64_t> Tell() const override { return bytes_; }
  arrow::Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, input_->Read(size, out));
    bytes_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, input_->Read(size));
    bytes_ += buffer->size();
    return buffer;
  }
  int64_t bytes() const { return bytes_; }

 private:
  const std::shared_ptr<arrow::io::InputStream> input_;
  int64_t bytes_ = 0;
};

struct Source {
  std::string name;
  std::shared_ptr<arrow::RecordBatchReader> batches;
  std::shared_ptr<CountingInput> counted;  // null when the format is read by seeking
  std::optional<int64_t> all_bytes;
};

// Hands the batches on and shows how far it is.
class WatchedReader final : public arrow::RecordBatchReader {
 public:
  WatchedReader(Source source, Progress* progress)
      : source_(std::move(source)), progress_(progress) {}
  std::shared_ptr<arrow::Schema> schema() const override {
    return source_.batches->schema();
  }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(source_.batches->ReadNext(batch));
    if (*batch) rows_ += (*batch)->num_rows();
    progress_->Update(source_.name,
                      {.rows = rows_,
                       .bytes = source_.counted ? source_.counted->bytes() : 0,
                       .all_bytes = source_.counted ? source_.all_bytes : std::nullopt,
                       .elapsed = Clock::now() - begin_});
    return arrow::Status::OK();
  }

 private:
  const Source source_;
  Progress* const progress_;
  const Clock::time_point begin_ = Clock::now();
  int64_t rows_ = 0;
};

class IngestCommand final : public Command {
 public:
  std::string_view name() const override { return "ingest"; }
  std::string_view summary() const override { return "Load files into a table"; }
  std::string_view examples() const override {
    return "  pintail ingest trips.parquet --table trips\n"
           "  pintail ingest 2024-*.csv --table web.clicks --mode replace\n"
           "  cat events.ndjson | pintail ingest - --format ndjson --table events";
  }

  void Declare(CLI::App& parser) override {
    parser
        .add_option("files", files_,
                    "Parquet, Arrow IPC, CSV or NDJSON files; - is standard input")
        ->required()
        ->type_name("FILE");
    parser
        .add_option("-t,--table", table_, "table, schema.table or catalog.schema.table")
        ->required()
        ->type_name("TABLE");
    parser
        .add_option("--mode", mode_,
                    "create-or-append, append (the table must be there), create (it must "
                    "not), or replace")
        ->transform(CLI::Validator(
            [](std::string& mode) {
              // As REST and ADBC spell them.
              std::ranges::replace(mode, '_', '-');
              if (mode == "create-append") mode = "create-or-append";
              return std::string();
            },
            ""))
        ->check(CLI::IsMember({"create-or-append", "append", "create", "replace"}))
        ->capture_default_str();
    parser
        .add_option("--schema-policy", schema_policy_,
                    "What happens to columns that the table has otherwise: strict, "
                    "add_columns or coerce [the server's]")
        ->check(CLI::IsMember({"strict", "add_columns", "coerce"}));
    parser.add_option("--format", format_,
                      "{arrow,arrow-file,parquet,csv,ndjson} [as the file's name ends]");
    parser.add_option("--delimiter", delimiter_,
                      "Character between the fields of a CSV; \\t or tab for tabs [a "
                      "comma, or a tab for .tsv]");
    DeclareUrl(parser, &url_);
  }

  arrow::Status Run(const Terminal& terminal) override {
    auto target = ParseTableName(table_);
    if (!target.ok()) return UsageError(target.status().message());
    if (delimiter_.size() > 1 && delimiter_ != "\\t" && delimiter_ != "tab") {
      return UsageError("--delimiter must be one character, \\t or tab");
    }
    // A mistake in any name shows before any file is sent.
    for (const std::string& file : files_) ARROW_RETURN_NOT_OK(FormatOf(file).status());
    ARROW_ASSIGN_OR_RAISE(const auto client, Client::Connect(url_));
    target->mode = Mode();
    target->schema_policy = schema_policy_;
    const auto begin = Clock::now();
    int64_t rows = 0;
    for (const std::string& file : files_) {
      auto taken = IngestFile(file, *target, *client, terminal);
      if (!taken.ok()) return Explain(taken.status(), file, rows);
      rows += *taken;
      // The others go into the table that the first one made.
      if (target->mode != IngestMode::kCreateOrAppend) target->mode = IngestMode::kAppend;
    }
    const ProgressFigures figures{.rows = rows, .elapsed = Clock::now() - begin};
    terminal.err << "ingested into " << table_ << ": " << ProgressText(figures) << "\n";
    return arrow::Status::OK();
  }

 private:
  IngestMode Mode() const {
    if (mode_ == "append") return IngestMode::kAppend;
    if (mode_ == "create") return IngestMode::kCreate;
    if (mode_ == "replace") return IngestMode::kReplace;
    return IngestMode::kCreateOrAppend;
  }

  static std::string NameOf(const std::string& file) {
    return file == "-" ? "standard input" : file;
  }

  static bool IsTsv(const std::string& file) {
    return base::LowerCase(file).ends_with(".tsv");
  }

  // The character between a file's fields: as it was given, else as the name says.
  char DelimiterOf(const std::string& file) const {
    if (delimiter_.empty()) return IsTsv(file) ? '\t' : ',';
    return delimiter_ == "\\t" || delimiter_ == "tab" ? '\t' : delimiter_.front();
  }

  arrow::Result<columnar::Format> FormatOf(const std::string& file) const {
    if (!format_.empty()) {
      const auto format = columnar::ParseFormat(format_);
      if (format.ok() && *format != columnar::Format::kJson) return *format;
      return UsageError("--format " + format_ +
                        " is not arrow, arrow-file, parquet, csv or ndjson");
    }
    if (IsTsv(file)) return columnar::Format::kCsv;
    const auto format = columnar::FormatOfPath(file);
    if (format && *format != columnar::Format::kJson) return *format;
    return UsageError(
        "the name " + file +
        " does not tell the format; say it with --format arrow, arrow-file, "
        "parquet, csv or ndjson");
  }

  arrow::Result<Source> Open(const std::string& file, const IngestTarget& target,
                             Client& client) const {
    ARROW_ASSIGN_OR_RAISE(const auto format, FormatOf(file));
    columnar::BatchReaderOptions options{.csv_delimiter = DelimiterOf(file)};
    // The user's own files: however well they compress is fine.
    options.limits.max_compression_ratio = std::numeric_limits<int32_t>::max();
    Source source{.name = NameOf(file)};
    const bool seeks =
        format == columnar::Format::kParquet || format == columnar::Format::kArrowFile;
    std::shared_ptr<arrow::io::InputStream> input;
    if (file == "-") {
      input = std::make_shared<arrow::io::StdinStream>();
    } else {
      auto opened = arrow::io::ReadableFile::Open(file);
      if (!opened.ok()) {
        const int reason = arrow::internal::ErrnoFromStatus(opened.status());
        return base::MakeError(
            base::ErrorKind::kNotFound, "cannot be read: ",
            reason != 0 ? std::strerror(reason) : opened.status().message());
      }
      ARROW_ASSIGN_OR_RAISE(source.all_bytes, (*opened)->GetSize());
      input = *opened;
    }
    if (file == "-" || !seeks) {
      source.counted = std::make_shared<CountingInput>(std::move(input));
      input = source.counted;
    }
    // Text has no types of its own, so it is read as those of the table.
    if (format == columnar::Format::kCsv || format == columnar::Format::kNdjson) {
      ARROW_ASSIGN_OR_RAISE(options.target, client.Columns(target));
    }
    ARROW_ASSIGN_OR_RAISE(source.batches,
                          columnar::OpenBatchReader(format, std::move(input), options));
    return source;
  }

  arrow::Result<int64_t> IngestFile(const std::string& file, const IngestTarget& target,
                                    Client& client, const Terminal& terminal) const {
    ARROW_ASSIGN_OR_RAISE(Source source, Open(file, target, client));
    Progress progress(terminal);
    return client.Ingest(target,
                         std::make_shared<WatchedReader>(std::move(source), &progress));
  }

  static arrow::Status Explain(const arrow::Status& status, const std::string& file,
                               int64_t rows) {
    if (IsUsageError(status)) return status;
    const std::string before = rows == 0 ? ""
                                         : " (the files before it, " +
                                               ProgressText({.rows = rows}) + ", are in)";
    return base::WithContext(status.WithMessage(PlainMessage(status)),
                             NameOf(file) + before);
  }

  std::vector<std::string> files_;
  std::string table_;
  std::string mode_ = "create-or-append";
  std::string schema_policy_;
  std::string format_;
  std::string delimiter_;  // empty: as the file's name says
  std::string url_;
};

}  // namespace

std::unique_ptr<Command> MakeIngestCommand() { return std::make_unique<IngestCommand>(); }

}  // namespace pintail::cli
