// CSV, JSON and NDJSON.
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/json_string.h"
#include "columnar/cell_text.h"
#include "columnar/format_writers.h"

namespace pintail::columnar {
namespace {

// Text is gathered to pieces of about this size before it is written.
constexpr size_t kPieceBytes = size_t{256} << 10;

class TextWriter : public BatchWriter {
 public:
  explicit TextWriter(arrow::io::OutputStream* output) : output_(output) {}

  arrow::Status Write(const arrow::RecordBatch& batch) final {
    ARROW_RETURN_NOT_OK(Begin());
    // Keeps alive what the cells refer to.
    const arrow::ArrayVector columns = batch.columns();
    std::vector<std::unique_ptr<CellText>> cells;
    for (const auto& column : columns) {
      ARROW_ASSIGN_OR_RAISE(auto cell, MakeCellText(*column));
      cells.push_back(std::move(cell));
    }
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      AppendRow(cells, row, &text_);
      if (text_.size() >= kPieceBytes) ARROW_RETURN_NOT_OK(Flush());
    }
    return Flush();
  }

  arrow::Status Close() final {
    ARROW_RETURN_NOT_OK(Begin());
    AppendEnd(&text_);
    return Flush();
  }

 protected:
  using Cells = std::vector<std::unique_ptr<CellText>>;
  virtual void AppendBegin(std::string* out) = 0;
  virtual void AppendRow(const Cells& cells, int64_t row, std::string* out) = 0;
  virtual void AppendEnd(std::string* out) = 0;

 private:
  arrow::Status Begin() {
    if (!begun_) AppendBegin(&text_);
    begun_ = true;
    return arrow::Status::OK();
  }

  arrow::Status Flush() {
    if (text_.empty()) return arrow::Status::OK();
    const arrow::Status status =
        output_->Write(text_.data(), static_cast<int64_t>(text_.size()));
    text_.clear();
    return status;
  }

  arrow::io::OutputStream* const output_;
  std::string text_;
  bool begun_ = false;
};

// Puts the part of `out` from `begin` on between quotes where RFC 4180 asks for it. An
// empty text is quoted too: without quotes it would be a null.
void QuoteFrom(size_t begin, std::string* out) {
  const std::string_view field = std::string_view(*out).substr(begin);
  if (!field.empty() && field.find_first_of(",\"\r\n") == std::string_view::npos) return;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  out->replace(begin, std::string::npos, quoted);
}

class CsvWriter final : public TextWriter {
 public:
  CsvWriter(const arrow::Schema& schema, arrow::io::OutputStream* output)
      : TextWriter(output), names_(schema.field_names()) {}

 private:
  void AppendBegin(std::string* out) override {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (i > 0) out->push_back(',');
      const size_t begin = out->size();
      out->append(names_[i]);
      QuoteFrom(begin, out);
    }
    out->push_back('\n');
  }

  void AppendRow(const Cells& cells, int64_t row, std::string* out) override {
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out->push_back(',');
      if (cells[i]->IsNull(row)) continue;
      const size_t begin = out->size();
      cells[i]->AppendText(row, out);
      QuoteFrom(begin, out);
    }
    out->push_back('\n');
  }

  void AppendEnd(std::string*) override {}

  const std::vector<std::string> names_;
};

// The names, with a number behind one that is there already ("a", "a:1", "a:2"): readers
// keep one of an object's equal keys.
std::vector<std::string> DistinctNames(const arrow::Schema& schema) {
  std::vector<std::string> names = schema.field_names();
  const std::unordered_set<std::string> given(names.begin(), names.end());
  std::unordered_set<std::string> used;
  std::unordered_map<std::string, size_t> numbers;
  for (std::string& name : names) {
    if (used.insert(name).second) continue;
    size_t& number = numbers[name];
    std::string numbered;
    do {
      numbered = name + ":" + std::to_string(++number);
    } while (given.contains(numbered) || !used.insert(numbered).second);
    name = std::move(numbered);
  }
  return names;
}

// Both JSON forms; they differ in what stands around and between the objects.
class JsonWriter final : public TextWriter {
 public:
  struct Frame {
    std::string_view begin;
    std::string_view before_first;
    std::string_view before_next;
    std::string_view after_each;
    std::string_view end;
  };

  JsonWriter(const arrow::Schema& schema, Frame frame, arrow::io::OutputStream* output)
      : TextWriter(output), frame_(frame) {
    for (const std::string& name : DistinctNames(schema)) {
      std::string key = keys_.empty() ? "{" : ",";
      base::AppendJsonString(name, &key);
      key.push_back(':');
      keys_.push_back(std::move(key));
    }
  }

 private:
  void AppendBegin(std::string* out) override { out->append(frame_.begin); }

  void AppendRow(const Cells& cells, int64_t row, std::string* out) override {
    out->append(any_ ? frame_.before_next : frame_.before_first);
    any_ = true;
    for (size_t i = 0; i < cells.size(); ++i) {
      out->append(keys_[i]);
      cells[i]->AppendJson(row, out);
    }
    out->append(cells.empty() ? "{}" : "}");
    out->append(frame_.after_each);
  }

  void AppendEnd(std::string* out) override { out->append(frame_.end); }

  const Frame frame_;
  std::vector<std::string> keys_;  // with what stands before each of them
  bool any_ = false;
};

}  // namespace

WriterResult MakeCsvWriter(const arrow::Schema& schema, arrow::io::OutputStream* output) {
  return std::make_unique<CsvWriter>(schema, output);
}

WriterResult MakeJsonWriter(const arrow::Schema& schema,
                            arrow::io::OutputStream* output) {
  return std::make_unique<JsonWriter>(
      schema, JsonWriter::Frame{.begin = "[", .before_next = ",\n", .end = "]"}, output);
}

WriterResult MakeNdjsonWriter(const arrow::Schema& schema,
                              arrow::io::OutputStream* output) {
  return std::make_unique<JsonWriter>(schema, JsonWriter::Frame{.after_each = "\n"},
                                      output);
}

}  // namespace pintail::columnar
