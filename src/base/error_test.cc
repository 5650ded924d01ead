#include "base/error.h"

#include <set>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace pintail::base {
namespace {

struct KindCase {
  ErrorKind kind;
  std::string_view name;
  arrow::StatusCode code;
};

constexpr KindCase kKinds[] = {
    {ErrorKind::kNotFound, "not_found", arrow::StatusCode::KeyError},
    {ErrorKind::kAlreadyExists, "already_exists", arrow::StatusCode::AlreadyExists},
    {ErrorKind::kInvalidSql, "invalid_sql", arrow::StatusCode::Invalid},
    {ErrorKind::kInvalidArgument, "invalid_argument", arrow::StatusCode::Invalid},
    {ErrorKind::kUnauthenticated, "unauthenticated", arrow::StatusCode::UnknownError},
    {ErrorKind::kPermissionDenied, "permission_denied", arrow::StatusCode::UnknownError},
    {ErrorKind::kConflict, "conflict", arrow::StatusCode::UnknownError},
    {ErrorKind::kUnavailable, "unavailable", arrow::StatusCode::IOError},
    {ErrorKind::kDeadlineExceeded, "deadline_exceeded", arrow::StatusCode::Cancelled},
    {ErrorKind::kCancelled, "cancelled", arrow::StatusCode::Cancelled},
    {ErrorKind::kResourceExhausted, "resource_exhausted",
     arrow::StatusCode::CapacityError},
    {ErrorKind::kUnimplemented, "unimplemented", arrow::StatusCode::NotImplemented},
    {ErrorKind::kInternal, "internal", arrow::StatusCode::UnknownError},
};

TEST(Error, EveryKindHasItsNameAndArrowCode) {
  ASSERT_EQ(std::size(kKinds), size_t{kErrorKindCount});
  std::set<ErrorKind> seen;
  for (const KindCase& c : kKinds) {
    seen.insert(c.kind);
    EXPECT_EQ(ErrorKindName(c.kind), c.name);
    EXPECT_EQ(MakeStatus(c.kind, "x").code(), c.code) << c.name;
  }
  EXPECT_EQ(seen.size(), size_t{kErrorKindCount});
}

TEST(Error, EveryKindSurvivesBeingMadeReadAndGivenContext) {
  for (const KindCase& c : kKinds) {
    const arrow::Status made = MakeError(c.kind, "table '", "t", "' has ", 3, " rows");
    EXPECT_FALSE(made.ok());
    EXPECT_EQ(KindOf(made), c.kind) << c.name;
    EXPECT_EQ(made.message(), "table 't' has 3 rows");
    EXPECT_TRUE(HasKind(made));

    const arrow::Status wrapped = WithContext(made, "ingest");
    EXPECT_EQ(KindOf(wrapped), c.kind) << c.name;
    EXPECT_EQ(wrapped.code(), made.code()) << c.name;
    EXPECT_EQ(wrapped.message(), "ingest: table 't' has 3 rows");
  }
}

TEST(Error, StatusesOfArrowItselfGetTheNearestKind) {
  const struct {
    arrow::Status status;
    ErrorKind expected;
  } kCases[] = {
      {arrow::Status::KeyError("x"), ErrorKind::kNotFound},
      {arrow::Status::AlreadyExists("x"), ErrorKind::kAlreadyExists},
      {arrow::Status::Invalid("x"), ErrorKind::kInvalidArgument},
      {arrow::Status::TypeError("x"), ErrorKind::kInvalidArgument},
      {arrow::Status::IndexError("x"), ErrorKind::kInvalidArgument},
      {arrow::Status::SerializationError("x"), ErrorKind::kInvalidArgument},
      {arrow::Status::Cancelled("x"), ErrorKind::kCancelled},
      {arrow::Status::OutOfMemory("x"), ErrorKind::kResourceExhausted},
      {arrow::Status::CapacityError("x"), ErrorKind::kResourceExhausted},
      {arrow::Status::NotImplemented("x"), ErrorKind::kUnimplemented},
      {arrow::Status::IOError("x"), ErrorKind::kInternal},
      {arrow::Status::UnknownError("x"), ErrorKind::kInternal},
  };
  for (const auto& c : kCases) {
    EXPECT_FALSE(HasKind(c.status));
    EXPECT_EQ(KindOf(c.status), c.expected) << c.status.ToString();
    EXPECT_EQ(KindOf(WithContext(c.status, "reading")), c.expected)
        << c.status.ToString();
  }
}

}  // namespace
}  // namespace pintail::base
