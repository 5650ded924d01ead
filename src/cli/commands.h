// The subcommands, each in a file of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/command_line.h"

namespace pintail::cli {

std::unique_ptr<Command> MakeServeCommand(ServeFunction serve);
std::unique_ptr<Command> MakeQueryCommand();
std::unique_ptr<Command> MakeShellCommand();
std::unique_ptr<Command> MakeIngestCommand();
std::unique_ptr<Command> MakeConfigCommand(CheckFunction check);
std::unique_ptr<Command> MakeJournalCommand(JournalFolderFunction folder);
// `bundled` gives the folder of the drivers that came along; empty: there are none.
std::unique_ptr<Command> MakeDriverCommand(std::function<std::string()> bundled);
std::unique_ptr<Command> MakeHealthCommand();
std::unique_ptr<Command> MakeVersionCommand(
    std::function<arrow::Result<std::string>()> duckdb_version);
// `program` outlives the command: the parser with all commands, whose names and flags the
// completions offer.
std::unique_ptr<Command> MakeCompletionsCommand(const CLI::App& program);

// --url, else the variable PINTAIL_URL, else the server's own default. A text that is no
// address is a mistake in the command line.
void DeclareUrl(CLI::App& parser, std::string* url);

}  // namespace pintail::cli
