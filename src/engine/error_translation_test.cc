#include "engine/error_translation.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "duckdb/common/exception.hpp"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using duckdb::ErrorData;
using duckdb::ExceptionType;

struct Row {
  ExceptionType type;
  ErrorKind kind;
};

TEST(ErrorTranslation, EachTypeHasItsKind) {
  const Row rows[] = {
      {ExceptionType::PARSER, ErrorKind::kInvalidSql},
      {ExceptionType::SYNTAX, ErrorKind::kInvalidSql},
      {ExceptionType::BINDER, ErrorKind::kInvalidSql},
      {ExceptionType::CATALOG, ErrorKind::kInvalidSql},
      {ExceptionType::CONVERSION, ErrorKind::kInvalidArgument},
      {ExceptionType::OUT_OF_RANGE, ErrorKind::kInvalidArgument},
      {ExceptionType::INVALID_INPUT, ErrorKind::kInvalidArgument},
      {ExceptionType::CONSTRAINT, ErrorKind::kInvalidArgument},
      {ExceptionType::TRANSACTION, ErrorKind::kConflict},
      {ExceptionType::DEPENDENCY, ErrorKind::kConflict},
      {ExceptionType::NOT_IMPLEMENTED, ErrorKind::kUnimplemented},
      {ExceptionType::MISSING_EXTENSION, ErrorKind::kUnimplemented},
      {ExceptionType::IO, ErrorKind::kUnavailable},
      {ExceptionType::HTTP, ErrorKind::kUnavailable},
      {ExceptionType::FATAL, ErrorKind::kUnavailable},
      {ExceptionType::PERMISSION, ErrorKind::kPermissionDenied},
      {ExceptionType::INTERRUPT, ErrorKind::kCancelled},
      {ExceptionType::OUT_OF_MEMORY, ErrorKind::kResourceExhausted},
      {ExceptionType::INTERNAL, ErrorKind::kInternal},
      {ExceptionType::INVALID, ErrorKind::kInternal},
  };
  for (const Row& row : rows) {
    arrow::Status status = FromDuckDb(ErrorData(row.type, "why"));
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(base::KindOf(status), row.kind) << static_cast<int>(row.type);
  }
}

TEST(ErrorTranslation, WhatPassesThroughDuckDbKeepsItsKind) {
  for (int i = 0; i < base::kErrorKindCount; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    const auto status = Guarded([&]() -> arrow::Status {
      ThrowThroughDuckDb(base::MakeError(kind, "the source is down"));
    });
    EXPECT_EQ(base::KindOf(status), kind);
    const auto commit = ErrorOfCommit(base::MakeError(kind, "the source is down"));
    const ErrorData again(ExceptionType::TRANSACTION,
                          "Failed to commit: " + commit.RawMessage());
    EXPECT_EQ(base::KindOf(FromDuckDb(again)), kind);
    EXPECT_EQ(FromDuckDb(again).message(), "Failed to commit: the source is down");
    if (kind == ErrorKind::kCancelled) continue;
    EXPECT_EQ(status.message(), "the source is down");
  }
}

TEST(ErrorTranslation, SomeReasonsDecideForThemselves) {
  const struct {
    ExceptionType type;
    const char* text;
    ErrorKind kind;
  } kRows[] = {
      {ExceptionType::CONSTRAINT,
       "Duplicate key \"i: 1\" violates primary key constraint.",
       ErrorKind::kAlreadyExists},
      {ExceptionType::TRANSACTION,
       "Failed to commit: PRIMARY KEY or UNIQUE constraint violation: duplicate key",
       ErrorKind::kAlreadyExists},
      {ExceptionType::TRANSACTION,
       "Failed to commit: Could not write all bytes to file: No space left on device",
       ErrorKind::kResourceExhausted},
      {ExceptionType::TRANSACTION, "cannot commit - no transaction is active",
       ErrorKind::kInvalidArgument},
      {ExceptionType::IO, "No files found that match the pattern \"x.csv\"",
       ErrorKind::kNotFound},
      {ExceptionType::IO, "Extension \"/x/y.duckdb_extension\" not found.",
       ErrorKind::kNotFound},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(KindOfDuckDbError(ErrorData(row.type, row.text)), row.kind) << row.text;
  }
}

TEST(ErrorTranslation, AMessageDoesNotRepeatTheNameOfItsKind) {
  arrow::Status status = FromDuckDb(ErrorData(ExceptionType::PARSER, "syntax error"));
  EXPECT_EQ(status.message(), "syntax error");
}

TEST(ErrorTranslation, AFatalErrorSaysWhatToDo) {
  arrow::Status status = FromDuckDb(ErrorData(ExceptionType::FATAL, "broken"));
  EXPECT_NE(status.message().find("restart the server"), std::string::npos);
}

TEST(ErrorTranslation, WhatIsThrownInsideAGuardBecomesAStatus) {
  arrow::Status status = Guarded([]() -> arrow::Status {
    throw duckdb::Exception(ExceptionType::OUT_OF_MEMORY, "no room");
  });
  EXPECT_EQ(base::KindOf(status), ErrorKind::kResourceExhausted);
  status = Guarded([]() -> arrow::Status { throw std::bad_alloc(); });
  EXPECT_EQ(base::KindOf(status), ErrorKind::kResourceExhausted);
  arrow::Result<int> result =
      Guarded([]() -> arrow::Result<int> { throw std::runtime_error("odd"); });
  EXPECT_EQ(base::KindOf(result.status()), ErrorKind::kInternal);
}

}  // namespace
}  // namespace pintail::engine
