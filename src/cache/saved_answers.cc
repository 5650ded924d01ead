#include "cache/saved_answers.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "arrow/array.h"
#include "arrow/builder.h"
#include "arrow/io/file.h"
#include "arrow/ipc/reader.h"
#include "arrow/ipc/writer.h"
#include "arrow/table_builder.h"
#include "arrow/util/key_value_metadata.h"
#include "base/error.h"
#include "base/whole_file.h"

namespace pintail::cache {
namespace {

constexpr const char* kStamp = "stamp";
// Each table has three texts: its catalog, its schema and its name.
constexpr size_t kParts = 3;

// One batch for each answer, so that only one at a time is in memory twice.
std::shared_ptr<arrow::Schema> Columns() {
  return arrow::schema(
      {arrow::field("key", arrow::binary()), arrow::field("query", arrow::binary()),
       arrow::field("tables", arrow::list(arrow::utf8())),
       arrow::field("answer", arrow::large_binary()),
       arrow::field("cost_ns", arrow::int64()), arrow::field("filled_us", arrow::int64()),
       arrow::field("ttl_ms", arrow::int64()),
       arrow::field("kept_for_ms", arrow::int64())});
}

int64_t Microseconds(base::Clock::Wall time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch())
      .count();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowOf(const Filling& filling) {
  ARROW_ASSIGN_OR_RAISE(auto row, arrow::RecordBatchBuilder::Make(
                                      Columns(), arrow::default_memory_pool(), 1));
  ARROW_ASSIGN_OR_RAISE(const auto answer, filling.answer->ToStream());
  ARROW_RETURN_NOT_OK(row->GetFieldAs<arrow::BinaryBuilder>(0)->Append(filling.key));
  ARROW_RETURN_NOT_OK(row->GetFieldAs<arrow::BinaryBuilder>(1)->Append(filling.query));
  auto* tables = row->GetFieldAs<arrow::ListBuilder>(2);
  auto& parts = static_cast<arrow::StringBuilder&>(*tables->value_builder());
  ARROW_RETURN_NOT_OK(tables->Append());
  for (const engine::TableName& table : filling.tables) {
    ARROW_RETURN_NOT_OK(parts.Append(table.catalog));
    ARROW_RETURN_NOT_OK(parts.Append(table.schema));
    ARROW_RETURN_NOT_OK(parts.Append(table.table));
  }
  ARROW_RETURN_NOT_OK(row->GetFieldAs<arrow::LargeBinaryBuilder>(3)->Append(
      answer->data(), answer->size()));
  const auto number = [&](int column, int64_t value) {
    return row->GetFieldAs<arrow::Int64Builder>(column)->Append(value);
  };
  ARROW_RETURN_NOT_OK(number(4, filling.cost.count()));
  ARROW_RETURN_NOT_OK(number(5, Microseconds(filling.filled_wall)));
  ARROW_RETURN_NOT_OK(number(6, filling.ttl.count()));
  ARROW_RETURN_NOT_OK(number(7, filling.kept_for.count()));
  return row->Flush();
}

template <typename Array>
auto ValueOf(const arrow::RecordBatch& row, int column) {
  return static_cast<const Array&>(*row.column(column)).GetView(0);
}

arrow::Result<Filling> FillingOf(const arrow::RecordBatch& row,
                                 const base::Clock& clock) {
  const auto number = [&](int column) { return ValueOf<arrow::Int64Array>(row, column); };
  const std::string_view answer = ValueOf<arrow::LargeBinaryArray>(row, 3);
  // A copy that is aligned as Arrow wants it; it is encoded anew, and freed.
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> stream,
                        arrow::AllocateBuffer(static_cast<int64_t>(answer.size())));
  if (!answer.empty()) {
    std::memcpy(stream->mutable_data(), answer.data(), answer.size());
  }
  Filling filling{.key = std::string(ValueOf<arrow::BinaryArray>(row, 0)),
                  .query = std::string(ValueOf<arrow::BinaryArray>(row, 1)),
                  .cost = std::chrono::nanoseconds(number(4)),
                  .filled_wall = base::Clock::Wall(std::chrono::microseconds(number(5))),
                  .ttl = Milliseconds(number(6)),
                  .kept_for = Milliseconds(number(7))};
  const auto slice = static_cast<const arrow::ListArray&>(*row.column(2)).value_slice(0);
  const auto& parts = static_cast<const arrow::StringArray&>(*slice);
  for (int64_t i = 0; i + static_cast<int64_t>(kParts) <= parts.length(); i += kParts) {
    filling.tables.push_back({.catalog = parts.GetString(i),
                              .schema = parts.GetString(i + 1),
                              .table = parts.GetString(i + 2)});
  }
  ARROW_ASSIGN_OR_RAISE(filling.answer, Answer::FromStream(std::move(stream)));
  filling.filled_at = clock.Now() - (clock.WallNow() - filling.filled_wall);
  return filling;
}

}  // namespace

arrow::Status SaveAnswers(const std::string& path, const std::string& stamp,
                          const std::vector<EntryPtr>& entries) {
  ARROW_ASSIGN_OR_RAISE(const auto file, base::WholeFile::Make(path));
  const auto schema =
      Columns()->WithMetadata(arrow::key_value_metadata({{kStamp, stamp}}));
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        arrow::ipc::MakeStreamWriter(file.get(), schema));
  for (const EntryPtr& entry : entries) {
    ARROW_ASSIGN_OR_RAISE(const auto row, RowOf(entry->filling()));
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*row));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  return file->Commit();
}

arrow::Result<std::vector<Filling>> TakeAnswers(const std::string& path,
                                                const std::string& stamp,
                                                const base::Clock& clock) {
  std::vector<Filling> fillings;
  const auto file = arrow::io::ReadableFile::Open(path);
  if (unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return fillings;
    return base::MakeError(base::ErrorKind::kUnavailable, "cannot remove ", path, ": ",
                           std::strerror(errno));
  }
  ARROW_RETURN_NOT_OK(file.status());
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        arrow::ipc::RecordBatchStreamReader::Open(*file));
  const auto metadata = reader->schema()->metadata();
  if (!reader->schema()->Equals(Columns()) || !metadata ||
      metadata->Get(kStamp).ValueOr("") != stamp) {
    return fillings;
  }
  const auto now = clock.WallNow();
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto row, reader->Next());
    if (!row) return fillings;
    ARROW_RETURN_NOT_OK(row->ValidateFull());
    if (row->num_rows() != 1) {
      return arrow::Status::Invalid("a batch of ", row->num_rows(), " rows");
    }
    ARROW_ASSIGN_OR_RAISE(auto filling, FillingOf(*row, clock));
    // Nobody knows the age of one that was made in the future.
    if (filling.filled_wall <= now) fillings.push_back(std::move(filling));
  }
}

}  // namespace pintail::cache
