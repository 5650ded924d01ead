#include "cli/plan_text.h"

#include <sstream>
#include <string>

#include "arrow/type.h"
#include "cli/text_width.h"
#include "cli/value_text.h"

namespace pintail::cli {

bool IsPlan(const arrow::Schema& schema) {
  return schema.num_fields() == 2 && schema.field(0)->name() == "explain_key" &&
         schema.field(1)->name() == "explain_value";
}

arrow::Status WritePlan(arrow::RecordBatchReader& rows, const Terminal& terminal) {
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(rows.ReadNext(&batch));
    if (!batch) break;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      terminal.out << terminal.Dim(Printable(ValueText(*batch->column(0), row))) << "\n";
      std::istringstream lines(ValueText(*batch->column(1), row));
      std::string line;
      while (std::getline(lines, line)) terminal.out << Printable(line) << "\n";
    }
  }
  terminal.out.flush();
  return terminal.out ? arrow::Status::OK()
                      : arrow::Status::IOError("cannot write the output");
}

}  // namespace pintail::cli
