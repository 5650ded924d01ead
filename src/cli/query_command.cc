// `pintail query`: one SQL text, its answer in a format.
#include <array>
#include <fstream>
#include <iostream>

#include "CLI/CLI.hpp"
#include "base/error.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/output_file.h"
#include "cli/parameters.h"

namespace pintail::cli {
namespace {

// By blocks: reading letter by letter from a folder throws.
arrow::Result<std::string> ReadAll(std::istream& in, const std::string& name) {
  std::string text;
  std::array<char, 65'536> block;
  while (in.read(block.data(), block.size()) || in.gcount() > 0) {
    text.append(block.data(), static_cast<size_t>(in.gcount()));
  }
  if (!in.eof()) {
    return base::MakeError(base::ErrorKind::kNotFound, "cannot read ", name);
  }
  return text;
}

class QueryCommand final : public Command {
 public:
  std::string_view name() const override { return "query"; }
  std::string_view summary() const override { return "Run SQL and print the answer"; }
  std::string_view examples() const override {
    return "  pintail query \"SELECT 42 AS answer\"\n"
           "  pintail query \"SELECT * FROM t WHERE id = $id\" --param id=7 --format "
           "json\n"
           "  pintail query \"SELECT * FROM t WHERE id > ? AND name = ?\" --param 7 "
           "--param x\n"
           "  pintail query \"FROM t\" --output t.parquet\n"
           "  echo 'SELECT 1' | pintail query -";
  }

  void Declare(CLI::App& parser) override {
    auto* text =
        parser.add_option("sql", sql_, "The SQL text; - reads it from standard input")
            ->type_name("SQL");
    auto* file = parser.add_option("-f,--file", file_, "Read the SQL text from a file")
                     ->type_name("FILE");
    text->excludes(file);
    parser
        .add_option(
            "-p,--param", parameters_,
            "A parameter: value, or name=value for $name; null, numbers, true and "
            "false as such, 'quoted' always as text; repeatable")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    parser.add_option("--format", format_,
                      "{table,csv,json,ndjson,arrow,arrow-file,parquet} "
                      "[table, or as the output's name ends]");
    parser.add_option("-o,--output", output_.path, "Write to a file")->type_name("FILE");
    parser.add_flag("--types", output_.types, "Show the columns' types in a table");
    DeclareUrl(parser, &url_);
  }

  arrow::Status Run(const Terminal& terminal) override {
    ARROW_RETURN_NOT_OK(ChooseFormat(terminal));
    ARROW_ASSIGN_OR_RAISE(const std::string sql, Text());
    auto parameters = ParseParameters(parameters_);
    if (!parameters.ok()) return UsageError(parameters.status().message());
    ARROW_ASSIGN_OR_RAISE(const auto client, Client::Connect(url_));
    ARROW_ASSIGN_OR_RAISE(Answer answer, client->Run(sql, *parameters));
    return WriteAnswer(std::move(answer), output_, terminal);
  }

 private:
  arrow::Status ChooseFormat(const Terminal& terminal) {
    if (format_.empty()) {
      output_.format = columnar::FormatOfPath(output_.path);
      const bool says = output_.format || output_.path.empty() ||
                        output_.path.ends_with(".txt") || IsWrittenInPlace(output_.path);
      return says ? arrow::Status::OK()
                  : UsageError("the name " + output_.path +
                               " does not tell the format; end it in .csv, .json, "
                               ".ndjson, .arrow, .arrows, .parquet or .txt, or say it "
                               "with --format");
    }
    const auto format = ParseOutputFormat(format_);
    if (!format.ok()) {
      return UsageError("--format " + format_ +
                        " is not table, csv, json, ndjson, arrow, arrow-file or parquet");
    }
    output_.format = *format;
    const bool binary =
        output_.format && (*output_.format == columnar::Format::kArrowStream ||
                           *output_.format == columnar::Format::kArrowFile ||
                           *output_.format == columnar::Format::kParquet);
    if (binary && output_.path.empty() && terminal.out_is_terminal) {
      return UsageError("--format " + format_ +
                        " is not for a terminal; name a file with --output, or redirect");
    }
    return arrow::Status::OK();
  }

  arrow::Result<std::string> Text() const {
    if (!file_.empty()) {
      std::ifstream in(file_);
      return ReadAll(in, file_);
    }
    if (sql_ == "-") return ReadAll(std::cin, "standard input");
    if (sql_.empty()) return UsageError("give an SQL text, - or --file");
    return sql_;
  }

  std::string sql_;
  std::string file_;
  std::string format_;
  std::string url_;
  std::vector<std::string> parameters_;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> MakeQueryCommand() { return std::make_unique<QueryCommand>(); }

}  // namespace pintail::cli
