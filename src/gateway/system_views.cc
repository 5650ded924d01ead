#include "gateway/system_views.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/array/builder_time.h"
#include "arrow/config.h"
#include "arrow/record_batch.h"
#include "arrow/table_builder.h"
#include "base/lower_case.h"
#include "cache/cache.h"
#include "columnar/schema_change.h"
#include "engine/tails.h"

namespace pintail::gateway {
namespace {

using Batch = arrow::Result<std::shared_ptr<arrow::RecordBatch>>;

const std::shared_ptr<arrow::DataType>& Instant() {
  static const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return type;
}

// Appends values to the columns of a batch, in order.
class Rows {
 public:
  static arrow::Result<Rows> Make(const std::shared_ptr<arrow::Schema>& schema) {
    ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(
                                            schema, arrow::default_memory_pool()));
    return Rows(std::move(builder));
  }

  Rows& Text(const std::string& value) {
    return Append<arrow::StringBuilder>([&](auto& each) { return each.Append(value); });
  }
  Rows& TextOrNull(const std::string& value) {
    return Append<arrow::StringBuilder>([&](auto& each) {
      return value.empty() ? each.AppendNull() : each.Append(value);
    });
  }
  Rows& Number(std::optional<int64_t> value) {
    return Append<arrow::Int64Builder>(
        [&](auto& each) { return value ? each.Append(*value) : each.AppendNull(); });
  }
  Rows& Fraction(double value) {
    return Append<arrow::DoubleBuilder>([&](auto& each) { return each.Append(value); });
  }
  Rows& Truth(bool value) {
    return Append<arrow::BooleanBuilder>([&](auto& each) { return each.Append(value); });
  }
  Rows& Time(std::optional<base::Clock::Wall> value) {
    return Append<arrow::TimestampBuilder>([&](auto& each) {
      if (!value) return each.AppendNull();
      return each.Append(
          std::chrono::duration_cast<std::chrono::microseconds>(value->time_since_epoch())
              .count());
    });
  }

  Batch Finish() {
    ARROW_RETURN_NOT_OK(status_);
    return builder_->Flush();
  }

 private:
  explicit Rows(std::unique_ptr<arrow::RecordBatchBuilder> builder)
      : builder_(std::move(builder)) {}

  template <typename Builder, typename Body>
  Rows& Append(const Body& body) {
    status_ &= body(*builder_->GetFieldAs<Builder>(column_));
    column_ = (column_ + 1) % builder_->num_fields();
    return *this;
  }

  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
  int column_ = 0;
  arrow::Status status_;
};

std::string FullName(const engine::TableName& table) {
  std::string name = table.catalog;
  for (const std::string& part : {table.schema, table.table}) {
    if (!name.empty() && !part.empty()) name += ".";
    name += part;
  }
  return name;
}

std::shared_ptr<arrow::Schema> StreamColumns() {
  return arrow::schema(
      {arrow::field("name", arrow::utf8()), arrow::field("target_table", arrow::utf8()),
       arrow::field("declared", arrow::boolean()),
       arrow::field("schema_policy", arrow::utf8()),
       arrow::field("chunk_rows", arrow::int64()),
       arrow::field("commit_rows", arrow::int64()),
       arrow::field("commit_interval_ms", arrow::int64()),
       arrow::field("rows", arrow::int64()), arrow::field("bytes", arrow::int64()),
       arrow::field("commits", arrow::int64()), arrow::field("failures", arrow::int64()),
       arrow::field("last_commit_at", Instant()),
       arrow::field("last_error", arrow::utf8()),
       arrow::field("tail_rows", arrow::int64()),
       arrow::field("tail_bytes", arrow::int64()),
       arrow::field("tail_age_ms", arrow::int64()),
       arrow::field("tail_position", arrow::int64())});
}

// What waits for the stream's table; nothing for a name that only a session can resolve.
engine::TailFigures TailOf(const catalog::StreamDeclaration& stream,
                           const std::vector<engine::TailFigures>& tails) {
  if (!stream.target) return {};
  for (const engine::TailFigures& tail : tails) {
    const bool same_schema = stream.target->schema.empty()
                                 ? tail.table.schema == "main"
                                 : base::LowerCase(stream.target->schema) ==
                                       base::LowerCase(tail.table.schema);
    if (same_schema &&
        base::LowerCase(stream.target->table) == base::LowerCase(tail.table.table)) {
      return tail;
    }
  }
  return {};
}

Batch StreamRows(const std::shared_ptr<arrow::Schema>& schema,
                 const Gateway::Rooms& rooms) {
  const auto tails = rooms.database.tails().figures();
  const auto now = rooms.clock.Now();
  ARROW_ASSIGN_OR_RAISE(Rows rows, Rows::Make(schema));
  for (const catalog::StreamState& each : rooms.streams.List()) {
    const catalog::StreamDeclaration& stream = each.declaration;
    const engine::TailFigures tail = TailOf(stream, tails);
    const auto age =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - tail.oldest);
    const catalog::StreamPolicy& policy = stream.policy;
    rows.Text(stream.name)
        .Text(stream.target ? FullName(*stream.target) : stream.name)
        .Truth(each.declared)
        .Text(std::string(columnar::SchemaPolicyName(policy.schema_policy)))
        .Number(policy.chunk_rows)
        .Number(policy.commit_rows)
        .Number(policy.commit_interval ? std::optional(policy.commit_interval->count())
                                       : std::nullopt)
        .Number(each.rows)
        .Number(each.bytes)
        .Number(each.commits)
        .Number(each.failures)
        .Time(each.last_commit)
        .TextOrNull(each.last_error)
        .Number(tail.rows)
        .Number(tail.bytes)
        .Number(tail.rows > 0 ? std::optional(age.count()) : std::nullopt)
        .Number(tail.first_position > 0
                    ? std::optional(static_cast<int64_t>(tail.first_position))
                    : std::nullopt);
  }
  return rows.Finish();
}

std::shared_ptr<arrow::Schema> SessionColumns() {
  return arrow::schema(
      {arrow::field("id", arrow::int64()), arrow::field("identity", arrow::utf8()),
       arrow::field("protocol", arrow::utf8()), arrow::field("peer", arrow::utf8()),
       arrow::field("transient", arrow::boolean()), arrow::field("opened_at", Instant()),
       arrow::field("idle_ms", arrow::int64())});
}

// Keys are not shown: who knows a key can use the session.
Batch SessionRows(const std::shared_ptr<arrow::Schema>& schema,
                  const SessionRegistry& sessions, const base::Clock& clock) {
  ARROW_ASSIGN_OR_RAISE(Rows rows, Rows::Make(schema));
  for (const SessionPtr& session : sessions.List()) {
    const Session::Identity& identity = session->identity();
    const auto since = session->IdleSince();
    const auto idle = since ? clock.Now() - *since : std::chrono::nanoseconds(0);
    rows.Number(session->number())
        .TextOrNull(identity.identity)
        .Text(identity.protocol)
        .TextOrNull(identity.peer)
        .Truth(identity.transient)
        .Time(session->opened_at())
        .Number(std::chrono::duration_cast<std::chrono::milliseconds>(idle).count());
  }
  return rows.Finish();
}

std::shared_ptr<arrow::Schema> StatementColumns() {
  return arrow::schema(
      {arrow::field("id", arrow::utf8()), arrow::field("request_id", arrow::utf8()),
       arrow::field("session", arrow::int64()), arrow::field("verb", arrow::utf8()),
       arrow::field("sql", arrow::utf8()), arrow::field("state", arrow::utf8()),
       arrow::field("started_at", Instant()),
       arrow::field("duration_ms", arrow::float64()),
       arrow::field("rows", arrow::int64()), arrow::field("error", arrow::utf8()),
       arrow::field("cache", arrow::utf8())});
}

Batch StatementRows(const std::shared_ptr<arrow::Schema>& schema,
                    const StatementLog& statements) {
  ARROW_ASSIGN_OR_RAISE(Rows rows, Rows::Make(schema));
  for (const StatementRecord& each : statements.List()) {
    rows.Text(each.id)
        .Text(each.request_id)
        .Number(each.session)
        .Text(each.verb)
        .Text(each.sql)
        .Text(each.state)
        .Time(each.started_at)
        .Fraction(std::chrono::duration<double, std::milli>(each.duration).count())
        .Number(each.rows)
        .TextOrNull(each.error)
        .TextOrNull(each.cache);
  }
  return rows.Finish();
}

std::shared_ptr<arrow::Schema> CacheColumns() {
  return arrow::schema(
      {arrow::field("query", arrow::utf8()), arrow::field("tables", arrow::utf8()),
       arrow::field("bytes", arrow::int64()), arrow::field("rows", arrow::int64()),
       arrow::field("age_ms", arrow::int64()), arrow::field("ttl_ms", arrow::int64()),
       arrow::field("hits", arrow::int64()), arrow::field("cost_ms", arrow::float64())});
}

Batch CacheRows(const std::shared_ptr<arrow::Schema>& schema, cache::Cache& cache,
                const base::Clock& clock) {
  ARROW_ASSIGN_OR_RAISE(Rows rows, Rows::Make(schema));
  for (const cache::EntryPtr& entry : cache.answers().List()) {
    const cache::Filling& filling = entry->filling();
    // Nobody is served it any more.
    if (!filling.versions.IsCurrent()) continue;
    std::string tables;
    for (const engine::TableName& table : filling.tables) {
      tables += (tables.empty() ? "" : ", ") + FullName(table);
    }
    const auto age = clock.Now() - filling.filled_at;
    rows.Text(filling.query)
        .Text(tables)
        .Number(filling.answer->bytes())
        .Number(filling.answer->rows())
        .Number(std::chrono::duration_cast<std::chrono::milliseconds>(age).count())
        .Number(filling.ttl.count())
        .Number(entry->hits())
        .Fraction(std::chrono::duration<double, std::milli>(filling.cost).count());
  }
  return rows.Finish();
}

Batch SettingRows(const std::shared_ptr<arrow::Schema>& schema,
                  const std::vector<std::array<std::string, 3>>& settings) {
  ARROW_ASSIGN_OR_RAISE(Rows rows, Rows::Make(schema));
  for (const auto& [key, value, source] : settings)
    rows.Text(key).Text(value).Text(source);
  return rows.Finish();
}

Batch VersionRow(const std::shared_ptr<arrow::Schema>& schema, const std::string& version,
                 const std::string& duckdb) {
  ARROW_ASSIGN_OR_RAISE(Rows rows, Rows::Make(schema));
  rows.Text(version).Text(duckdb).Text(arrow::GetBuildInfo().version_string);
  return rows.Finish();
}

std::shared_ptr<arrow::Schema> TextColumns(const std::vector<std::string>& names) {
  arrow::FieldVector fields;
  for (const std::string& name : names)
    fields.push_back(arrow::field(name, arrow::utf8()));
  return arrow::schema(std::move(fields));
}

}  // namespace

arrow::Status AddSystemViews(const Gateway::Rooms& rooms, const GatewayOptions& options,
                             const std::shared_ptr<Runs>& runs,
                             const std::shared_ptr<SessionRegistry>& sessions) {
  engine::Database& database = rooms.database;
  const auto empty = [](const std::shared_ptr<arrow::Schema>& schema) {
    return arrow::RecordBatch::MakeEmpty(schema);
  };
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "streams", StreamColumns(),
      [schema = StreamColumns(), empty, alive = std::weak_ptr(runs), rooms]() -> Batch {
        const auto held = alive.lock();
        return held ? StreamRows(schema, rooms) : empty(schema);
      }));
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "sessions", SessionColumns(),
      [schema = SessionColumns(), empty, alive = std::weak_ptr(sessions),
       &clock = rooms.clock]() -> Batch {
        const auto held = alive.lock();
        return held ? SessionRows(schema, *held, clock) : empty(schema);
      }));
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "statements", StatementColumns(),
      [schema = StatementColumns(), empty, alive = std::weak_ptr(runs)]() -> Batch {
        const auto held = alive.lock();
        return held ? StatementRows(schema, held->log_of_statements()) : empty(schema);
      }));
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "cache", CacheColumns(),
      [schema = CacheColumns(), empty, alive = std::weak_ptr(runs), cache = rooms.cache,
       &clock = rooms.clock]() -> Batch {
        const auto held = alive.lock();
        return held && cache ? CacheRows(schema, *cache, clock) : empty(schema);
      }));
  const auto setting_columns = TextColumns({"key", "value", "source"});
  ARROW_RETURN_NOT_OK(database.AddSystemView(
      "settings", setting_columns, [setting_columns, settings = options.settings] {
        return SettingRows(setting_columns, settings);
      }));
  const auto version_columns =
      TextColumns({"version", "duckdb_version", "arrow_version"});
  return database.AddSystemView(
      "version", version_columns,
      [version_columns, version = options.version, duckdb = database.version()] {
        return VersionRow(version_columns, version, duckdb);
      });
}

}  // namespace pintail::gateway
