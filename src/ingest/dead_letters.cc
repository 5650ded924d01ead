#include "ingest/dead_letters.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/builder_time.h"
#include "arrow/io/memory.h"
#include "arrow/scalar.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "catalog/text_rows.h"
#include "columnar/batch_writer.h"
#include "engine/connection.h"
#include "engine/names.h"
#include "engine/system_function.h"
#include "engine/tails.h"

namespace pintail::ingest {
namespace {

using std::chrono::microseconds;

// Of a row's text; what is beyond is in the source's own log at best.
constexpr size_t kMostText = 64 << 10;

std::shared_ptr<arrow::Schema> Columns() {
  return arrow::schema(
      {arrow::field("table_name", arrow::utf8()), arrow::field("target", arrow::utf8()),
       arrow::field("position", arrow::int64()), arrow::field("row", arrow::int64()),
       arrow::field("time", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("reason", arrow::utf8()), arrow::field("data", arrow::utf8())});
}

std::string NameOf(const engine::TableName& table) {
  return engine::QuoteName({.schema = table.schema, .table = table.table});
}

engine::TableName StoredIn(const engine::Database& database) {
  auto& tails = const_cast<engine::Database&>(database).tails();
  return {
      .catalog = tails.database(), .schema = "pintail_journal", .table = "dead_letters"};
}

std::string CutTo(std::string text, size_t most) {
  if (text.size() <= most) return text;
  // Not in the middle of a character.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  text.resize(most);
  return text;
}

// The one row as a JSON object.
arrow::Result<std::string> TextOf(const arrow::RecordBatch& row) {
  ARROW_ASSIGN_OR_RAISE(auto output, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(
      auto writer,
      columnar::MakeBatchWriter(columnar::Format::kNdjson, row.schema(), output.get()));
  ARROW_RETURN_NOT_OK(writer->Write(row));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto bytes, output->Finish());
  std::string text = bytes->ToString();
  while (text.ends_with('\n')) text.pop_back();
  return CutTo(std::move(text), kMostText);
}

// A table's name as people write it, in lower case.
std::string WithoutQuotes(std::string name) {
  std::erase(name, '"');
  return base::LowerCase(name);
}

int64_t Microseconds(base::Clock::Wall time) {
  return std::chrono::floor<microseconds>(time.time_since_epoch()).count();
}

}  // namespace

arrow::Result<std::shared_ptr<DeadLetters>> DeadLetters::Open(engine::Database& database,
                                                              const base::Clock& clock,
                                                              size_t most) {
  std::shared_ptr<DeadLetters> letters(new DeadLetters(database, clock, most));
  ARROW_RETURN_NOT_OK(letters->Load());
  // Weak: the view lives as long as the database, and nobody may keep that.
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "dead_letters", Columns(),
      [weak = std::weak_ptr(
           letters)]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        const auto held = weak.lock();
        return held ? held->Rows() : arrow::RecordBatch::MakeEmpty(Columns());
      }));
  ARROW_RETURN_NOT_OK(letters->AddFunction(letters));
  return letters;
}

arrow::Status DeadLetters::AddFunction(const std::shared_ptr<DeadLetters>& self) {
  const auto columns = arrow::schema({arrow::field("cleared", arrow::int64())});
  const auto call = [columns,
                     weak = std::weak_ptr(self)](const engine::SystemFunctionCall& given)
      -> arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> {
    const auto held = weak.lock();
    if (!held) {
      return base::MakeError(base::ErrorKind::kUnavailable, "the server is being ended");
    }
    const arrow::Scalar& table = *given.arguments[0];
    std::optional<uint64_t> up_to;
    if (const auto& position = given.options[0]; position && position->is_valid) {
      const int64_t number = static_cast<const arrow::Int64Scalar&>(*position).value;
      up_to = static_cast<uint64_t>(std::max<int64_t>(number, 0));
    }
    ARROW_ASSIGN_OR_RAISE(
        const int64_t cleared,
        held->Clear(table.is_valid ? table.ToString() : std::string(), up_to));
    arrow::Int64Builder count;
    ARROW_RETURN_NOT_OK(count.Append(cleared));
    ARROW_ASSIGN_OR_RAISE(auto column, count.Finish());
    return arrow::RecordBatchReader::Make(
        {arrow::RecordBatch::Make(columns, 1, {std::move(column)})}, columns);
  };
  return database_.AddSystemFunction(
      "dead_letters_clear", {.arguments = {arrow::field("table_name", arrow::utf8())},
                             .options = {arrow::field("up_to", arrow::int64())},
                             .schema = columns,
                             .changes = true,
                             .call = call});
}

arrow::Result<int64_t> DeadLetters::Clear(const std::string& table,
                                          std::optional<uint64_t> up_to) {
  const std::string wanted = WithoutQuotes(table);
  const std::lock_guard one_at_a_time(changing_);
  ARROW_ASSIGN_OR_RAISE(const auto connection, database_.Connect());
  const auto acting = database_.tails().ActAsServer(*connection);
  const std::string which =
      std::string(R"( WHERE ($1 = '' OR lower(replace(table_name, '"', '')) = $1))") +
      (up_to ? R"( AND "position" <= )" + std::to_string(*up_to) : "");
  ARROW_ASSIGN_OR_RAISE(const auto texts, catalog::TextParameters({wanted}));
  ARROW_ASSIGN_OR_RAISE(
      const auto deleted,
      connection->Run("DELETE FROM " + engine::QuoteName(StoredIn(database_)) + which,
                      texts));
  const std::lock_guard lock(mutex_);
  std::erase_if(newest_, [&](const Letter& letter) {
    const bool cleared = (wanted.empty() || WithoutQuotes(letter.table) == wanted) &&
                         (!up_to || letter.place.position <= *up_to);
    if (cleared) known_.erase({letter.table, {letter.place.position, letter.place.part}});
    return cleared;
  });
  ARROW_RETURN_NOT_OK(Count(*connection));
  return deleted->rows_changed().value_or(0);
}

arrow::Status DeadLetters::Count(engine::Connection& connection) {
  ARROW_ASSIGN_OR_RAISE(
      const auto counts,
      catalog::TextRows(connection, "SELECT table_name, count(*) FROM " +
                                        engine::QuoteName(StoredIn(database_)) +
                                        " GROUP BY ALL"));
  counts_.clear();
  for (const auto& row : counts) {
    counts_[row[0].value_or("")] = std::stoll(row[1].value_or("0"));
  }
  return arrow::Status::OK();
}

arrow::Status DeadLetters::Load() {
  ARROW_ASSIGN_OR_RAISE(const auto connection, database_.Connect());
  const auto acting = database_.tails().ActAsServer(*connection);
  const std::string table = engine::QuoteName(StoredIn(database_));
  ARROW_RETURN_NOT_OK(connection->Run("CREATE SCHEMA IF NOT EXISTS " +
                                      engine::QuoteName(database_.tails().database()) +
                                      ".pintail_journal"));
  ARROW_RETURN_NOT_OK(connection->Run(
      "CREATE TABLE IF NOT EXISTS " + table +
      R"( (table_name VARCHAR, target VARCHAR, "position" UBIGINT, "row" BIGINT, )"
      R"("time" TIMESTAMP, reason VARCHAR, data VARCHAR))"));
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      catalog::TextRows(
          *connection,
          R"(SELECT table_name, target, "position", "row", epoch_us("time"), reason, )"
          "data FROM (SELECT *, rowid AS n FROM " +
              table + " ORDER BY n DESC LIMIT " + std::to_string(most_) +
              ") ORDER BY n"));
  const auto number = [](const std::optional<std::string>& text) {
    return std::stoll(text.value_or("0"));
  };
  for (const auto& row : rows) {
    Remember({.table = row[0].value_or(""),
              .target = row[1].value_or(""),
              .place = {.position = static_cast<uint64_t>(number(row[2])),
                        .part = number(row[3])},
              .time = base::Clock::Wall(microseconds(number(row[4]))),
              .reason = row[5].value_or(""),
              .data = row[6].value_or("")});
  }
  const std::lock_guard lock(mutex_);
  return Count(*connection);
}

arrow::Status DeadLetters::Add(const WriteThrough& what, const Place& place,
                               const arrow::RecordBatch& row, const std::string& reason) {
  Letter letter{.table = NameOf(what.table),
                .target = engine::QuoteName(what.target),
                .place = place,
                .time = clock_.WallNow(),
                .reason = CutTo(reason, kMostText)};
  const std::lock_guard one_at_a_time(changing_);
  {
    const std::lock_guard lock(mutex_);
    if (known_.contains({letter.table, {place.position, place.part}})) {
      return arrow::Status::OK();
    }
  }
  ARROW_ASSIGN_OR_RAISE(letter.data, TextOf(row));
  ARROW_RETURN_NOT_OK(Store(letter));
  Remember(std::move(letter));
  return arrow::Status::OK();
}

arrow::Status DeadLetters::Store(const Letter& letter) {
  ARROW_ASSIGN_OR_RAISE(const auto connection, database_.Connect());
  const auto acting = database_.tails().ActAsServer(*connection);
  ARROW_ASSIGN_OR_RAISE(
      const auto texts,
      catalog::TextParameters({letter.table, letter.target, letter.reason, letter.data}));
  return connection
      ->Run("INSERT INTO " + engine::QuoteName(StoredIn(database_)) +
                " VALUES ($1, $2, " + std::to_string(letter.place.position) + ", " +
                std::to_string(letter.place.part) + ", make_timestamp(" +
                std::to_string(Microseconds(letter.time)) + "), $3, $4)",
            texts)
      .status();
}

void DeadLetters::Remember(Letter letter) {
  const std::lock_guard lock(mutex_);
  known_.insert({letter.table, {letter.place.position, letter.place.part}});
  ++counts_[letter.table];
  newest_.push_back(std::move(letter));
  if (newest_.size() <= most_) return;
  const Letter& oldest = newest_.front();
  known_.erase({oldest.table, {oldest.place.position, oldest.place.part}});
  newest_.pop_front();
}

int64_t DeadLetters::CountOf(const engine::TableName& table) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(NameOf(table));
  return found == counts_.end() ? 0 : found->second;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> DeadLetters::Rows() const {
  arrow::StringBuilder tables;
  arrow::StringBuilder targets;
  arrow::Int64Builder positions;
  arrow::Int64Builder rows;
  arrow::TimestampBuilder times(Columns()->field(4)->type(),
                                arrow::default_memory_pool());
  arrow::StringBuilder reasons;
  arrow::StringBuilder data;
  int64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const Letter& each : newest_) {
      ARROW_RETURN_NOT_OK(tables.Append(each.table));
      ARROW_RETURN_NOT_OK(targets.Append(each.target));
      ARROW_RETURN_NOT_OK(positions.Append(static_cast<int64_t>(each.place.position)));
      ARROW_RETURN_NOT_OK(rows.Append(each.place.part));
      ARROW_RETURN_NOT_OK(times.Append(Microseconds(each.time)));
      ARROW_RETURN_NOT_OK(reasons.Append(each.reason));
      ARROW_RETURN_NOT_OK(data.Append(each.data));
      ++count;
    }
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
           &tables, &targets, &positions, &rows, &times, &reasons, &data}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  return arrow::RecordBatch::Make(Columns(), count, std::move(columns));
}

}  // namespace pintail::ingest
