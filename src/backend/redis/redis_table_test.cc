#include "backend/redis/redis_table.h"

#include "arrow/array.h"
#include "arrow/json/from_string.h"
#include "base/error.h"
#include "gtest/gtest.h"

namespace pintail::backend {
namespace {

using base::ErrorKind;

std::shared_ptr<arrow::Schema> Items() {
  return arrow::schema({arrow::field("name", arrow::utf8()),
                        arrow::field("id", arrow::int64()),
                        arrow::field("price", arrow::decimal128(10, 2))});
}

// A reply as the server would send it, through hiredis' own parser.
Reply Parsed(const std::string& wire) {
  const std::unique_ptr<redisReader, void (*)(redisReader*)> reader(redisReaderCreate(),
                                                                    redisReaderFree);
  redisReaderFeed(reader.get(), wire.data(), wire.size());
  void* reply = nullptr;
  EXPECT_EQ(redisReaderGetReply(reader.get(), &reply), REDIS_OK);
  return Reply(static_cast<redisReply*>(reply));
}

TEST(TableKeys, KeepTablesApart) {
  const TableKeys items("shop", "items");
  EXPECT_EQ(items.schema(), "shop:items");
  EXPECT_EQ(items.row("1:2"), "shop:items:1:2");
  EXPECT_EQ(items.all_rows(), "shop:items:*");
  EXPECT_EQ(TableKeys("shop", "items:1").row("2"), "shop:items%3A1:2");
  EXPECT_EQ(TableKeys("shop", "items%3A1").schema(), "shop:items%253A1");
  EXPECT_EQ(TableKeys("s*", "a[?]").all_rows(), "s\\*:a\\[\\?\\]:*");
}

TEST(RedisTable, KeepsItsColumnsAndItsKey) {
  const RedisTable table = *RedisTable::Make("shop", "items", Items(), "id");
  const RedisTable again = *RedisTable::FromBytes("shop", "items", *table.ToBytes());
  EXPECT_TRUE(again.schema()->Equals(*Items()));
  EXPECT_EQ(again.key().name(), "id");
  EXPECT_EQ(RedisTable::Make("shop", "items", Items(), "")->key().name(), "name");
}

TEST(RedisTable, RefusesWhatIsNoTable) {
  EXPECT_EQ(base::KindOf(RedisTable::Make("s", "t", Items(), "nokey").status()),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(base::KindOf(RedisTable::Make("s", "t", arrow::schema({}), "").status()),
            ErrorKind::kInvalidArgument);
  const auto nested = arrow::schema({arrow::field("l", arrow::list(arrow::int8()))});
  EXPECT_EQ(base::KindOf(RedisTable::Make("s", "t", nested, "").status()),
            ErrorKind::kUnimplemented);
  EXPECT_FALSE(RedisTable::FromBytes("s", "t", "not a schema").ok());
}

TEST(RedisTable, WritesNullsAsMissingFields) {
  const RedisTable table = *RedisTable::Make("shop", "items", Items(), "id");
  const auto rows = *arrow::RecordBatch::FromStructArray(
      *arrow::json::ArrayFromJSONString(arrow::struct_(Items()->fields()), R"([
          {"name": null, "id": 7, "price": "1.50"},
          {"name": "pen", "id": 8, "price": null}])"));
  const auto names = *table.RowNames(*rows->column(1));
  EXPECT_EQ(names, (std::vector<std::string>{"shop:items:7", "shop:items:8"}));
  const RedisTable::Change first = *table.ChangeOf(names[0], *rows, 0);
  EXPECT_EQ(first.set, (Command{"HSET", "shop:items:7", "price", "1.50"}));
  EXPECT_EQ(first.remove, (Command{"HDEL", "shop:items:7", "name"}));
  const RedisTable::Change second = *table.ChangeOf(names[1], *rows, 1);
  EXPECT_EQ(second.set, (Command{"HSET", "shop:items:8", "name", "pen"}));
  EXPECT_EQ(second.remove, (Command{"HDEL", "shop:items:8", "price"}));
  EXPECT_EQ(base::KindOf(table.RowNames(*rows->column(0)).status()),
            ErrorKind::kInvalidArgument);
}

TEST(RedisTable, ReadsRowsAndLeavesOutThoseThatAreGone) {
  const RedisTable table = *RedisTable::Make("shop", "items", Items(), "id");
  const arrow::FieldVector columns = {Items()->field(2), Items()->field(0)};
  EXPECT_EQ(table.Read("shop:items:7", columns),
            (Command{"HMGET", "shop:items:7", "id", "price", "name"}));
  std::vector<Reply> replies;
  replies.push_back(Parsed("*3\r\n$1\r\n7\r\n$4\r\n1.50\r\n$-1\r\n"));
  replies.push_back(Parsed("*3\r\n$-1\r\n$-1\r\n$-1\r\n"));
  replies.push_back(Parsed("*3\r\n$1\r\n8\r\n$-1\r\n$3\r\npen\r\n"));
  const auto batch = *table.BatchOf(replies, columns);
  const auto expected = *arrow::RecordBatch::FromStructArray(
      *arrow::json::ArrayFromJSONString(arrow::struct_(columns), R"([
          {"price": "1.50", "name": null}, {"price": null, "name": "pen"}])"));
  EXPECT_TRUE(batch->Equals(*expected)) << batch->ToString();
  replies.push_back(Parsed("*3\r\n$1\r\n9\r\n$4\r\nmuch\r\n$-1\r\n"));
  const arrow::Status status = table.BatchOf(replies, columns).status();
  EXPECT_EQ(base::KindOf(status), ErrorKind::kInvalidArgument);
  EXPECT_TRUE(status.message().starts_with("column 'price'")) << status;
}

TEST(RedisReply, HasAKindForEveryError) {
  const std::pair<const char*, ErrorKind> rows[] = {
      {"NOAUTH Authentication required.", ErrorKind::kUnauthenticated},
      {"WRONGPASS invalid username-password pair", ErrorKind::kUnauthenticated},
      {"NOPERM no permissions", ErrorKind::kPermissionDenied},
      {"OOM command not allowed", ErrorKind::kResourceExhausted},
      {"WRONGTYPE Operation against a key", ErrorKind::kInvalidArgument},
      {"LOADING Redis is loading", ErrorKind::kUnavailable},
      {"MOVED 3999 127.0.0.1:6381", ErrorKind::kUnimplemented},
      {"ERR unknown command", ErrorKind::kInternal},
  };
  for (const auto& [text, kind] : rows) {
    const Reply reply = Parsed("-" + std::string(text) + "\r\n");
    const arrow::Status status = StatusOfReply(*reply, "cache");
    EXPECT_EQ(base::KindOf(status), kind) << text;
    EXPECT_EQ(status.message(), "source 'cache': " + std::string(text));
  }
  EXPECT_TRUE(StatusOfReply(*Parsed("+OK\r\n"), "cache").ok());
}

TEST(RedisSettings, AreReadFromTheUri) {
  const auto of = [](const std::string& text, SourceOptions options = {}) {
    options.name = "cache";
    return RedisSettingsOf(options, *ParseSourceUri(text), {});
  };
  const RedisSettings settings = *of("rediss://bob:p%40ss@host:7000/3");
  EXPECT_EQ(settings.host, "host");
  EXPECT_EQ(settings.port, 7'000);
  EXPECT_EQ(settings.username, "bob");
  EXPECT_EQ(settings.password, "p@ss");
  EXPECT_EQ(settings.database, 3);
  EXPECT_TRUE(settings.tls);
  EXPECT_EQ(of("redis://[::1]:7000")->host, "::1");
  EXPECT_EQ(of("redis://[::1]")->port, 6'379);
  EXPECT_EQ(of("redis://bob:a@h", {.password = "b", .redis_database = 2})->password, "b");
  for (const char* text :
       {"http://host", "host:1", "redis://host:port", "redis://h/x", "redis://h:0"}) {
    EXPECT_EQ(base::KindOf(of(text).status()), ErrorKind::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace pintail::backend
