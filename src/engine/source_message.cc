#include "engine/source_message.h"

#include <span>

namespace pintail::engine {
namespace {

using base::ErrorKind;

enum class Place : uint8_t { kStart, kEnd, kAnywhere };

struct Words {
  std::string_view words;
  Place place;
  ErrorKind kind;
};

// Values and names are quoted in these, so what stands at the start is looked at first.
constexpr Words kPostgres[] = {
    {"duplicate key value", Place::kStart, ErrorKind::kAlreadyExists},
    {"invalid input", Place::kStart, ErrorKind::kInvalidArgument},
    {"invalid byte sequence", Place::kStart, ErrorKind::kInvalidArgument},
    {"null value in column", Place::kStart, ErrorKind::kInvalidArgument},
    {"new row for relation", Place::kStart, ErrorKind::kInvalidArgument},
    {"insert or update on table", Place::kStart, ErrorKind::kInvalidArgument},
    {"update or delete on table", Place::kStart, ErrorKind::kInvalidArgument},
    {"conflicting key value", Place::kStart, ErrorKind::kInvalidArgument},
    {"no partition of relation", Place::kStart, ErrorKind::kInvalidArgument},
    {"value too long", Place::kStart, ErrorKind::kInvalidArgument},
    {"value out of range", Place::kStart, ErrorKind::kInvalidArgument},
    {"numeric field overflow", Place::kStart, ErrorKind::kInvalidArgument},
    {"division by zero", Place::kStart, ErrorKind::kInvalidArgument},
    {"date/time field value out of range", Place::kStart, ErrorKind::kInvalidArgument},
    {"current transaction is aborted", Place::kStart, ErrorKind::kInvalidArgument},
    {"permission denied", Place::kStart, ErrorKind::kPermissionDenied},
    {"must be owner", Place::kStart, ErrorKind::kPermissionDenied},
    {"could not serialize access", Place::kStart, ErrorKind::kConflict},
    {"deadlock detected", Place::kStart, ErrorKind::kConflict},
    {"canceling statement due to lock timeout", Place::kStart, ErrorKind::kConflict},
    {"canceling statement due to statement timeout", Place::kStart,
     ErrorKind::kDeadlineExceeded},
    {"syntax error", Place::kStart, ErrorKind::kInvalidSql},
    {"in a read-only transaction", Place::kEnd, ErrorKind::kPermissionDenied},
    {"already exists", Place::kEnd, ErrorKind::kAlreadyExists},
    {"out of range", Place::kEnd, ErrorKind::kInvalidArgument},
    {"No space left on device", Place::kEnd, ErrorKind::kResourceExhausted},
};

constexpr Words kMysql[] = {
    {"Duplicate entry", Place::kStart, ErrorKind::kAlreadyExists},
    {"Data too long for column", Place::kStart, ErrorKind::kInvalidArgument},
    {"Data truncated for column", Place::kStart, ErrorKind::kInvalidArgument},
    {"Out of range value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Division by 0", Place::kStart, ErrorKind::kInvalidArgument},
    {"Cannot add or update a child row", Place::kStart, ErrorKind::kInvalidArgument},
    {"Cannot delete or update a parent row", Place::kStart, ErrorKind::kInvalidArgument},
    {"CONSTRAINT `", Place::kStart, ErrorKind::kInvalidArgument},
    {"Check constraint '", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect integer value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect decimal value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect double value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect string value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect datetime value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect date value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Incorrect time value", Place::kStart, ErrorKind::kInvalidArgument},
    {"Deadlock found", Place::kStart, ErrorKind::kConflict},
    {"Lock wait timeout exceeded", Place::kStart, ErrorKind::kConflict},
    {"You have an error in your SQL syntax", Place::kStart, ErrorKind::kInvalidSql},
    {"cannot be null", Place::kEnd, ErrorKind::kInvalidArgument},
    {"doesn't have a default value", Place::kEnd, ErrorKind::kInvalidArgument},
    {"already exists", Place::kEnd, ErrorKind::kAlreadyExists},
    {"command denied to user", Place::kAnywhere, ErrorKind::kPermissionDenied},
    {"value is out of range in", Place::kAnywhere, ErrorKind::kInvalidArgument},
};

bool Matches(std::string_view said, const Words& row) {
  switch (row.place) {
    case Place::kStart:
      return said.starts_with(row.words);
    case Place::kEnd:
      return said.ends_with(row.words);
    case Place::kAnywhere:
      return said.contains(row.words);
  }
  return false;
}

std::optional<ErrorKind> KindIn(std::string_view said, std::span<const Words> rows) {
  said = said.substr(0, said.find('\n'));
  for (const Words& row : rows) {
    if (Matches(said, row)) return row.kind;
  }
  return std::nullopt;
}

// What comes after the mark; a statement that is quoted before it may hold it too.
std::optional<std::string_view> After(std::string_view text, std::string_view mark) {
  const size_t at = text.rfind(mark);
  if (at == text.npos) return std::nullopt;
  return text.substr(at + mark.size());
}

}  // namespace

std::optional<ErrorKind> KindOfSourceMessage(std::string_view text) {
  if (const auto said = After(text, "ERROR:  ")) return KindIn(*said, kPostgres);
  if (!text.contains("query \"")) return std::nullopt;
  const auto said = After(text, "\": ");
  return said ? KindIn(*said, kMysql) : std::nullopt;
}

}  // namespace pintail::engine
