// A whole server: the rooms, built from the ground up, started, drained and stopped.
//
// Owned by whoever runs it (the program, a test); several can live in one process. Make,
// Start and Stop are called by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"
#include "server_options.h"

namespace pintail {

namespace base {
class Log;
}

class Server {
 public:
  // Opens the database and builds everything that needs no network. PermissionDenied for
  // an address that other machines reach, as there is no authentication; Unavailable for
  // a database that cannot be opened.
  static arrow::Result<std::unique_ptr<Server>> Make(ServerOptions options);
  // Stops, with the grace of the options, when Stop was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the listeners. Unavailable, naming the address, when one cannot be had.
  arrow::Status Start();

  // Takes no new work, lets running work end within the grace, cancels the rest, closes
  // the listeners and writes the database's log into its file. The first error, after all
  // of it was tried. Idempotent.
  arrow::Status Stop();
  // Whether Stop gave up on a statement that does not heed its interrupt. Then everything
  // that was committed is safe, the listeners are still open and there was no checkpoint;
  // destroying the server waits for that statement.
  bool stuck() const;

  // Where it really listens, as "address:port"; empty before Start.
  std::vector<std::string> flight_addresses() const;
  std::vector<std::string> http_addresses() const;

  const ServerOptions& options() const;
  base::Log& log();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  void SaveAnswers();

  std::unique_ptr<State> state_;
};

}  // namespace pintail
