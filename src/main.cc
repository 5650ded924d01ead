// The program: the command line, with the server behind `pintail serve`.
#include <sys/prctl.h>

#include <cstdlib>

#include "cli/command_line.h"
#include "engine/database.h"
#include "serve.h"
#include "server_options.h"

namespace {

arrow::Result<std::string> DuckDbVersion() {
  ARROW_ASSIGN_OR_RAISE(const auto database, pintail::engine::Database::Open({}));
  return database->version();
}

}  // namespace

int main(int argc, char** argv) {
  // The bundled loader starts us, and ps, top and pgrep would show its name.
  prctl(PR_SET_NAME, "pintail");
  // gRPC's own lines say again, in its words, what our errors say.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return pintail::cli::Main(argc, argv,
                            {.serve = pintail::Serve,
                             .check = pintail::CheckSettings,
                             .journal_folder = pintail::JournalFolder,
                             .duckdb_version = DuckDbVersion,
                             .driver_folder = pintail::DriverFolder});
}
