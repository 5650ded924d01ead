// The one registry of a server's sources: those of the configuration and those that are
// made while it runs. It keeps them attached, tells the engine about them, and shows them
// as pintail.sources.
//
// Owned by the server, outlived by the database. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "catalog/source_definition.h"
#include "catalog/source_driver.h"
#include "catalog/source_link.h"
#include "engine/database.h"
#include "engine/source_guard.h"

namespace pintail::catalog {

// A source as it is shown: nothing in it is a secret.
struct SourceInfo {
  SourceDefinition definition;  // only what ShownWords and ShownConnection leave
  SourceHealth health;
};

class Sources final : public engine::SourceGuard,
                      public std::enable_shared_from_this<Sources> {
 public:
  struct Rooms {
    engine::Database& database;
    base::Clock& clock;
    base::Log& log;
    base::Metrics& metrics;
  };
  struct Options {
    std::vector<SourceDefinition> declared;
    std::string file;  // of those made at run time; empty: they are forgotten at the end
    // How definitions are made from words, and written to and read from a file.
    std::function<arrow::Result<SourceDefinition>(const std::string&, const SourceWords&)>
        make;
    std::function<std::string(const std::vector<SourceDefinition>&)> format;
    std::function<arrow::Result<std::vector<SourceDefinition>>(const std::string&)> read;
    SourceFactory factory;  // may be empty
  };

  // Begins to attach them all and waits a moment for it; one that cannot be reached is no
  // error. InvalidArgument for two of one name, or of the database's.
  static arrow::Result<std::shared_ptr<Sources>> Open(const Rooms& rooms,
                                                      Options options);
  ~Sources() override;

  std::vector<SourceInfo> List() const;
  // NotFound when there is none.
  arrow::Result<SourceInfo> Find(const std::string& name) const;
  // The type of the source, as "postgres"; empty: there is none of this name.
  std::string TypeOf(std::string_view name) const;
  // Attaches the source to another database, as one more client of it, which may be while
  // it is down here. NotFound when there is none; errors show no secrets.
  arrow::Status AttachTo(engine::Database& other, const std::string& name) const;
  // A sentence about each one that is down.
  std::vector<std::string> Warnings() const;

  bool IsSource(std::string_view name) const override;
  uint64_t generation() const override { return generation_.load(); }
  Place default_place() const override;
  arrow::Status Explain(const arrow::Status& failure,
                        const std::vector<std::string>& names, bool* again) override;
  arrow::Status Change(const engine::SourceChange& change) override;

 private:
  using LinkPtr = std::shared_ptr<SourceLink>;

  Sources(const Rooms& rooms, Options options);

  arrow::Status OpenAll();
  arrow::Status AddView();
  arrow::Status CheckFree(const SourceDefinition& source) const;
  arrow::Result<LinkPtr> Link(SourceDefinition source);
  LinkPtr FindLink(std::string_view name) const;
  std::vector<LinkPtr> Links() const;
  // Writes what the file should hold when `changed` has taken the place of the source of
  // that name, or without it when it is null.
  arrow::Status Keep(const std::string& name, const SourceDefinition* changed);
  arrow::Status Create(const engine::SourceChange& change);
  arrow::Status Alter(const engine::SourceChange& change);
  arrow::Status Drop(const engine::SourceChange& change);
  arrow::Status Put(const SourceDefinition& source);
  static arrow::Status CheckMayChange(const SourceDefinition& source);

  const Rooms rooms_;
  const Options options_;
  std::string database_name_;
  std::atomic<uint64_t> generation_{1};
  std::mutex changing_;  // one change at a time

  mutable std::mutex mutex_;
  std::map<std::string, LinkPtr> links_;  // by name in lower case; protected by mutex_
};

}  // namespace pintail::catalog
