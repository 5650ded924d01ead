#include "cli/output.h"

#include "arrow/io/interfaces.h"
#include "arrow/type.h"
#include "base/error.h"
#include "cli/output_file.h"
#include "cli/plan_text.h"
#include "cli/table_writer.h"
#include "columnar/batch_writer.h"

namespace pintail::cli {
namespace {

// A std::ostream as Arrow's writers want it.
class StreamOutput final : public arrow::io::OutputStream {
 public:
  explicit StreamOutput(std::ostream& out) : out_(out) {}

  arrow::Status Close() override {
    closed_ = true;
    return Flush();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Write(const void* data, int64_t size) override {
    out_.write(static_cast<const char*>(data), size);
    position_ += size;
    return Check();
  }
  arrow::Status Flush() override {
    out_.flush();
    return Check();
  }

 private:
  arrow::Status Check() const {
    return out_ ? arrow::Status::OK() : arrow::Status::IOError("cannot write the output");
  }

  std::ostream& out_;
  int64_t position_ = 0;
  bool closed_ = false;
};

// Calls `write` with every batch.
template <typename Write>
arrow::Status ForEachBatch(arrow::RecordBatchReader& rows, Write write) {
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(rows.ReadNext(&batch));
    if (!batch) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(write(*batch));
  }
}

arrow::Status WriteTable(const Answer& answer, const OutputOptions& options,
                         const Terminal& terminal) {
  if (answer.rows->schema()->num_fields() == 0) {
    if (answer.rows_changed) {
      terminal.err << *answer.rows_changed
                   << (*answer.rows_changed == 1 ? " row changed" : " rows changed")
                   << "\n";
    } else {
      terminal.err << "OK\n";
    }
    return arrow::Status::OK();
  }
  if (IsPlan(*answer.rows->schema())) return WritePlan(*answer.rows, terminal);
  TableWriter writer(answer.rows->schema(), terminal, {.types = options.types});
  ARROW_RETURN_NOT_OK(ForEachBatch(
      *answer.rows, [&writer](const auto& batch) { return writer.Write(batch); }));
  return writer.Close();
}

arrow::Status WriteFormat(const Answer& answer, columnar::Format format,
                          arrow::io::OutputStream* output) {
  // What changes rows has none to show, whatever the format.
  if (answer.rows->schema()->num_fields() == 0) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        columnar::MakeBatchWriter(format, answer.rows->schema(), output));
  ARROW_RETURN_NOT_OK(ForEachBatch(
      *answer.rows, [&writer](const auto& batch) { return writer->Write(batch); }));
  ARROW_RETURN_NOT_OK(writer->Close());
  return output->Flush();
}

arrow::Status WriteStream(const Answer& answer, const OutputOptions& options,
                          const Terminal& terminal) {
  if (!options.format) return WriteTable(answer, options, terminal);
  StreamOutput output(terminal.out);
  ARROW_RETURN_NOT_OK(WriteFormat(answer, *options.format, &output));
  // So that what comes next on a terminal begins on a line of its own.
  if (*options.format == columnar::Format::kJson && output.Tell().ValueOrDie() > 0) {
    terminal.out << "\n";
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<OutputFormat> ParseOutputFormat(std::string_view name) {
  if (name == "table") return OutputFormat();
  ARROW_ASSIGN_OR_RAISE(const auto format, columnar::ParseFormat(name));
  return OutputFormat(format);
}

arrow::Status WriteAnswer(Answer answer, const OutputOptions& options,
                          const Terminal& terminal) {
  if (options.path.empty()) return WriteStream(answer, options, terminal);
  ARROW_ASSIGN_OR_RAISE(const auto file, OutputFile::Open(options.path));
  const arrow::Status written =
      WriteStream(answer, options, {.out = file->stream(), .err = terminal.err});
  // When it is the file that failed, Commit says how.
  return written.ok() || !file->stream() ? file->Commit() : written;
}

}  // namespace pintail::cli
