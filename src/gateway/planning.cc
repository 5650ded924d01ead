#include "gateway/planning.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "query/statement_text.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;
using Statements = std::vector<std::unique_ptr<engine::ParsedStatement>>;

arrow::Result<Lease> LeaseFor(StatementRun& run, const Place& place, bool at_home,
                              const std::shared_ptr<Slot>& preferred = nullptr) {
  Session& session = *place.session;
  arrow::Result<Lease> lease = place.transaction
                                   ? session.LeaseTransaction(run, place.transaction)
                               : at_home ? session.LeaseHome(run)
                                         : session.LeaseAny(run, preferred);
  ARROW_RETURN_NOT_OK(lease.status());
  ARROW_RETURN_NOT_OK(lease->AttachTo(run));
  return lease;
}

void LetGo(Planned& planned) {
  planned.statement.reset();
  planned.lease.Return();
}

// Binds the statement; one that concerns the connection moves to the home.
arrow::Result<Planned> Bind(StatementRun& run, const Place& place, Lease lease,
                            std::unique_ptr<engine::ParsedStatement> parsed) {
  Planned planned;
  planned.lease = std::move(lease);
  planned.text = parsed->text();
  ARROW_ASSIGN_OR_RAISE(planned.statement,
                        planned.lease.connection().Prepare(std::move(parsed)));
  const engine::StatementTraits traits = planned.statement->traits();
  run.SetVerb(traits.verb);
  if (place.transaction && traits.kind == engine::StatementKind::kTransaction) {
    return MakeError(ErrorKind::kInvalidArgument, traits.verb,
                     " cannot be run inside a transaction that the client began by its "
                     "protocol; end that transaction by the protocol instead");
  }
  if (planned.lease.role() != Role::kReader || !query::ConcernsTheConnection(traits)) {
    return planned;
  }
  LetGo(planned);
  ARROW_ASSIGN_OR_RAISE(planned.lease, LeaseFor(run, place, /*at_home=*/true));
  ARROW_ASSIGN_OR_RAISE(Statements again,
                        query::ParseText(planned.lease.connection(), planned.text));
  ARROW_ASSIGN_OR_RAISE(planned.statement,
                        planned.lease.connection().Prepare(std::move(again.front())));
  return planned;
}

// A setting made in a transaction is the session's too.
arrow::Status RepeatAtHome(StatementRun& run, Session& session, const std::string& text,
                           const std::shared_ptr<arrow::RecordBatch>& parameters) {
  ARROW_ASSIGN_OR_RAISE(const Lease home, session.LeaseHome(run));
  return home.connection().Run(text, {.batch = parameters, .row = 0}).status();
}

arrow::Status AfterRun(StatementRun& run, const Place& place, const Planned& planned,
                       const std::shared_ptr<arrow::RecordBatch>& parameters) {
  const engine::StatementTraits& traits = planned.statement->traits();
  if (traits.kind == engine::StatementKind::kSetting) {
    if (place.transaction) {
      ARROW_RETURN_NOT_OK(RepeatAtHome(run, *place.session, planned.text, parameters));
    }
    ARROW_ASSIGN_OR_RAISE(auto settings, planned.lease.connection().Settings());
    if (place.settings_changed) place.settings_changed(settings);
    place.session->SettingsChanged(std::move(settings));
  }
  if (traits.verb == "PREPARE" && !place.transaction) {
    place.session->PinForNamedStatements();
  }
  // What is made in no database is the session's own.
  if (traits.verb == "CREATE" && traits.read_only) place.session->HasTemporaries();
  if ((traits.verb == "DROP" || traits.verb == "ALTER") && traits.read_only) {
    place.session->TemporariesChanged();
  }
  return arrow::Status::OK();
}

arrow::Result<Planned> PlanStatements(
    StatementRun& run, const Place& place, Lease lease, Statements statements,
    const std::shared_ptr<arrow::RecordBatch>& parameters) {
  for (size_t i = 0;; ++i) {
    // Anew for each statement: the one before may have begun or ended a transaction.
    if (i > 0) {
      ARROW_ASSIGN_OR_RAISE(lease, LeaseFor(run, place, /*at_home=*/false));
    }
    ARROW_ASSIGN_OR_RAISE(Planned planned,
                          Bind(run, place, std::move(lease), std::move(statements[i])));
    planned.single = statements.size() == 1;
    if (i + 1 == statements.size()) return planned;

    const bool takes_any = !planned.statement->parameters().empty();
    const auto values = takes_any ? parameters : nullptr;
    ARROW_RETURN_NOT_OK(
        query::RunToEnd(run.context(), {.connection = planned.lease.connection(),
                                        .statement = *planned.statement,
                                        .parameters = values,
                                        .stop = run.stop_token()}));
    ARROW_RETURN_NOT_OK(AfterRun(run, place, planned, values));
    LetGo(planned);
  }
}

}  // namespace

arrow::Result<Planned> PlanText(StatementRun& run, const Place& place,
                                const std::string& sql,
                                const std::shared_ptr<arrow::RecordBatch>& parameters) {
  ARROW_ASSIGN_OR_RAISE(Lease lease, LeaseFor(run, place, /*at_home=*/false));
  ARROW_ASSIGN_OR_RAISE(Statements statements, query::ParseText(lease.connection(), sql));
  return PlanStatements(run, place, std::move(lease), std::move(statements), parameters);
}

arrow::Result<Planned> PlanAgain(StatementRun& run, const Place& place,
                                 const std::string& text,
                                 const engine::StatementTraits& traits,
                                 PlanCache& plans) {
  const bool at_home = query::ConcernsTheConnection(traits);
  ARROW_ASSIGN_OR_RAISE(Lease lease, LeaseFor(run, place, at_home, plans.slot()));
  Plan plan = plans.Take();
  if (plan.statement && plan.slot == lease.slot()) {
    run.SetVerb(traits.verb);
    return Planned{
        .lease = std::move(lease), .statement = std::move(plan.statement), .text = text};
  }
  ARROW_ASSIGN_OR_RAISE(Statements statements,
                        query::ParseText(lease.connection(), text));
  return Bind(run, place, std::move(lease), std::move(statements.front()));
}

arrow::Result<Ran> RunPlanned(StatementRun& run, const Place& place, Planned planned,
                              std::shared_ptr<arrow::RecordBatch> parameters,
                              bool materialize) {
  ARROW_RETURN_NOT_OK(run.Check());
  // The parameters of a text may have been for its other statements.
  if (!planned.single && planned.statement->parameters().empty()) parameters.reset();
  ARROW_ASSIGN_OR_RAISE(
      query::Outcome outcome,
      query::Execute(run.context(),
                     {.connection = planned.lease.connection(),
                      .statement = *planned.statement,
                      .parameters = parameters,
                      .materialize = materialize || !planned.lease.may_stream(),
                      .stop = run.stop_token()}));
  ARROW_RETURN_NOT_OK(AfterRun(run, place, planned, parameters));
  if (outcome.rows_changed) run.SetRows(*outcome.rows_changed);
  return Ran{.planned = std::move(planned),
             .rows = std::move(outcome.rows),
             .rows_changed = outcome.rows_changed,
             .detached = outcome.detached};
}

}  // namespace pintail::gateway
