#include "engine/duck_statement.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "duckdb/common/exception.hpp"
#include "duckdb/main/prepared_statement_data.hpp"
#include "duckdb/main/query_result.hpp"
#include "engine/arrow_collector.h"
#include "engine/copy_plan.h"
#include "engine/error_translation.h"
#include "engine/execution.h"
#include "engine/plan_use.h"
#include "engine/result_types.h"
#include "engine/source_context.h"
#include "engine/source_retry.h"
#include "engine/statement_check.h"
#include "engine/statement_tails.h"

namespace pintail::engine {
namespace {

using duckdb::LogicalTypeId;
using duckdb::StatementType;

// How the extensions tell that an outside database does not answer, or not as they had
// thought.
bool MayBeSource(const arrow::Status& failure) {
  const base::ErrorKind kind = base::KindOf(failure);
  // The server has no other login to refuse while a statement runs.
  return kind == base::ErrorKind::kUnavailable ||
         kind == base::ErrorKind::kUnauthenticated || kind == base::ErrorKind::kInternal;
}

// A result that may be of sources, whose failures while it is read are told as those
// before it.
class ExplainedStream final : public ResultStream {
 public:
  using Explain = std::function<arrow::Status(const arrow::Status&)>;

  ExplainedStream(std::unique_ptr<ResultStream> rows, Explain explain)
      : rows_(std::move(rows)), explain_(std::move(explain)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }
  std::optional<int64_t> rows_changed() const override { return rows_->rows_changed(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    const arrow::Status status = rows_->ReadNext(batch);
    return status.ok() || !MayBeSource(status) ? status : explain_(status);
  }
  arrow::Status Close() override { return rows_->Close(); }

 private:
  const std::unique_ptr<ResultStream> rows_;
  const Explain explain_;
};

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v;";
  size_t start = text.find_first_not_of(kSpace);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kSpace) - start + 1);
}

bool IsUnknown(const duckdb::LogicalType& type) {
  return type.id() == LogicalTypeId::UNKNOWN || type.id() == LogicalTypeId::INVALID ||
         type.id() == LogicalTypeId::ANY;
}

// Columns whose type depends on parameters have the null type until then.
arrow::Result<std::shared_ptr<arrow::Schema>> PlannedSchema(
    duckdb::ClientContext& context, const duckdb::PreparedStatementData& data) {
  arrow::FieldVector fields;
  std::string zone = SessionTimeZone(context);
  for (size_t i = 0; i < data.names.size(); ++i) {
    if (IsUnknown(data.types[i])) {
      fields.push_back(arrow::field(data.names[i], arrow::null()));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto field, ResultField(data.names[i], data.types[i], zone));
    fields.push_back(std::move(field));
  }
  return arrow::schema(std::move(fields));
}

arrow::Status RunInSequence(duckdb::ClientContext& context, StatementPtr statement) {
  auto result = context.Query(std::move(statement), /*allow_stream_result=*/false);
  return result->HasError() ? FromDuckDb(result->GetErrorObject()) : arrow::Status::OK();
}

// Ends the transaction that DuckDB began by itself for a sequence of statements. It does
// so only when one of them cannot be planned, and leaves the transaction open, and
// aborted, when one fails as it runs.
void RollBackSequence(duckdb::ClientContext& context) {
  auto& transaction = context.transaction;
  if (transaction.IsAutoCommit() || !transaction.GetAutoRollback()) return;
  transaction.Rollback(nullptr);
}

}  // namespace

DuckParsedStatement::DuckParsedStatement(StatementPtr statement, std::string_view sql)
    : statement_(std::move(statement)), text_(Trimmed(statement_->query)) {
  // Places in it count from the beginning of the whole text.
  statement_->query = std::string(sql);
}

DuckPreparedStatement::DuckPreparedStatement(ContextPtr context, std::string text)
    : context_(std::move(context)),
      text_(std::move(text)),
      tails_(std::make_unique<StatementTails>(*context_)) {}

DuckPreparedStatement::~DuckPreparedStatement() = default;

arrow::Result<std::unique_ptr<DuckPreparedStatement>> DuckPreparedStatement::Make(
    ContextPtr context, std::unique_ptr<ParsedStatement> parsed) {
  auto& duck_parsed = static_cast<DuckParsedStatement&>(*parsed);
  std::unique_ptr<DuckPreparedStatement> prepared(
      new DuckPreparedStatement(std::move(context), duck_parsed.text()));
  auto statement = duck_parsed.Take();
  ARROW_RETURN_NOT_OK(Guarded([&]() -> arrow::Status {
    ARROW_RETURN_NOT_OK(prepared->Expand(statement));
    for (const auto& each : prepared->sequence_) {
      ARROW_RETURN_NOT_OK(CheckServerStands(*prepared->context_, *each));
    }
    if (!prepared->sequence_.empty()) return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(CheckServerStands(*prepared->context_, *statement));
    return prepared->Plan(std::move(statement));
  }));
  return prepared;
}

arrow::Status DuckPreparedStatement::Expand(StatementPtr& statement) {
  if (statement->type != StatementType::MULTI_STATEMENT &&
      statement->type != StatementType::PRAGMA_STATEMENT) {
    return arrow::Status::OK();
  }
  const std::string query = statement->query;
  duckdb::vector<StatementPtr> statements;
  statements.push_back(std::move(statement));
  context_->PreprocessStatements(statements);
  if (statements.empty()) {
    return base::MakeError(base::ErrorKind::kInvalidSql, "there is no statement to run");
  }
  for (auto& each : statements) {
    if (each->query.empty()) each->query = query;
  }
  if (statements.size() > 1 &&
      statements.back()->type != StatementType::SELECT_STATEMENT) {
    for (auto& each : statements) sequence_.push_back(std::move(each));
    tails_->ExpectSequence(sequence_);
    DescribeUnplanned(*sequence_.front());
    return arrow::Status::OK();
  }
  statement = std::move(statements.back());
  statements.pop_back();
  for (auto& helper : statements) {
    ARROW_RETURN_NOT_OK(RunInSequence(*context_, std::move(helper)));
  }
  return arrow::Status::OK();
}

void DuckPreparedStatement::DescribeUnplanned(const duckdb::SQLStatement& statement) {
  traits_.kind = StatementKind::kOther;
  traits_.verb = statement.type == StatementType::TRANSACTION_STATEMENT
                     ? "PRAGMA"
                     : duckdb::StatementTypeToString(statement.type);
  schema_ = arrow::schema({});
}

arrow::Status DuckPreparedStatement::Plan(StatementPtr statement) {
  const auto type = statement->type;
  auto parsed = statement->Copy();
  ARROW_RETURN_NOT_OK(PlanOnCopies(std::move(statement)));
  const auto& data = *planned_->data;
  traits_ = TraitsOf(type, *parsed, data.properties);
  LearnUse(*parsed);
  if (traits_.returns_rows) {
    ARROW_ASSIGN_OR_RAISE(schema_, PlannedSchema(*context_, data));
  } else {
    schema_ = arrow::schema({});
  }
  return DescribeParameters();
}

arrow::Status DuckPreparedStatement::PlanAgain() {
  if (!planned_ || !planned_->data->unbound_statement) return arrow::Status::OK();
  auto statement = (written_ ? written_ : planned_->data->unbound_statement)->Copy();
  statement->query = planned_->query;
  const auto parsed = statement->Copy();
  ARROW_RETURN_NOT_OK(PlanOnCopies(std::move(statement)));
  LearnUse(*parsed);
  return arrow::Status::OK();
}

arrow::Status DuckPreparedStatement::PlanOnCopies(StatementPtr statement) {
  const auto plan = [&](StatementPtr what) -> arrow::Status {
    tails_->BeforePlan(*what);
    PlanUse::Of(*context_)->TakePlanned();
    auto planned = context_->Prepare(std::move(what));
    if (planned->HasError()) return FromDuckDb(planned->GetErrorObject());
    planned_ = std::move(planned);
    tails_->AfterPlan();
    return arrow::Status::OK();
  };
  auto& snapshot = *TailSnapshot::Of(*context_);
  if (!snapshot.Copies()->copies.empty()) {
    auto on_copies = statement->Copy();
    on_copies->query = statement->query;
    if (NameCopies(*context_, snapshot, *on_copies) && plan(std::move(on_copies)).ok()) {
      written_ = std::move(statement);
      return arrow::Status::OK();
    }
  }
  // It may ask for what only the source's table has.
  written_.reset();
  return plan(std::move(statement));
}

void DuckPreparedStatement::LearnUse(const duckdb::SQLStatement& parsed) {
  traits_.use = std::make_shared<const StatementUse>(
      UseOf(PlanUse::Of(*context_)->TakePlanned(), parsed, *planned_->data));
}

arrow::Status DuckPreparedStatement::DescribeParameters() {
  std::vector<std::pair<duckdb::idx_t, std::string>> by_position;
  for (const auto& [name, position] : planned_->named_param_map) {
    by_position.emplace_back(position, name);
  }
  std::ranges::sort(by_position);
  const std::string zone = SessionTimeZone(*context_);
  for (auto& [position, name] : by_position) {
    duckdb::LogicalType type;
    if (!planned_->data->TryGetType(name, type)) type = LogicalTypeId::UNKNOWN;
    StatementParameter parameter{.name = name, .type = arrow::null()};
    if (!IsUnknown(type)) {
      auto field = ResultField(name, type, zone);
      if (field.ok()) parameter.type = (*field)->type();
    }
    parameters_.push_back(std::move(parameter));
    expected_.push_back({std::move(name), std::move(type)});
  }
  return arrow::Status::OK();
}

arrow::Result<std::unique_ptr<ResultStream>> DuckPreparedStatement::RunUnplanned() {
  auto last = RunSequence();
  if (!last.ok()) RollBackSequence(*context_);
  return last;
}

arrow::Result<std::unique_ptr<ResultStream>> DuckPreparedStatement::RunSequence() {
  std::vector<StatementPtr> statements;
  for (const auto& each : sequence_) {
    statements.push_back(each->Copy());
    statements.back()->query = each->query;
  }
  for (size_t i = 0; i + 1 < statements.size(); ++i) {
    ARROW_RETURN_NOT_OK(RunInSequence(*context_, std::move(statements[i])));
  }
  auto last = context_->Prepare(std::move(statements.back()));
  if (last->HasError()) return FromDuckDb(last->GetErrorObject());
  return RunKept({.context = context_, .statement = last->data, .text = text_});
}

arrow::Result<std::unique_ptr<ResultStream>> DuckPreparedStatement::Execute(
    const ParameterRow& parameters, const ExecuteOptions& options) {
  const auto sources = SourceContext::Of(*context_);
  sources->Refresh(*context_);
  auto result = ExecuteOnce(parameters, options);
  // The extensions do not tell of a plan that it reads a source.
  if (result.ok() && traits_.returns_rows && sources->guard()) {
    return std::make_unique<ExplainedStream>(
        *std::move(result),
        [sources, text = text_, context = context_](const arrow::Status& failure) {
          bool unused = false;
          return sources->Explain(failure, text, *context, &unused);
        });
  }
  // What reads only has changed nothing yet, so it may begin anew.
  if (result.ok() || !planned_ || !MayBeSource(result.status())) return result;
  bool again = false;
  const arrow::Status told = sources->Explain(result.status(), text_, *context_, &again);
  if (!again) return told;
  if (!traits_.read_only) return result;
  ARROW_RETURN_NOT_OK(Guarded([&] { return PlanAgain(); }));
  return ExecuteOnce(parameters, options);
}

bool DuckPreparedStatement::ReadsSource() const {
  return planned_ && planned_->data->properties.always_require_rebind;
}

arrow::Result<std::unique_ptr<ResultStream>> DuckPreparedStatement::ExecuteOnce(
    const ParameterRow& parameters, const ExecuteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto values, BindParameters(*context_, expected_, parameters));
  return Guarded([&]() -> arrow::Result<std::unique_ptr<ResultStream>> {
    // What changes a temporary table counts as reading only, for DuckDB.
    const bool reads = traits_.kind == StatementKind::kQuery && traits_.read_only &&
                       traits_.verb != "EXECUTE";
    const bool changes = !reads && traits_.kind != StatementKind::kTransaction &&
                         traits_.kind != StatementKind::kSetting;
    const auto run = [&] {
      return tails_->Run(*context_, changes,
                         {.plan_again = [&] { return PlanAgain(); },
                          .execute = [&] { return Begin(values, options); }});
    };
    return ReadsSource() ? RunWithRetry(*context_, *schema_, run) : run();
  });
}

arrow::Result<std::unique_ptr<ResultStream>> DuckPreparedStatement::Begin(
    ParameterValues& values, const ExecuteOptions& options) {
  const bool in_transaction = !context_->transaction.IsAutoCommit();
  if (traits_.kind == StatementKind::kTransaction && !in_transaction) {
    ARROW_RETURN_NOT_OK(TailSnapshot::Of(*context_)->store().FlushIfFew());
  }
  // The end of a transaction may put rows of a tail into their table.
  std::unique_lock<std::shared_mutex> handover;
  if (traits_.kind == StatementKind::kTransaction || traits_.verb == "EXPLAIN") {
    handover = TailSnapshot::Of(*context_)->LockForEnd();
  }
  if (!planned_) {
    // Nothing is known of what it changes.
    PlanUse::Of(*context_)->Change({.everything = true});
    return RunUnplanned();
  }
  // Housekeeping changes nothing that clients see, or tells of it itself.
  if (!TailSnapshot::Of(*context_)->is_housekeeping()) {
    PlanUse::Of(*context_)->Change(traits_.use->changes);
  }
  const Execution execution{.context = context_,
                            .statement = planned_->data,
                            .text = planned_->query,
                            .parameters = &values,
                            .batch_bytes = options.batch_bytes,
                            .stop = options.stop};
  const bool live = !options.materialize && traits_.read_only && traits_.returns_rows &&
                    planned_->data->properties.output_type ==
                        duckdb::QueryResultOutputType::ALLOW_STREAMING;
  auto rows = live ? RunLive(execution) : RunKept(execution);
  // It was planned once more, perhaps about other tables.
  if (auto use = PlanUse::Of(*context_)->TakePlanned()) {
    const auto& parsed = written_ ? *written_ : *planned_->data->unbound_statement;
    traits_.use = std::make_shared<const StatementUse>(
        UseOf(std::move(use), parsed, *planned_->data));
  }
  const bool begun = traits_.kind == StatementKind::kTransaction &&
                     !context_->transaction.IsAutoCommit();
  if (begun) TailSnapshot::Of(*context_)->Pin();
  return rows;
}

}  // namespace pintail::engine
