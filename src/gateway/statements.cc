// Gateway: running statements at once, and cancelling.
#include <utility>

#include "base/error.h"
#include "gateway/gateway_impl.h"
#include "gateway/statement_stream.h"

namespace pintail::gateway {

arrow::Result<StatementResult> GatewayImpl::Execute(const CallPtr& call,
                                                    const SessionPtr& session,
                                                    StatementRequest request) {
  ARROW_ASSIGN_OR_RAISE(const Place place,
                        PlaceOf(*call, session, request.transaction_id));
  const CacheAsk ask = AskCache(*call, place, request);
  const auto refresh = [&](const cache::EntryPtr& entry) {
    Refresh(entry, call, session, request);
  };
  if (const auto found = FindExact(ask); found.entry) {
    if (found.refresh) refresh(found.entry);
    return Serve(call, *place.session, found);
  }
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartRun(call, *place.session, request));
  return Explained(*run, [&]() -> arrow::Result<StatementResult> {
    const auto plan = [&] {
      return PlanText(*run, place, request.sql, request.parameters);
    };
    ARROW_ASSIGN_OR_RAISE(Planned planned, plan());
    return RunRead(run, std::move(planned),
                   {.place = place,
                    .ask = ask,
                    .parameters = request.parameters,
                    .plans = nullptr,
                    .plan = plan,
                    .refresh = refresh});
  });
}

StatementResult GatewayImpl::Deliver(const RunPtr& run, Ran ran,
                                     std::shared_ptr<PlanCache> plans) {
  StatementResult result{.statement_id = run->id(),
                         .traits = ran.planned.statement->traits(),
                         .rows = nullptr,
                         .rows_changed = ran.rows_changed};
  Plan plan{.slot = ran.planned.lease.slot(),
            .statement = std::move(ran.planned.statement)};
  if (ran.detached) {
    if (plans) plans->Keep(std::move(plan));
    plan = {};
    ran.planned.lease.Return();
  }
  if (ran.rows->schema()->num_fields() == 0) {
    run->Finish(arrow::Status::OK());
    result.rows = std::move(ran.rows);
    return result;
  }
  result.rows = StatementStream::Make({.run = run,
                                       .lease = std::move(ran.planned.lease),
                                       .plan = std::move(plan),
                                       .plans = std::move(plans),
                                       .rows = std::move(ran.rows)});
  return result;
}

arrow::Status GatewayImpl::Cancel(const CallPtr& call, const std::string& handle) {
  bool found = parked_.Take(handle, call->identity()).ok();
  const auto background = background_.Take(handle, call->identity());
  if (background.ok()) {
    found = true;
    (*background)
        ->call->Cancel(base::ErrorKind::kCancelled,
                       "the statement was cancelled by its client");
    std::lock_guard lock((*background)->mutex);
    const auto& outcome = (*background)->outcome;
    if (outcome && outcome->ok()) {
      (void)parked_.Take(outcome->ValueUnsafe().handle, call->identity());
    }
  }
  found = runs_->Cancel(handle, call->identity()) || found;
  if (found) return arrow::Status::OK();
  return base::MakeError(base::ErrorKind::kNotFound,
                         "no such statement: it has ended, has expired or never was");
}

}  // namespace pintail::gateway
