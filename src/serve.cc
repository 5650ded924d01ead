#include "serve.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "config/version.h"
#include "greeting.h"
#include "ready_file.h"
#include "server.h"

namespace pintail {
namespace {

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

// Every connection is an open file; the soft limit is often 1,024.
void RaiseOpenFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// From now on any of the signals ends the process.
void EndAtOnceOn(const sigset_t& signals) {
  struct sigaction action{};
  action.sa_handler = [](int) { _exit(1); };
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaction(number, &action, nullptr);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// What came with the program in this folder: in the bundle that the launcher names, else
// beside the program. Empty when there is none.
std::string Bundled(const char* name) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<fs::path> homes;
  if (const char* home = std::getenv("PINTAIL_HOME")) homes.emplace_back(home);
  homes.push_back(
      fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path());
  for (const fs::path& home : homes) {
    const fs::path folder = home / "lib" / name;
    if (fs::is_directory(folder, ignored)) return folder;
  }
  return "";
}

std::string Listed(const std::vector<std::string>& addresses) {
  std::string list;
  for (const std::string& address : addresses) {
    list += (list.empty() ? "" : ",") + address;
  }
  return list.empty() ? "none" : list;
}

}  // namespace

std::string DriverFolder() { return Bundled("adbc_drivers"); }

arrow::Status Serve(const config::Settings& settings) {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseOpenFileLimit();

  ARROW_ASSIGN_OR_RAISE(ServerOptions options,
                        MakeServerOptions(settings, Bundled("duckdb_extensions")));
  options.adbc_drivers = DriverFolder();
  ARROW_ASSIGN_OR_RAISE(const auto server, Server::Make(std::move(options)));
  for (const std::string& note : settings.notes) server->log().Warn(note);
  ARROW_RETURN_NOT_OK(server->Start());

  const ReadyState state{.process_id = getpid(),
                         .version = std::string(config::Version()),
                         .flight = server->flight_addresses(),
                         .http = server->http_addresses()};
  server->log().Info("serving", {{"version", state.version},
                                 {"flight", Listed(state.flight)},
                                 {"http", Listed(state.http)},
                                 {"database", server->options().database.path},
                                 {"process", state.process_id}});
  std::cout << Greeting(state, server->options().database.path) << std::flush;
  // Whether anybody reads the greeting has nothing to do with serving.
  std::cout.clear();
  int number = 0;
  {
    std::optional<ReadyFile> ready;
    const std::string path = settings.Text("server.ready_file");
    if (!path.empty()) {
      ARROW_ASSIGN_OR_RAISE(auto written, ReadyFile::Write(path, state));
      ready.emplace(std::move(written));
    }
    sigwait(&signals, &number);
  }
  EndAtOnceOn(signals);
  server->log().Info("draining; another signal ends at once",
                     {{"signal", strsignal(number)}});
  arrow::Status stopped = server->Stop();
  if (server->stuck()) {
    // What was committed is in DuckDB's log and synced, so that nothing is lost by going;
    // to stay would be to wait for a statement that heeds no interrupt. A warning is
    // written at once.
    server->log().Warn("stopped while a statement heeds no interrupt");
    std::_Exit(0);
  }
  if (stopped.ok()) server->log().Info("stopped");
  return stopped;
}

}  // namespace pintail
