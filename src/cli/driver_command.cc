// `pintail driver`: the ADBC drivers of this machine, listed and installed.
//
// A driver comes as the shared library in a Python package. It is fetched by this
// machine's own pip, with whatever index, proxy and certificates that is configured for;
// nothing of Python is needed once it is there.
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iomanip>

#include "CLI/CLI.hpp"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/driver_folder.h"

extern char** environ;

namespace pintail::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

// A folder that is gone with this object, unless it was moved away.
class PassingFolder {
 public:
  static arrow::Result<std::unique_ptr<PassingFolder>> MakeIn(const fs::path& parent) {
    std::error_code error;
    fs::create_directories(parent, error);
    std::string path = parent / ".install-XXXXXX";
    if (error || mkdtemp(path.data()) == nullptr) {
      return base::MakeError(ErrorKind::kUnavailable, "cannot make a folder in ",
                             parent.string(), ": ",
                             error ? error.message() : std::strerror(errno));
    }
    return std::unique_ptr<PassingFolder>(new PassingFolder(path));
  }
  ~PassingFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  explicit PassingFolder(fs::path path) : path_(std::move(path)) {}
  const fs::path path_;
};

// Runs a program to its end, without a shell; its words go to standard error. Its exit
// code.
arrow::Result<int> RunProgram(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, 2, 1);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return base::MakeError(ErrorKind::kNotFound, "cannot run ", words[0], ": ",
                           std::strerror(failed),
                           "; drivers come as Python packages: install Python with pip, "
                           "or name it with --python");
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR)
      return base::MakeError(ErrorKind::kInternal, std::strerror(errno));
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

class DriverCommand final : public Command {
 public:
  explicit DriverCommand(std::function<std::string()> bundled)
      : bundled_(std::move(bundled)) {}

  std::string_view name() const override { return "driver"; }
  std::string_view summary() const override {
    return "List or install ADBC drivers for sources";
  }
  std::string_view examples() const override {
    return "  pintail driver list\n"
           "  pintail driver install snowflake\n"
           "  pintail driver install bigquery --version 1.11.0";
  }

  void Declare(CLI::App& parser) override {
    parser.require_subcommand(1);
    list_ = parser.add_subcommand(
        "list",
        "Print the drivers that a source can name, and where they are looked for");
    install_ = parser.add_subcommand(
        "install",
        "Fetch a driver by this machine's pip, into the folder of this user's drivers");
    install_
        ->add_option("name", driver_,
                     "snowflake, bigquery, … : the end of a package adbc-driver-NAME")
        ->required();
    install_->add_option("--version", version_, "Of the package; the newest else");
    install_->add_option("--package", package_, "Another package than adbc-driver-NAME");
    install_->add_option("--as", as_, "The name for sources, if it is to be another one");
    install_->add_option("--python", python_, "The Python whose pip is used")
        ->capture_default_str();
  }

  arrow::Status Run(const Terminal& terminal) override {
    return list_->parsed() ? List(terminal) : Install(terminal);
  }

 private:
  arrow::Status List(const Terminal& terminal) const {
    const auto drivers = FindDrivers(bundled_());
    size_t width = 4;
    for (const auto& driver : drivers) width = std::max(width, driver.name.size());
    for (const auto& driver : drivers) {
      terminal.out << std::left << std::setw(static_cast<int>(width) + 2) << driver.name
                   << std::setw(18) << driver.origin << driver.path.string() << "\n";
    }
    terminal.err << "Looked for in this order: with the program ("
                 << (bundled_().empty() ? "none" : bundled_()) << ")";
    for (const DriverFolder& folder : DriverFolders()) {
      terminal.err << ", " << folder.origin << " (" << folder.path.string() << ")";
    }
    terminal.err << "\n";
    return arrow::Status::OK();
  }

  arrow::Status Install(const Terminal& terminal) const {
    const std::string name = as_.empty() ? driver_ : as_;
    if (!IsDriverName(driver_) || !IsDriverName(name)) {
      return UsageError("a driver's name has letters, digits, - and _ only");
    }
    std::string package = package_.empty() ? "adbc-driver-" + driver_ : package_;
    if (package.starts_with('-') || version_.starts_with('-')) {
      return UsageError("a package's name and version do not begin with -");
    }
    if (!version_.empty()) package += "==" + version_;
    ARROW_ASSIGN_OR_RAISE(const fs::path folder, UserDriverFolder());
    ARROW_ASSIGN_OR_RAISE(const auto unpacked, PassingFolder::MakeIn(folder));
    terminal.err << "fetching " << package << " by " << python_ << " -m pip\n"
                 << std::flush;
    // Nothing is built and nothing of it is run.
    ARROW_ASSIGN_OR_RAISE(
        const int code,
        RunProgram({python_, "-m", "pip", "install", "--quiet", "--no-input",
                    "--disable-pip-version-check", "--no-deps", "--no-compile",
                    "--only-binary", ":all:", "--target", unpacked->path(), package}));
    if (code != 0) {
      return base::MakeError(
          ErrorKind::kUnavailable, "pip did not bring the package ", package,
          " (it ended with ", code, "; its words are above). See that ", python_,
          " has pip, that pip's configuration reaches an index (pip download ", package,
          "), and that there is such a package for this platform");
    }
    ARROW_ASSIGN_OR_RAISE(const fs::path manifest,
                          KeepDriver(unpacked->path(), folder, name, package));
    terminal.out << manifest.string() << "\n";
    const auto drivers = FindDrivers(bundled_());
    const auto used = std::ranges::find(drivers, name, &FoundDriver::name);
    if (used != drivers.end() && used->path != manifest) {
      terminal.err << "note: sources that name " << name << " use " << used->path.string()
                   << ", which comes first; install it --as "
                   << "another name to have both\n";
    } else {
      terminal.err << "sources can use it now: CREATE SOURCE … TYPE adbc (driver '"
                   << name << "', connection '…')\n";
    }
    return arrow::Status::OK();
  }

  const std::function<std::string()> bundled_;
  CLI::App* list_ = nullptr;
  CLI::App* install_ = nullptr;
  std::string driver_;
  std::string version_;
  std::string package_;
  std::string as_;
  std::string python_ = "python3";
};

}  // namespace

std::unique_ptr<Command> MakeDriverCommand(std::function<std::string()> bundled) {
  return std::make_unique<DriverCommand>(std::move(bundled));
}

}  // namespace pintail::cli
