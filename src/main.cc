// The program: the command line, with the server behind `pintail serve`.
#include <cstdlib>

#include "cli/command_line.h"
#include "engine/database.h"
#include "serve.h"

namespace {

arrow::Result<std::string> DuckDbVersion() {
  ARROW_ASSIGN_OR_RAISE(const auto database, pintail::engine::Database::Open({}));
  return database->version();
}

}  // namespace

int main(int argc, char** argv) {
  // gRPC's own lines say again, in its words, what our errors say.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return pintail::cli::Main(argc, argv,
                            {.serve = pintail::Serve, .duckdb_version = DuckDbVersion});
}
