#include "flight/request_kind.h"

#include <string>

#include "base/error.h"
#include "google/protobuf/any.pb.h"
#include "gtest/gtest.h"

namespace pintail::flight {
namespace {

std::string Any(const std::string& type, const std::string& value = "") {
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/" + type);
  any.set_value(value);
  return any.SerializeAsString();
}

TEST(RequestKind, TellsRequestsApart) {
  const struct {
    std::string bytes;
    RequestKind kind;
  } kTable[] = {
      {Any("arrow.flight.protocol.sql.CommandStatementQuery", "x"),
       RequestKind::kFlightSql},
      {Any("arrow.flight.protocol.sql.TicketStatementQuery"), RequestKind::kFlightSql},
      {Any("google.protobuf.StringValue"), RequestKind::kUnknown},
      {R"({"stream_name": "x"})", RequestKind::kJson},
      {" \n{", RequestKind::kJson},
      {"pintail.poll:1234", RequestKind::kPoll},
      {"SELECT 1", RequestKind::kUnknown},
      {std::string("\x00\xff", 2), RequestKind::kUnknown},
      {"", RequestKind::kUnknown},
      {"  ", RequestKind::kUnknown},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(KindOfRequest(row.bytes), row.kind) << testing::PrintToString(row.bytes);
  }
}

TEST(RequestKind, UnpacksTheNamedCommandOnly) {
  const std::string bytes = Any("arrow.flight.protocol.sql.CommandGetTables", "inside");
  EXPECT_EQ(FlightSqlCommand(bytes, "CommandGetTables"), "inside");
  EXPECT_EQ(FlightSqlCommand(bytes, "CommandGetTableTypes"), std::nullopt);
  EXPECT_EQ(FlightSqlCommand("rubbish", "CommandGetTables"), std::nullopt);
}

TEST(RequestKind, TellsTheTypeOfAnyMessage) {
  EXPECT_EQ(TypeOfMessage(Any("google.protobuf.StringValue")),
            "google.protobuf.StringValue");
  EXPECT_EQ(TypeOfMessage(Any("")), std::nullopt);
  EXPECT_EQ(TypeOfMessage(Any("not\nprintable")), std::nullopt);
  EXPECT_EQ(TypeOfMessage("SELECT 1"), std::nullopt);
  EXPECT_EQ(TypeOfMessage(""), std::nullopt);
}

TEST(RequestKind, ReadsProtobufFields) {
  const std::string message(
      "\x0a\x03"
      "abc"
      "\x10\x05"
      "\x1a\x02"
      "de",
      11);
  EXPECT_EQ(ProtobufBytes(message, 1), "abc");
  EXPECT_EQ(ProtobufBytes(message, 3), "de");
  EXPECT_EQ(ProtobufBytes(message, 2), std::nullopt);
  EXPECT_EQ(ProtobufBytes(std::string("\x0a\x7f"
                                      "abc",
                                      5),
                          1),
            std::nullopt);
}

TEST(RequestKind, FindsTheTableOfAPath) {
  using engine::TableName;
  const struct {
    std::vector<std::string> path;
    TableName table;
  } kTable[] = {
      {{"t"}, {"", "", "t"}},
      {{"s", "t"}, {"", "s", "t"}},
      {{"c", "s", "t"}, {"c", "s", "t"}},
      {{"s.t"}, {"", "s", "t"}},
      {{"c.s.t"}, {"c", "s", "t"}},
      {{"\"a.b\".\"c\"\"d\""}, {"", "a.b", "c\"d"}},
      {{"two words"}, {"", "", "two words"}},
      {{"a.b", "t"}, {"", "a.b", "t"}},
      {{"x\"; DROP TABLE y"}, {"", "", "x\"; DROP TABLE y"}},
  };
  for (const auto& row : kTable) {
    auto table = TableOfPath(row.path);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(*table, row.table) << row.path[0];
  }
}

TEST(RequestKind, RefusesAPathThatNamesNoTable) {
  for (const std::vector<std::string>& path :
       std::vector<std::vector<std::string>>{{},
                                             {""},
                                             {"a", ""},
                                             {"."},
                                             {"a."},
                                             {".a"},
                                             {"a..b"},
                                             {"\"a"},
                                             {"\"a\"b"},
                                             {"a.b.c.d"},
                                             {"a", "b", "c", "d"},
                                             {"\"\""}}) {
    auto table = TableOfPath(path);
    ASSERT_FALSE(table.ok()) << testing::PrintToString(path);
    EXPECT_EQ(base::KindOf(table.status()), base::ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace pintail::flight
