// What a driver's failure means: one table from ADBC's statuses and SQLSTATE to our
// kinds. Pure functions, callable from any thread.
#pragma once

#include <string>
#include <string_view>

#include "arrow-adbc/adbc.h"
#include "arrow/status.h"
#include "backend/source_uri.h"
#include "base/error.h"

namespace pintail::backend {

// SQLSTATE counts first, by its five characters, then by its class; then the status.
base::ErrorKind KindOfAdbcError(AdbcStatusCode status, std::string_view sqlstate);
// SQLite has no SQLSTATE, and its driver says ADBC_STATUS_IO for much, so that its words
// are looked at first.
base::ErrorKind KindOfSqliteError(AdbcStatusCode status, std::string_view message);

// Whose errors they are, and what must not be in them.
struct Blame {
  std::string source;
  Redaction redaction;
  bool is_sqlite = false;
};

// One error of the ADBC API, released with this object. Not thread-safe.
class AdbcFailure {
 public:
  AdbcFailure() = default;
  ~AdbcFailure() {
    if (error_.release) error_.release(&error_);
  }
  AdbcFailure(const AdbcFailure&) = delete;
  AdbcFailure& operator=(const AdbcFailure&) = delete;

  AdbcError* get() { return &error_; }
  // OK for ADBC_STATUS_OK, else the error, its vendor's message kept.
  arrow::Status Translate(AdbcStatusCode status, const Blame& blame) const {
    return Translate(status, &error_, blame);
  }
  static arrow::Status Translate(AdbcStatusCode status, const AdbcError* error,
                                 const Blame& blame);

 private:
  AdbcError error_ = ADBC_ERROR_INIT;
};

}  // namespace pintail::backend
