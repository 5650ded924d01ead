// Writers that put one row after the other into a Flight server, each as fast as it is
// acknowledged: a DoPut for each row, or one DoPut whose rows are acknowledged one by
// one.
//
//   flight_writer URI call|stream path|command DESCRIPTOR ROW_FILE WRITERS
//
// ROW_FILE is an Arrow IPC stream with the one batch that all writers send. Each writer
// has a thread and a connection of its own. Prints "ready"; then, for each line with a
// moment of the monotonic clock in seconds, writes until then and prints as JSON the
// seconds of every acknowledged put, and how many of them were acknowledged in time.
#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/flight/api.h"
#include "arrow/io/file.h"
#include "arrow/ipc/reader.h"
#include "arrow/record_batch.h"

namespace {

namespace flight = arrow::flight;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double Now() { return Seconds(Clock::now().time_since_epoch()).count(); }

// What all writers share; not changed once made.
struct Target {
  flight::Location location;
  flight::FlightDescriptor descriptor;
  std::shared_ptr<arrow::RecordBatch> row;
  bool one_stream = false;
};

// One connection; used by one thread at a time.
class Writer {
 public:
  static arrow::Result<std::unique_ptr<Writer>> Connect(const Target& target) {
    auto options = flight::FlightClientOptions::Defaults();
    options.generic_options.emplace_back("grpc.use_local_subchannel_pool", 1);
    ARROW_ASSIGN_OR_RAISE(auto client,
                          flight::FlightClient::Connect(target.location, options));
    return std::unique_ptr<Writer>(new Writer(target, std::move(client)));
  }

  // Writes until the moment has come; what was taken before is forgotten.
  arrow::Status WriteUntil(double until) {
    seconds.clear();
    in_time = 0;
    if (target_.one_stream) ARROW_RETURN_NOT_OK(Open());
    for (double start = Now(); start < until; start = Now()) {
      ARROW_RETURN_NOT_OK(target_.one_stream ? PutIntoStream() : PutByCall());
      const double end = Now();
      seconds.push_back(end - start);
      if (end <= until) ++in_time;
    }
    return target_.one_stream ? Close() : arrow::Status::OK();
  }

  std::vector<double> seconds;
  int in_time = 0;

 private:
  Writer(const Target& target, std::unique_ptr<flight::FlightClient> client)
      : target_(target), client_(std::move(client)) {}

  arrow::Status Open() {
    return client_->DoPut(target_.descriptor, target_.row->schema()).Value(&put_);
  }

  arrow::Status PutByCall() {
    ARROW_RETURN_NOT_OK(Open());
    ARROW_RETURN_NOT_OK(put_.writer->WriteRecordBatch(*target_.row));
    return Close();
  }

  arrow::Status PutIntoStream() {
    ARROW_RETURN_NOT_OK(put_.writer->WriteRecordBatch(*target_.row));
    std::shared_ptr<arrow::Buffer> answer;
    ARROW_RETURN_NOT_OK(put_.reader->ReadMetadata(&answer));
    return answer ? arrow::Status::OK()
                  : arrow::Status::IOError("the stream ended without an acknowledgement");
  }

  arrow::Status Close() {
    ARROW_RETURN_NOT_OK(put_.writer->DoneWriting());
    std::shared_ptr<arrow::Buffer> answer;
    do {
      ARROW_RETURN_NOT_OK(put_.reader->ReadMetadata(&answer));
    } while (answer);
    return put_.writer->Close();
  }

  const Target& target_;
  const std::unique_ptr<flight::FlightClient> client_;
  flight::FlightClient::DoPutResult put_;
};

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadRow(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
  return reader->Next();
}

// All writers at once; their results as a line of JSON.
arrow::Status Run(const std::vector<std::unique_ptr<Writer>>& writers, double until) {
  std::vector<arrow::Status> ends(writers.size());
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < writers.size(); ++i) {
      threads.emplace_back([&, i] { ends[i] = writers[i]->WriteUntil(until); });
    }
  }
  std::string seconds;
  int in_time = 0;
  for (size_t i = 0; i < writers.size(); ++i) {
    ARROW_RETURN_NOT_OK(ends[i]);
    in_time += writers[i]->in_time;
    for (const double taken : writers[i]->seconds) {
      seconds += (seconds.empty() ? "" : ", ") + std::to_string(taken);
    }
  }
  std::cout << "{\"in_time\": " << in_time << ", \"seconds\": [" << seconds << "]}"
            << std::endl;
  return arrow::Status::OK();
}

arrow::Status Serve(const std::vector<std::string>& arguments) {
  if (arguments.size() != 6) return arrow::Status::Invalid("six arguments are needed");
  Target target;
  ARROW_ASSIGN_OR_RAISE(target.location, flight::Location::Parse(arguments[0]));
  target.one_stream = arguments[1] == "stream";
  target.descriptor = arguments[2] == "path"
                          ? flight::FlightDescriptor::Path({arguments[3]})
                          : flight::FlightDescriptor::Command(arguments[3]);
  ARROW_ASSIGN_OR_RAISE(target.row, ReadRow(arguments[4]));
  std::vector<std::unique_ptr<Writer>> writers;
  for (int i = 0; i < std::stoi(arguments[5]); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto writer, Writer::Connect(target));
    writers.push_back(std::move(writer));
  }
  std::cout << "ready" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    ARROW_RETURN_NOT_OK(Run(writers, std::stod(line)));
  }
  return arrow::Status::OK();
}

}  // namespace

int main(int count, char** values) {
  const arrow::Status status = Serve({values + 1, values + count});
  if (status.ok()) return 0;
  std::cerr << "flight_writer: " << status.ToString() << "\n";
  return 1;
}
