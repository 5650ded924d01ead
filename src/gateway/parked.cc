// Gateway: results for clients that fetch them later.
#include <algorithm>
#include <utility>

#include "base/error.h"
#include "gateway/gateway_impl.h"
#include "gateway/statement_stream.h"
#include "query/statement_text.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;

// A kept result larger than this, or than statement.max_kept, can be fetched once only:
// what is beyond stays in DuckDB's memory, which spills.
constexpr int64_t kMaxKeptBytes = int64_t{16} << 20;

ParkedResult Announce(const Parked& parked) {
  return {.handle = parked.handle,
          .schema = parked.schema,
          .traits = parked.traits,
          .rows_changed = parked.rows_changed};
}

ParkedResult Announce(const Parked& parked, CacheOutcome outcome) {
  ParkedResult result = Announce(parked);
  result.cache = {.outcome = outcome,
                  .age = parked.found.age,
                  .answer = parked.found.entry ? parked.found.entry->answer() : nullptr};
  return result;
}

CacheOutcome OutcomeOf(const cache::Answers::Found& found) {
  return found.stale ? CacheOutcome::kStale : CacheOutcome::kHit;
}

}  // namespace

arrow::Result<ParkedResult> GatewayImpl::Park(const CallPtr& call,
                                              const SessionPtr& session,
                                              StatementRequest request) {
  ARROW_ASSIGN_OR_RAISE(const Place place,
                        PlaceOf(*call, session, request.transaction_id));
  CacheAsk ask = AskCache(*call, place, request);
  if (const auto found = FindExact(ask); found.entry) {
    if (found.refresh) Refresh(found.entry, call, session, request);
    return ParkAnswer(call, place, request, std::move(ask), found);
  }
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartRun(call, *place.session, request));
  return ParkRequest(run, place, request, ask, /*eager=*/false);
}

arrow::Result<ParkedResult> GatewayImpl::ParkAnswer(const CallPtr& call,
                                                    const Place& place,
                                                    const StatementRequest& request,
                                                    CacheAsk ask,
                                                    const cache::Answers::Found& found) {
  ARROW_RETURN_NOT_OK(call->CheckAlive());
  ARROW_RETURN_NOT_OK(CheckOpen());
  auto parked = std::make_shared<Parked>(call->identity(), place.session);
  parked->place = place;
  parked->text = request.sql;
  parked->timeout = request.timeout;
  parked->parameters = request.parameters;
  parked->schema = found.entry->answer()->schema();
  parked->traits = {.kind = engine::StatementKind::kQuery,
                    .verb = "SELECT",
                    .returns_rows = true,
                    .read_only = true};
  parked->plans = std::make_shared<PlanCache>();
  parked->ask = std::move(ask);
  parked->found = found;
  ARROW_RETURN_NOT_OK(KeepParked(parked, GivesWay::kLast));
  return Announce(*parked, OutcomeOf(found));
}

arrow::Result<ParkedResult> GatewayImpl::ParkRequest(const RunPtr& run,
                                                     const Place& place,
                                                     const StatementRequest& request,
                                                     const CacheAsk& ask, bool eager) {
  return Explained(*run, [&]() -> arrow::Result<ParkedResult> {
    ARROW_ASSIGN_OR_RAISE(Planned planned,
                          PlanText(*run, place, request.sql, request.parameters));
    return ParkPlanned(*run, std::move(planned),
                       {.place = place,
                        .ask = ask,
                        .timeout = request.timeout,
                        .parameters = request.parameters,
                        .plans = std::make_shared<PlanCache>(),
                        .eager = eager});
  });
}

void GatewayImpl::KeepBytes(const Parked& newest) {
  if (newest.kept->bytes() == 0) return;
  const std::string why =
      "gave way to a newer one: the rows of all results took more "
      "than the " +
      std::to_string(options_.max_kept_bytes) +
      " bytes that statement.max_kept allows; fetch results sooner, "
      "or raise that option";
  auto gone = parked_.TakeDownTo(options_.max_kept_bytes, newest, why);
  for (size_t i = 0; i < gone.size(); ++i) runs_->figures().ResultGaveWay();
  if (gone.empty()) return;
  runs_->CleanUp([gone]() mutable { gone.clear(); });
}

arrow::Status GatewayImpl::KeepParked(const std::shared_ptr<Parked>& parked,
                                      GivesWay gives_way) {
  ARROW_ASSIGN_OR_RAISE(auto gone, parked_.Insert(parked, gives_way));
  if (!gone) return arrow::Status::OK();
  runs_->figures().ResultGaveWay();
  runs_->CleanUp([gone]() mutable { gone.reset(); });
  return arrow::Status::OK();
}

arrow::Result<ParkedResult> GatewayImpl::ParkPlanned(StatementRun& run, Planned planned,
                                                     const ToPark& to_park) {
  auto parked = std::make_shared<Parked>(run.request().identity, to_park.place.session);
  parked->place = to_park.place;
  parked->text = planned.text;
  parked->timeout = to_park.timeout;
  parked->traits = planned.statement->traits();
  parked->plans = to_park.plans;
  parked->parameters = to_park.parameters;
  if (!planned.single && planned.statement->parameters().empty()) {
    parked->parameters = nullptr;
  }
  ARROW_RETURN_NOT_OK(
      query::CheckParameters(planned.statement->parameters(), parked->parameters.get()));

  // A read is put off as long as the announced columns are sure to be those it will have,
  // and nothing is pending in a transaction that may be over by then.
  const bool later = !to_park.eager && query::CanStream(parked->traits) &&
                     planned.lease.may_stream() &&
                     query::SchemaIsCertain(*planned.statement, parked->parameters.get());
  if (later) {
    const auto key = CacheKeyOf(planned, to_park.ask, parked->parameters);
    auto outcome = CacheOutcome::kBypass;
    parked->ask = to_park.ask;
    if (key) {
      cache::Answers& answers = rooms_.cache->answers();
      outcome = CacheOutcome::kMiss;
      if (!to_park.ask.control.no_cache) {
        parked->found = answers.Find(*key, to_park.ask.wish());
      }
      // The fetch, which finds it stale as well, makes it anew.
      if (parked->found.refresh) parked->found.entry->EndRefresh();
      if (parked->found.entry) {
        outcome = OutcomeOf(parked->found);
        if (!to_park.ask.exact_key.empty()) {
          answers.AddAlias(parked->found.entry, to_park.ask.exact_key);
        }
      }
    }
    if (to_park.ask.control.only_if_cached && !parked->found.entry) {
      return MakeError(ErrorKind::kUnavailable,
                       "there is no answer in the cache that is good enough, and the "
                       "request says only-if-cached; send it without that");
    }
    parked->schema = planned.statement->schema();
    parked->plans->Keep({planned.lease.slot(), std::move(planned.statement)});
    planned.lease.Return();
    ARROW_RETURN_NOT_OK(KeepParked(parked, GivesWay::kLast));
    run.FinishUnrecorded();
    return Announce(*parked, outcome);
  }
  // Room first: an effect must not happen whose result cannot be kept.
  ARROW_RETURN_NOT_OK(KeepParked(parked, GivesWay::kNever));
  const auto work = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(Ran ran, RunPlanned(run, to_park.place, std::move(planned),
                                              parked->parameters, /*materialize=*/true));
    parked->schema = ran.rows->schema();
    parked->rows_changed = ran.rows_changed;
    ARROW_ASSIGN_OR_RAISE(
        parked->kept, KeptRows::Make(std::move(ran.rows),
                                     std::min(kMaxKeptBytes, options_.max_kept_bytes)));
    if (ran.detached) {
      parked->plans->Keep({ran.planned.lease.slot(), std::move(ran.planned.statement)});
    }
    return arrow::Status::OK();
  };
  const arrow::Status status = work();
  if (!status.ok()) {
    (void)parked_.Take(parked->handle, parked->identity);
    return status;
  }
  parked_.SetIdle(*parked, GivesWay::kLast, parked->kept->bytes());
  KeepBytes(*parked);
  if (parked->kept->rows() > 0) run.AddReturnedRows(parked->kept->rows());
  if (parked->rows_changed) run.SetRows(*parked->rows_changed);
  run.Finish(arrow::Status::OK());
  return Announce(*parked);
}

arrow::Result<StatementResult> GatewayImpl::Fetch(const CallPtr& call,
                                                  const std::string& handle) {
  ARROW_RETURN_NOT_OK(call->CheckAlive());
  // What was fetched is only kept for a second look; what was not is waited for.
  ARROW_ASSIGN_OR_RAISE(const auto parked,
                        parked_.Find(handle, call->identity(), GivesWay::kFirst));
  parked->session->Touch();
  if (parked->found.entry) {
    const auto& filling = parked->found.entry->filling();
    if (filling.versions.IsCurrent()) return Serve(call, *parked->session, parked->found);
    return FetchNow(call, *parked);
  }
  const bool can_run = query::CanStream(parked->traits);
  if (!parked->kept || (can_run && !parked->kept->Available())) {
    return FetchNow(call, *parked);
  }
  ARROW_ASSIGN_OR_RAISE(auto rows, parked->kept->Open());
  return StatementResult{.statement_id = parked->handle,
                         .traits = parked->traits,
                         .rows = std::move(rows),
                         .rows_changed = parked->rows_changed};
}

arrow::Result<StatementResult> GatewayImpl::FetchNow(const CallPtr& call,
                                                     Parked& parked) {
  const StatementRequest request{.sql = parked.text,
                                 .transaction_id = "",
                                 .parameters = parked.parameters,
                                 .timeout = parked.timeout,
                                 .cache = parked.ask.control};
  const auto refresh = [&](const cache::EntryPtr& entry) {
    Refresh(entry, call, parked.session, request);
  };
  const auto check = [&](const arrow::Schema& schema) {
    if (schema.Equals(*parked.schema, /*check_metadata=*/false)) {
      return arrow::Status::OK();
    }
    return MakeError(ErrorKind::kConflict,
                     "the result's columns have changed since it was announced: ",
                     parked.schema->ToString(), " then, ", schema.ToString(),
                     " now; run the statement again");
  };
  if (const auto found = FindExact(parked.ask); found.entry) {
    if (found.refresh) refresh(found.entry);
    ARROW_RETURN_NOT_OK(check(*found.entry->answer()->schema()));
    return Serve(call, *parked.session, found);
  }
  ARROW_ASSIGN_OR_RAISE(const RunPtr run,
                        StartRun(call, *parked.session, request, parked.handle));
  return Explained(*run, [&]() -> arrow::Result<StatementResult> {
    const auto plan = [&] {
      return PlanAgain(*run, parked.place, parked.text, parked.traits, *parked.plans);
    };
    ARROW_ASSIGN_OR_RAISE(Planned planned, plan());
    return RunRead(run, std::move(planned),
                   {.place = parked.place,
                    .ask = parked.ask,
                    .parameters = parked.parameters,
                    .plans = parked.plans,
                    .plan = plan,
                    .check = check,
                    .refresh = refresh});
  });
}

}  // namespace pintail::gateway
