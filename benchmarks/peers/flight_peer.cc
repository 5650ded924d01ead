// The ceiling: an Arrow Flight server that does nothing but move batches.
//
// DoPut with a path descriptor keeps the batches under that path, or drops them when the
// path is "sink", or drops and acknowledges each when it is "acknowledge"; GetFlightInfo
// and DoGet send what was kept. What Pintail needs more than this server is what Pintail
// costs. Prints one JSON line with its port.
#include <unistd.h>

#include <csignal>

#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/flight/api.h"
#include "arrow/record_batch.h"

namespace {

namespace flight = arrow::flight;

struct Kept {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

class FlightPeer : public flight::FlightServerBase {
 public:
  arrow::Status DoPut(const flight::ServerCallContext&,
                      std::unique_ptr<flight::FlightMessageReader> reader,
                      std::unique_ptr<flight::FlightMetadataWriter> writer) override {
    Kept kept;
    ARROW_ASSIGN_OR_RAISE(kept.schema, reader->GetSchema());
    const std::string path = PathOf(reader->descriptor());
    const bool acknowledge = path == "acknowledge";
    const std::shared_ptr<arrow::Buffer> answer = arrow::Buffer::FromString("{}");
    while (true) {
      ARROW_ASSIGN_OR_RAISE(flight::FlightStreamChunk chunk, reader->Next());
      if (!chunk.data) break;
      if (acknowledge) {
        ARROW_RETURN_NOT_OK(writer->WriteMetadata(*answer));
      } else if (path != "sink") {
        kept.batches.push_back(std::move(chunk.data));
      }
    }
    std::lock_guard lock(mutex_);
    kept_[path] = std::move(kept);
    return arrow::Status::OK();
  }

  arrow::Status GetFlightInfo(const flight::ServerCallContext&,
                              const flight::FlightDescriptor& descriptor,
                              std::unique_ptr<flight::FlightInfo>* info) override {
    ARROW_ASSIGN_OR_RAISE(Kept kept, Find(PathOf(descriptor)));
    flight::FlightEndpoint endpoint;
    endpoint.ticket.ticket = PathOf(descriptor);
    ARROW_ASSIGN_OR_RAISE(
        flight::FlightInfo made,
        flight::FlightInfo::Make(*kept.schema, descriptor, {endpoint}, -1, -1));
    *info = std::make_unique<flight::FlightInfo>(std::move(made));
    return arrow::Status::OK();
  }

  arrow::Status DoGet(const flight::ServerCallContext&, const flight::Ticket& ticket,
                      std::unique_ptr<flight::FlightDataStream>* stream) override {
    ARROW_ASSIGN_OR_RAISE(Kept kept, Find(ticket.ticket));
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          arrow::RecordBatchReader::Make(kept.batches, kept.schema));
    *stream = std::make_unique<flight::RecordBatchStream>(std::move(reader));
    return arrow::Status::OK();
  }

 private:
  static std::string PathOf(const flight::FlightDescriptor& descriptor) {
    return descriptor.path.empty() ? "" : descriptor.path.front();
  }

  arrow::Result<Kept> Find(const std::string& path) {
    std::lock_guard lock(mutex_);
    const auto found = kept_.find(path);
    if (found == kept_.end()) return arrow::Status::KeyError("nothing under ", path);
    return found->second;
  }

  std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // protected by mutex_
};

arrow::Status Serve() {
  ARROW_ASSIGN_OR_RAISE(auto location, flight::Location::ForGrpcTcp("127.0.0.1", 0));
  FlightPeer server;
  ARROW_RETURN_NOT_OK(server.Init(flight::FlightServerOptions(location)));
  ARROW_RETURN_NOT_OK(server.SetShutdownOnSignals({SIGTERM}));
  std::cout << "{\"pid\": " << getpid() << ", \"port\": " << server.port() << "}"
            << std::endl;
  return server.Serve();
}

}  // namespace

int main() {
  const arrow::Status status = Serve();
  if (status.ok()) return 0;
  std::cerr << status.ToString() << "\n";
  return 1;
}
