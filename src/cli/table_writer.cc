#include "cli/table_writer.h"

#include <algorithm>
#include <numeric>

#include "cli/text_width.h"
#include "cli/value_text.h"

namespace pintail::cli {
namespace {

constexpr size_t kLeastWidth = 5;  // of a column that is cut

}  // namespace

TableWriter::TableWriter(std::shared_ptr<arrow::Schema> schema, const Terminal& terminal,
                         TableStyle style)
    : schema_(std::move(schema)), terminal_(terminal), style_(style) {
  for (const auto& field : schema_->fields()) {
    to_the_right_.push_back(IsNumber(*field->type()));
  }
}

TableWriter::~TableWriter() = default;

arrow::Status TableWriter::Write(const arrow::RecordBatch& batch) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    Row cells;
    for (const auto& column : batch.columns()) {
      cells.push_back(
          {.text = Printable(ValueText(*column, row)), .null = column->IsNull(row)});
    }
    ++rows_;
    if (!sampling_) {
      WriteRow(cells);
      continue;
    }
    sample_.push_back(std::move(cells));
    if (std::cmp_greater_equal(sample_.size(), style_.sampled_rows)) FlushSample();
  }
  return terminal_.out ? arrow::Status::OK()
                       : arrow::Status::IOError("cannot write the output");
}

arrow::Status TableWriter::Close() {
  if (sampling_) FlushSample();
  if (style_.row_count) {
    terminal_.out << terminal_.Dim("(" + std::to_string(rows_) +
                                   (rows_ == 1 ? " row)" : " rows)"))
                  << "\n";
  }
  terminal_.out.flush();
  return terminal_.out ? arrow::Status::OK()
                       : arrow::Status::IOError("cannot write the output");
}

void TableWriter::FlushSample() {
  sampling_ = false;
  FindLayout();
  if (!as_records_) WriteHeader();
  // WriteRecord numbers rows by the count so far.
  const int64_t total = std::exchange(rows_, 0);
  for (const Row& row : sample_) {
    ++rows_;
    WriteRow(row);
  }
  rows_ = total;
  sample_.clear();
}

void TableWriter::FindLayout() {
  for (const auto& field : schema_->fields()) {
    const size_t type = style_.types ? TypeText(*field->type()).size() : 0;
    widths_.push_back(std::max(TextWidth(Printable(field->name())), type));
  }
  for (const Row& row : sample_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths_[i] = std::max(widths_[i], TextWidth(row[i].text));
    }
  }
  if (terminal_.width > 0) ShrinkToTerminal();
}

// Takes from the widest columns first.
void TableWriter::ShrinkToTerminal() {
  const size_t frames = widths_.size() * 3 - 1;  // a space at both sides, bars between
  const auto available = static_cast<size_t>(terminal_.width);
  const auto total = [this] {
    return std::accumulate(widths_.begin(), widths_.end(), 0UZ);
  };
  if (total() + frames <= available) return;
  size_t least = 0;
  for (const size_t width : widths_) least += std::min(width, kLeastWidth);
  if (least + frames > available) {
    as_records_ = true;
    return;
  }
  while (total() + frames > available) --*std::ranges::max_element(widths_);
}

void TableWriter::WriteHeader() {
  std::string names;
  std::string types;
  std::string line;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    const size_t width = widths_[static_cast<size_t>(i)];
    const bool right = to_the_right_[static_cast<size_t>(i)];
    const char* bar = i > 0 ? "| " : " ";
    const std::string name = CutToWidth(Printable(schema_->field(i)->name()), width);
    names += bar + Pad(name, width, right) + " ";
    const std::string type = CutToWidth(TypeText(*schema_->field(i)->type()), width);
    types += bar + Pad(type, width, right) + " ";
    line += (i > 0 ? "+" : "") + std::string(width + 2, '-');
  }
  const auto put = [this](std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    terminal_.out << text << "\n";
  };
  put(terminal_.colours ? "\033[1m" + names + "\033[0m" : names);
  if (style_.types) put(terminal_.Dim(types));
  put(terminal_.Dim(line));
}

void TableWriter::WriteRow(const Row& row) {
  if (as_records_) return WriteRecord(row);
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string text =
        terminal_.width > 0 ? CutToWidth(row[i].text, widths_[i]) : row[i].text;
    const bool last = i + 1 == row.size();
    // No spaces at the end of a line.
    const std::string padded =
        last && !to_the_right_[i] ? text : Pad(text, widths_[i], to_the_right_[i]);
    line += (i > 0 ? " | " : " ") + (row[i].null ? terminal_.Dim(padded) : padded);
  }
  terminal_.out << line << "\n";
}

void TableWriter::WriteRecord(const Row& row) {
  size_t names = 0;
  for (const auto& field : schema_->fields()) {
    names = std::max(names, TextWidth(Printable(field->name())));
  }
  terminal_.out << terminal_.Dim("-- row " + std::to_string(rows_) + " --") << "\n";
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string name = Printable(schema_->field(static_cast<int>(i))->name());
    const auto width = static_cast<size_t>(terminal_.width);
    const size_t room = width > names + 3 + kLeastWidth ? width - names - 3 : kLeastWidth;
    const std::string text = CutToWidth(row[i].text, room);
    terminal_.out << Pad(name, names, false) << " | "
                  << (row[i].null ? terminal_.Dim(text) : text) << "\n";
  }
}

}  // namespace pintail::cli
