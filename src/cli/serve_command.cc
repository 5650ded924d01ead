// `pintail serve`: settings from everywhere, then the server.
#include "CLI/CLI.hpp"
#include "cli/commands.h"
#include "config/flags.h"

namespace pintail::cli {
namespace {

class ServeCommand final : public Command {
 public:
  explicit ServeCommand(ServeFunction serve) : serve_(std::move(serve)) {}

  std::string_view name() const override { return "serve"; }
  std::string_view summary() const override { return "Start the server"; }
  std::string_view examples() const override {
    return "  pintail serve\n"
           "  pintail serve --database :memory: --flight-listen 127.0.0.1:0\n"
           "  pintail serve --config pintail.toml --log-level debug\n"
           "Every option is also a key of the configuration file and a variable: "
           "--flight-listen is flight.listen and PINTAIL_FLIGHT_LISTEN.";
  }
  void Declare(CLI::App& parser) override { flags_.AddTo(parser); }

  arrow::Status Run(const Terminal&) override {
    config::Sources sources = flags_.Read();
    sources.environment = config::ProcessEnvironment();
    auto settings = config::Load(sources);
    if (settings.ok()) return serve_(*settings);
    // What a flag says is the command line's; the rest is the file's or the
    // environment's.
    const std::string& message = settings.status().message();
    const bool of_flag = message.starts_with("--") && settings.status().IsInvalid();
    return of_flag ? UsageError(message) : settings.status();
  }

 private:
  const ServeFunction serve_;
  config::Flags flags_;
};

}  // namespace

std::unique_ptr<Command> MakeServeCommand(ServeFunction serve) {
  return std::make_unique<ServeCommand>(std::move(serve));
}

}  // namespace pintail::cli
