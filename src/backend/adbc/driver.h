// The handles of the ADBC API, each released with its object, in the order that the API
// asks for: a statement holds its connection, a connection its database.
//
// A database is thread-safe; a connection and its statements belong to one thread at a
// time, but for DriverStatement::Cancel.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow-adbc/adbc.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "backend/adbc/adbc_error.h"
#include "backend/pool.h"

namespace pintail::backend {

struct DriverSettings {
  std::string driver;  // path, or what the driver manager searches for
  std::vector<std::pair<std::string, std::string>> options;  // may hold secrets
};

// The library of a short name in our own folder of drivers, when it has one; anything
// else is left to the driver manager: a path, or the name of a manifest.
std::string FindDriver(const std::string& driver, const std::string& folder);

class DriverDatabase {
 public:
  // Loads the driver. NotFound when there is none; drivers may connect already.
  static arrow::Result<std::shared_ptr<DriverDatabase>> Open(
      const DriverSettings& settings, std::shared_ptr<const Blame> blame);
  ~DriverDatabase();
  DriverDatabase(const DriverDatabase&) = delete;
  DriverDatabase& operator=(const DriverDatabase&) = delete;

  AdbcDatabase* raw() { return &raw_; }
  const Blame& blame() const { return *blame_; }

 private:
  explicit DriverDatabase(std::shared_ptr<const Blame> blame)
      : blame_(std::move(blame)) {}

  const std::shared_ptr<const Blame> blame_;
  AdbcDatabase raw_{};
};

class DriverConnection final : public PooledConnection {
 public:
  static arrow::Result<std::unique_ptr<DriverConnection>> Open(
      std::shared_ptr<DriverDatabase> database);
  ~DriverConnection() override;

  // Runs `SELECT 1` to its end.
  arrow::Status Check() override;
  // The vendor's name as the driver or its server gives it; empty when they do not.
  arrow::Result<std::string> VendorName();
  arrow::Status SetOption(const char* key, const char* value);
  arrow::Status Commit();
  arrow::Status Rollback();

  AdbcConnection* raw() { return &raw_; }
  const Blame& blame() const { return database_->blame(); }

 private:
  explicit DriverConnection(std::shared_ptr<DriverDatabase> database)
      : database_(std::move(database)) {}

  const std::shared_ptr<DriverDatabase> database_;
  AdbcConnection raw_{};
};

class DriverStatement {
 public:
  static arrow::Result<std::unique_ptr<DriverStatement>> Open(
      DriverConnection* connection);
  ~DriverStatement();
  DriverStatement(const DriverStatement&) = delete;
  DriverStatement& operator=(const DriverStatement&) = delete;

  arrow::Status SetSql(const std::string& sql);
  // Some drivers take values for the parameters of a prepared statement only.
  arrow::Status Prepare();
  arrow::Status SetOption(const char* key, const std::string& value);
  // The rows' schema without running the statement; Unimplemented by many drivers.
  arrow::Result<std::shared_ptr<arrow::Schema>> ExecuteSchema();
  // Rows changed; -1 when the driver does not say.
  arrow::Result<int64_t> Execute(ArrowArrayStream* rows);
  // Takes the stream, whatever comes of it.
  arrow::Status BindStream(ArrowArrayStream* stream);
  // From any thread while a call or a stream of this statement is at work.
  void Cancel();

  const Blame& blame() const { return connection_->blame(); }

 private:
  explicit DriverStatement(DriverConnection* connection) : connection_(connection) {}

  DriverConnection* const connection_;
  AdbcStatement raw_{};
};

}  // namespace pintail::backend
