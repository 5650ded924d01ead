#include "catalog/sources_view.h"

#include <string>
#include <utility>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/record_batch.h"
#include "arrow/table_builder.h"
#include "arrow/type.h"
#include "catalog/sources.h"

namespace pintail::catalog {
namespace {

const std::shared_ptr<arrow::Schema>& Columns() {
  static const auto schema = arrow::schema(
      {arrow::field("name", arrow::utf8()), arrow::field("type", arrow::utf8()),
       arrow::field("connection", arrow::utf8()), arrow::field("username", arrow::utf8()),
       arrow::field("origin", arrow::utf8()), arrow::field("declared", arrow::boolean()),
       arrow::field("is_default", arrow::boolean()),
       arrow::field("read_only", arrow::boolean()), arrow::field("state", arrow::utf8()),
       arrow::field("since", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
       arrow::field("last_error", arrow::utf8()),
       arrow::field("default_schema", arrow::utf8()),
       arrow::field("pool_min", arrow::int64()), arrow::field("pool_max", arrow::int64()),
       arrow::field("attempts", arrow::int64()),
       arrow::field("failures", arrow::int64())});
  return schema;
}

// Appends to the columns of a batch, in order.
class Row {
 public:
  explicit Row(arrow::RecordBatchBuilder& builder) : builder_(builder) {}
  Row& Text(const std::string& text) {
    auto& column = Next<arrow::StringBuilder>();
    status_ &= text.empty() ? column.AppendNull() : column.Append(text);
    return *this;
  }
  Row& Truth(bool value) {
    status_ &= Next<arrow::BooleanBuilder>().Append(value);
    return *this;
  }
  Row& Number(int64_t value) {
    status_ &= Next<arrow::Int64Builder>().Append(value);
    return *this;
  }
  Row& Time(base::Clock::Wall time) {
    status_ &= Next<arrow::TimestampBuilder>().Append(
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch())
            .count());
    return *this;
  }
  arrow::Status status() const { return status_; }

 private:
  template <typename Builder>
  Builder& Next() {
    return *builder_.GetFieldAs<Builder>(column_++);
  }

  arrow::RecordBatchBuilder& builder_;
  int column_ = 0;
  arrow::Status status_;
};

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(
    const std::vector<SourceInfo>& sources) {
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(
                                          Columns(), arrow::default_memory_pool()));
  for (const auto& [source, health] : sources) {
    Row row(*builder);
    row.Text(source.name)
        .Text(source.type)
        .Text(source.connection)
        .Text(source.username)
        .Text(source.origin)
        .Truth(source.declared)
        .Truth(source.is_default)
        .Truth(source.read_only)
        .Text(std::string(SourceStateName(health.state)))
        .Time(health.since)
        .Text(health.last_error)
        .Text(health.schema)
        .Number(source.pool_min)
        .Number(source.pool_max)
        .Number(health.attempts)
        .Number(health.failures);
    ARROW_RETURN_NOT_OK(row.status());
  }
  return builder->Flush();
}

}  // namespace

arrow::Status AddSourcesView(engine::Database& database, std::weak_ptr<Sources> sources) {
  return database.AddSystemView(
      "sources", Columns(),
      [sources =
           std::move(sources)]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        const auto alive = sources.lock();
        return RowsOf(alive ? alive->List() : std::vector<SourceInfo>());
      });
}

}  // namespace pintail::catalog
