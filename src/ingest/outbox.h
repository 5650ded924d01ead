// Everything that is sent on to sources: which tables, how far each is, and which leave
// their older rows there. One per server; thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/metrics.h"
#include "ingest/shipper.h"
#include "ingest/tier.h"

namespace pintail::ingest {

class Outbox {
 public:
  struct Options {
    std::vector<WriteThrough> tables;
    std::string extension_directory;
    const catalog::Sources* sources = nullptr;  // as in SourceLink::Ground
    Shipper::Options shipper;
  };
  // All outlive the outbox.
  struct Ground {
    engine::Database& database;
    const base::Clock& clock;
    base::Timers& timers;
    base::Log& log;
    base::Metrics& metrics;
  };

  // From then on clients cannot change the tables by SQL. Makes the views
  // pintail.write_through and pintail.dead_letters.
  static arrow::Result<std::unique_ptr<Outbox>> Open(const Ground& ground,
                                                     Options options);
  ~Outbox() { Stop(); }

  // A record of the journal, before it is opened for writing.
  void Replayed(uint64_t position, const journal::Record& record);
  // Begins to send. What is given outlives the outbox; `published` tells the newest
  // position whose record is in the tails. InvalidArgument for a table that cannot leave
  // rows to its source.
  arrow::Status Start(const journal::Journal& journal,
                      const std::filesystem::path& folder,
                      const std::function<uint64_t()>& published);
  void Stop();

  // What sends the rows of the table on, by its name in the journal; null: nothing does.
  Shipper* Find(const std::string& name) const;
  // Whether rows that are published are seen only once the source has them.
  bool IsLate(const Shipper& shipper, const arrow::RecordBatchVector& rows) const;
  // Whether the rows of a table of that name, in whatever schema, are sent on.
  bool MaySend(const std::string& table) const;

  // All records at or below are sent, or need not be.
  uint64_t sent() const;
  std::vector<WriteThroughFigures> figures() const;

 private:
  explicit Outbox(const Ground& ground) : ground_(ground) {}
  void ReportFigures();
  arrow::Status OpenTiers(const std::function<uint64_t()>& published);

  const Ground ground_;
  Options options_;
  std::shared_ptr<DeadLetters> letters_;
  struct Table {
    WriteThrough what;
    uint64_t replayed = 0;  // the last of its records
    int64_t rows = 0;
    int64_t bytes = 0;
  };
  // Fixed once it is open. By the name in the journal, in lower case.
  std::map<std::string, Table> tables_;
  // Made by Start, then fixed.
  std::map<std::string, std::unique_ptr<Shipper>> shippers_;
  std::map<const Shipper*, std::unique_ptr<Tier>> tiers_;
  // What the view looks at; gone with the outbox.
  std::shared_ptr<Outbox*> self_;
};

}  // namespace pintail::ingest
