// `pintail health`: whether a server answers, as an exit code for container checks.
#include "CLI/CLI.hpp"
#include "cli/client.h"
#include "cli/commands.h"

namespace pintail::cli {
namespace {

class HealthCommand final : public Command {
 public:
  std::string_view name() const override { return "health"; }
  std::string_view summary() const override {
    return "Ask a server whether it can serve";
  }
  std::string_view examples() const override {
    return "  pintail health && echo it serves\n"
           "  pintail health --url grpc://127.0.0.1:50051";
  }
  void Declare(CLI::App& parser) override { DeclareUrl(parser, &url_); }

  arrow::Status Run(const Terminal& terminal) override {
    ARROW_ASSIGN_OR_RAISE(const auto client, Client::Connect(url_));
    ARROW_ASSIGN_OR_RAISE(const Answer answer, client->Run("SELECT 1", nullptr));
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(answer.rows->ReadNext(&batch));
    terminal.out << "ok\n";
    return arrow::Status::OK();
  }

 private:
  std::string url_;
};

}  // namespace

std::unique_ptr<Command> MakeHealthCommand() { return std::make_unique<HealthCommand>(); }

}  // namespace pintail::cli
