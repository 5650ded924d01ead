// Rows as an aligned table for people. Widths are found from the first rows, so that a
// result of any length is written in bounded memory; later values that are wider are cut
// on a terminal and stand out elsewhere.
//
//    city | degrees
//   ------+--------
//    Oslo |       4
//   (1 row)
//
// Used by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/status.h"
#include "cli/terminal.h"

namespace pintail::cli {

struct TableStyle {
  bool types = false;     // a line with the columns' types below their names
  bool row_count = true;  // "(3 rows)" at the end
  int64_t sampled_rows = 1'000;
};

class TableWriter {
 public:
  // `terminal` outlives the writer.
  TableWriter(std::shared_ptr<arrow::Schema> schema, const Terminal& terminal,
              TableStyle style);
  ~TableWriter();

  arrow::Status Write(const arrow::RecordBatch& batch);
  arrow::Status Close();

 private:
  struct Cell {
    std::string text;
    bool null = false;
  };
  using Row = std::vector<Cell>;

  void FindLayout();
  void ShrinkToTerminal();
  void WriteHeader();
  void WriteRow(const Row& row);
  void WriteRecord(const Row& row);  // one column a line
  void FlushSample();

  const std::shared_ptr<arrow::Schema> schema_;
  const Terminal& terminal_;
  const TableStyle style_;
  std::vector<Row> sample_;
  bool sampling_ = true;
  bool as_records_ = false;  // the columns do not fit beside each other
  std::vector<size_t> widths_;
  std::vector<bool> to_the_right_;
  int64_t rows_ = 0;
};

}  // namespace pintail::cli
