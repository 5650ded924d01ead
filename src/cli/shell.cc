#include "cli/shell.h"

#include <chrono>
#include <format>
#include <sstream>

#include "base/error.h"
#include "base/lower_case.h"
#include "cli/completer.h"
#include "cli/interrupts.h"
#include "cli/statement_text.h"
#include "cli/table_name.h"
#include "cli/value_text.h"
#include "config/nearest.h"

namespace pintail::cli {
namespace {

constexpr const char* kHelp =
    "Statements end with a semicolon and may span lines.\n"
    "  .tables [PATTERN]  list tables; % stands for any text\n"
    "  .schema [TABLE]    how tables and views were created\n"
    "  .mode FORMAT       table, csv, json or ndjson\n"
    "  .timing on|off     show how long statements take\n"
    "  .types on|off      show the columns' types\n"
    "  .quit              leave (also quit, exit, \\q, Ctrl-D)\n"
    "Ctrl-C gives up the line, or stops the statement that runs.\n";

// A function's name is offered with its parenthesis, a schema's with its dot.
constexpr const char* kNames =
    "SELECT table_name FROM information_schema.tables "
    "UNION SELECT column_name FROM information_schema.columns "
    "WHERE table_schema NOT IN ('information_schema', 'pg_catalog') "
    "UNION SELECT 'pintail.' "
    "UNION SELECT view_name FROM duckdb_views() WHERE schema_name = 'pintail' "
    "UNION SELECT column_name FROM duckdb_columns() WHERE schema_name = 'pintail' "
    "UNION SELECT function_name || '(' FROM duckdb_functions() "
    "WHERE regexp_full_match(function_name, '[a-z][a-z0-9_]*') "
    "AND NOT starts_with(function_name, 'pintail_') LIMIT 10000";

// Calls `take` with the text of the first column of every row.
template <typename Take>
arrow::Status ForEachText(const Answer& answer, Take take) {
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(answer.rows->ReadNext(&batch));
    if (!batch) return arrow::Status::OK();
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      take(ValueText(*batch->column(0), row));
    }
  }
}

arrow::Result<bool> ParseOnOff(const std::string& command, const std::string& text) {
  if (text == "on") return true;
  if (text == "off") return false;
  return base::MakeError(base::ErrorKind::kInvalidArgument, command, " is on or off");
}

// The dot command that a line means which is typed out of another shell's habit; else
// the line.
std::string AsDotCommand(const std::string& line) {
  const auto is_edge = [](char c) { return c == ' ' || c == '\t' || c == ';'; };
  std::string word = line;
  while (!word.empty() && is_edge(word.back())) word.pop_back();
  word.erase(0, word.find_first_not_of(" \t"));
  const std::string lower = base::LowerCase(word);
  if (lower == "quit" || lower == "exit" || word == "\\q") return ".quit";
  if (lower == "help" || word == "\\?" || word == "\\h") return ".help";
  if (word == "\\d" || word == "\\dt") return ".tables";
  if (word.starts_with("\\d ")) return ".schema " + word.substr(3);
  return line;
}

}  // namespace

arrow::Status Shell::Take(const std::string& text) {
  const std::string line = pending_.empty() ? AsDotCommand(text) : text;
  if (pending_.empty() && line.starts_with('\\')) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "there is no command ",
                           line.substr(0, line.find(' ')),
                           "; commands begin with a dot, .help lists them");
  }
  if (pending_.empty() && line.starts_with('.')) return RunDotCommand(line);
  pending_ += line + "\n";
  while (true) {
    const size_t end = EndOfStatement(pending_);
    if (end == std::string::npos) break;
    const std::string statement = pending_.substr(0, end);
    pending_.erase(0, end);
    const arrow::Status status = RunStatement(statement);
    if (!status.ok()) {
      pending_.clear();
      return status;
    }
  }
  // Comments alone need no semicolon; one that is open stays.
  if (IsBlank(pending_) && pending_.find("/*") == std::string::npos) pending_.clear();
  return arrow::Status::OK();
}

arrow::Status Shell::TakeEnd() {
  const std::string statement = std::exchange(pending_, "");
  return RunStatement(statement);
}

arrow::Status Shell::RunStatement(const std::string& sql) {
  if (IsBlank(sql)) return arrow::Status::OK();
  const InterruptWatch watch([this] { client_.Cancel(); });
  const auto begin = std::chrono::steady_clock::now();
  names_stale_ = true;
  ARROW_ASSIGN_OR_RAISE(Answer answer, client_.Run(sql, nullptr));
  ARROW_RETURN_NOT_OK(WriteAnswer(std::move(answer), output_, terminal_));
  if (timing_) {
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - begin;
    terminal_.err << std::format("time: {:.3f} ms\n", elapsed.count());
  }
  return arrow::Status::OK();
}

arrow::Status Shell::RunDotCommand(const std::string& line) {
  std::istringstream words(line);
  std::string command;
  std::string argument;
  words >> command >> argument;
  if (command == ".quit" || command == ".exit") {
    quit_ = true;
    return arrow::Status::OK();
  }
  if (command == ".help") {
    terminal_.out << kHelp << std::flush;
    return arrow::Status::OK();
  }
  if (command == ".tables") return ListTables(argument);
  if (command == ".schema") return ShowSchema(argument);
  if (command == ".mode") return SetMode(argument);
  if (command == ".timing" || command == ".types") {
    ARROW_ASSIGN_OR_RAISE(const bool on, ParseOnOff(command, argument));
    (command == ".timing" ? timing_ : output_.types) = on;
    return arrow::Status::OK();
  }
  return base::MakeError(base::ErrorKind::kInvalidArgument, "there is no command ",
                         command, "; did you mean ",
                         config::NearestName(command, DotCommands()), "?");
}

arrow::Status Shell::ListTables(const std::string& pattern) {
  std::string sql = "SELECT database, schema, name FROM (SHOW ALL TABLES)";
  if (!pattern.empty()) sql += " WHERE name LIKE " + QuoteLiteral(pattern);
  const bool timing = std::exchange(timing_, false);
  const arrow::Status status = RunStatement(sql + " ORDER BY ALL");
  timing_ = timing;
  return status;
}

arrow::Status Shell::ShowSchema(const std::string& table) {
  IngestTarget name;
  if (!table.empty()) {
    ARROW_ASSIGN_OR_RAISE(name, ParseTableName(table));
  }
  std::string sql;
  for (const std::string kind : {"table", "view"}) {
    sql +=
        (sql.empty() ? "SELECT sql FROM duckdb_" : " UNION ALL SELECT sql FROM duckdb_") +
        kind + "s() WHERE NOT internal";
    const auto require = [&sql](const std::string& column, const std::string& value) {
      if (!value.empty()) sql += " AND " + column + " = " + QuoteLiteral(value);
    };
    require(kind + "_name", name.table);
    require("schema_name", name.schema);
    require("database_name", name.catalog);
  }
  ARROW_ASSIGN_OR_RAISE(const Answer answer, client_.Run(sql, nullptr));
  bool any = false;
  ARROW_RETURN_NOT_OK(ForEachText(answer, [&](const std::string& text) {
    terminal_.out << text << "\n";
    any = true;
  }));
  terminal_.out.flush();
  if (any || table.empty()) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kNotFound, "there is no table or view ", table);
}

arrow::Status Shell::SetMode(const std::string& name) {
  const auto format = ParseOutputFormat(name);
  const bool text = format.ok() && (!*format || **format == columnar::Format::kCsv ||
                                    **format == columnar::Format::kJson ||
                                    **format == columnar::Format::kNdjson);
  if (!text) {
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           ".mode is table, csv, json or ndjson");
  }
  output_.format = *format;
  return arrow::Status::OK();
}

const std::set<std::string>& Shell::Names() {
  if (!names_stale_) return names_;
  names_stale_ = false;
  std::set<std::string> names;
  const auto answer = client_.Run(kNames, nullptr);
  // Without an answer the words of SQL have to do.
  if (answer.ok() &&
      ForEachText(*answer, [&](const std::string& name) { names.insert(name); }).ok()) {
    names_ = std::move(names);
  }
  return names_;
}

}  // namespace pintail::cli
