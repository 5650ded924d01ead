#include "catalog/source_failure.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"

namespace pintail::catalog {
namespace {

using base::ErrorKind;

struct Row {
  std::string_view words;  // as libpq, MySQL's client, and the servers say them
  ErrorKind kind;
  std::string_view advice;
};

constexpr std::string_view kLogin =
    "it does not take this login any more: ALTER SOURCE … SET (username …, password …) "
    "gives it another one";
constexpr std::string_view kFull =
    "its server has no connection left: try again, or lower the pool_max of those who "
    "use it, or raise the server's limit";
constexpr std::string_view kLost =
    "the connection to it was lost, and is made anew: what only reads may be run again; "
    "of a change, see first whether it is there";
constexpr std::string_view kForbidden =
    "the user that the source logs in as needs a grant there";

// The first that fits counts.
constexpr Row kRows[] = {
    {"password authentication failed", ErrorKind::kUnavailable, kLogin},
    {"no password supplied", ErrorKind::kUnavailable, kLogin},
    {"is not permitted to log in", ErrorKind::kUnavailable, kLogin},
    {"Access denied for user", ErrorKind::kUnavailable, kLogin},
    {"remaining connection slots", ErrorKind::kResourceExhausted, kFull},
    {"too many clients", ErrorKind::kResourceExhausted, kFull},
    {"too many connections", ErrorKind::kResourceExhausted, kFull},
    {"Too many connections", ErrorKind::kResourceExhausted, kFull},
    {"ERROR:  permission denied", ErrorKind::kPermissionDenied, kForbidden},
    {"command denied to user", ErrorKind::kPermissionDenied, kForbidden},
    {"server closed the connection", ErrorKind::kUnavailable, kLost},
    {"terminating connection", ErrorKind::kUnavailable, kLost},
    {"connection not open", ErrorKind::kUnavailable, kLost},
    {"no connection to the server", ErrorKind::kUnavailable, kLost},
    {"SSL connection has been closed", ErrorKind::kUnavailable, kLost},
    {"could not receive data from server", ErrorKind::kUnavailable, kLost},
    {"could not send data to server", ErrorKind::kUnavailable, kLost},
    {"Lost connection to", ErrorKind::kUnavailable, kLost},
    {"server has gone away", ErrorKind::kUnavailable, kLost},
};

// Only the extension of postgres keeps what it has learned of tables for good.
constexpr std::string_view kAltered =
    "a table there is no longer as it was: run CALL pg_clear_cache(), then the statement "
    "again";

// What anything else that comes from a server has in it.
constexpr std::string_view kMarks[] = {"ostgres",
                                       "libpq",
                                       "MySQL",
                                       "MariaDB",
                                       "connection to server at",
                                       "Failed to prepare COPY",
                                       "Failed to execute query"};

const Row* RowOf(std::string_view message) {
  const auto row = std::ranges::find_if(
      kRows, [&](const Row& r) { return message.contains(r.words); });
  return row == std::end(kRows) ? nullptr : row;
}

std::string Joined(std::string text, std::string_view advice) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  text += "; ";
  text += advice;
  return text;
}

}  // namespace

bool IsOfAServer(const arrow::Status& failure) {
  const std::string& said = failure.message();
  return RowOf(said) != nullptr ||
         std::ranges::any_of(kMarks,
                             [&](std::string_view mark) { return said.contains(mark); });
}

arrow::Status OfSource(const std::string& name, const std::string& type,
                       const arrow::Status& failure) {
  const std::string text = "source '" + name + "': " + failure.message();
  if (const Row* row = RowOf(failure.message())) {
    return base::MakeStatus(row->kind, Joined(text, row->advice));
  }
  if (type == "postgres" && failure.message().contains("ERROR:") &&
      failure.message().contains("does not exist")) {
    return base::MakeStatus(ErrorKind::kConflict, Joined(text, kAltered));
  }
  return base::MakeStatus(base::KindOf(failure), text);
}

}  // namespace pintail::catalog
