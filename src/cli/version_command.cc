// `pintail version`: this program and what it is made of.
#include <sys/utsname.h>

#include "CLI/CLI.hpp"
#include "arrow/config.h"
#include "cli/commands.h"
#include "config/version.h"

namespace pintail::cli {
namespace {

std::string Platform() {
  utsname system{};
  if (uname(&system) != 0) return "unknown";
  return std::string(system.sysname) + " " + system.machine;
}

class VersionCommand final : public Command {
 public:
  explicit VersionCommand(std::function<arrow::Result<std::string>()> duckdb_version)
      : duckdb_version_(std::move(duckdb_version)) {}

  std::string_view name() const override { return "version"; }
  std::string_view summary() const override { return "Print versions and the platform"; }
  std::string_view examples() const override { return ""; }
  void Declare(CLI::App&) override {}

  arrow::Status Run(const Terminal& terminal) override {
    ARROW_ASSIGN_OR_RAISE(const std::string duckdb, duckdb_version_());
    terminal.out << "pintail " << config::Version() << "\n"
                 << "arrow " << arrow::GetBuildInfo().version_string << "\n"
                 << "duckdb " << duckdb << "\n"
                 << "platform " << Platform() << "\n";
    return arrow::Status::OK();
  }

 private:
  const std::function<arrow::Result<std::string>()> duckdb_version_;
};

}  // namespace

std::unique_ptr<Command> MakeVersionCommand(
    std::function<arrow::Result<std::string>()> duckdb_version) {
  return std::make_unique<VersionCommand>(std::move(duckdb_version));
}

}  // namespace pintail::cli
