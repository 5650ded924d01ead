// Gateway: statements that may be answered from the cache.
#include <utility>

#include "base/error.h"
#include "cache/cache.h"
#include "gateway/cache_keys.h"
#include "gateway/discreet_text.h"
#include "gateway/gateway_impl.h"
#include "gateway/handle.h"
#include "gateway/read_ahead.h"
#include "query/statement_text.h"

namespace pintail::gateway {
namespace {

using cache::Flight;

// Of everything that is kept.
const engine::StatementTraits& KeptTraits() {
  static const engine::StatementTraits kTraits{.kind = engine::StatementKind::kQuery,
                                               .verb = "SELECT",
                                               .returns_rows = true,
                                               .read_only = true};
  return kTraits;
}

arrow::Status NotCached() {
  return base::MakeError(base::ErrorKind::kUnavailable,
                         "there is no answer in the cache that is good enough, and the "
                         "request says only-if-cached; send it without that");
}

CacheNote NoteOf(const cache::Answers::Found& found) {
  return {.outcome = found.stale ? CacheOutcome::kStale : CacheOutcome::kHit,
          .age = found.age,
          .answer = found.entry->answer()};
}

// Keeps the plan and gives the connection back.
void PutAside(Planned& planned, const std::shared_ptr<PlanCache>& plans) {
  if (plans) plans->Keep({planned.lease.slot(), std::move(planned.statement)});
  planned.statement.reset();
  planned.lease.Return();
}

}  // namespace

CacheAsk GatewayImpl::AskCache(const base::CallContext& call, const Place& place,
                               const StatementRequest& request) const {
  CacheAsk ask{.control = request.cache};
  if (rooms_.cache == nullptr || place.transaction || request.cache.no_store) return ask;
  auto scope = place.session->CacheScope();
  if (!scope) return ask;
  ask.of_session = scope->of_session;
  ask.ttl = place.session->cache_ttl();
  if (ask.ttl && ask.ttl->count() == 0) return ask;
  ask.wanted = true;
  ask.identity = call.identity();
  ask.scope = std::move(scope->text);
  ask.exact_key = ExactKey({.identity = ask.identity,
                            .scope = ask.scope,
                            .text = request.sql,
                            .parameters = request.parameters.get()})
                      .value_or("");
  return ask;
}

cache::Answers::Found GatewayImpl::FindExact(const CacheAsk& ask) {
  if (!ask.wanted || ask.control.no_cache || ask.exact_key.empty()) return {};
  return rooms_.cache->answers().Find(ask.exact_key, ask.wish());
}

arrow::Result<StatementResult> GatewayImpl::Serve(const CallPtr& call,
                                                  const Session& session,
                                                  const cache::Answers::Found& found) {
  ARROW_RETURN_NOT_OK(call->CheckAlive());
  ARROW_RETURN_NOT_OK(CheckOpen());
  ARROW_ASSIGN_OR_RAISE(std::string id, NewHandle());
  rooms_.cache->answers().Served(found);
  CacheNote note = NoteOf(found);
  runs_->RecordServed({.id = id,
                       .request_id = call->request_id(),
                       .session = session.number(),
                       .verb = KeptTraits().verb,
                       .sql = found.entry->filling().query,
                       .state = "done",
                       .started_at = rooms_.clock.WallNow(),
                       .rows = note.answer->rows(),
                       .error = {},
                       .cache = std::string(CacheOutcomeName(note.outcome))});
  auto rows = note.answer->Read();
  return StatementResult{.statement_id = std::move(id),
                         .traits = KeptTraits(),
                         .rows = std::move(rows),
                         .rows_changed = std::nullopt,
                         .cache = std::move(note)};
}

StatementResult GatewayImpl::Complete(const RunPtr& run, CacheNote note) {
  run->SetCache(std::string(CacheOutcomeName(note.outcome)));
  run->AddReturnedRows(note.answer->rows());
  run->Finish(arrow::Status::OK());
  return {.statement_id = run->id(),
          .traits = KeptTraits(),
          .rows = note.answer->Read(),
          .rows_changed = std::nullopt,
          .cache = note};
}

std::optional<std::string> GatewayImpl::CacheKeyOf(
    const Planned& planned, const CacheAsk& ask,
    const std::shared_ptr<arrow::RecordBatch>& parameters) const {
  if (!ask.wanted || !planned.single || !planned.lease.may_stream()) return std::nullopt;
  const engine::StatementTraits& traits = planned.statement->traits();
  if (!query::CanStream(traits) || !traits.use || !rooms_.cache->IsFor(*traits.use)) {
    return std::nullopt;
  }
  return BoundKey({.identity = ask.identity,
                   .scope = ask.scope,
                   .text = traits.use->canonical,
                   .parameters = parameters.get()},
                  *planned.statement->schema());
}

arrow::Result<StatementResult> GatewayImpl::RunAlone(const RunPtr& run, Planned planned,
                                                     const ToRun& to_run) {
  if (to_run.ask.control.only_if_cached) return NotCached();
  const auto& use = planned.statement->traits().use;
  if (rooms_.cache != nullptr && use && use->reads_source) {
    rooms_.cache->answers().CountBypass();
  }
  ARROW_ASSIGN_OR_RAISE(Ran ran, RunPlanned(*run, to_run.place, std::move(planned),
                                            to_run.parameters, /*materialize=*/false));
  ARROW_RETURN_NOT_OK(to_run.check(*ran.rows->schema()));
  run->SetCache("bypass");
  return Deliver(run, std::move(ran), to_run.plans);
}

arrow::Result<StatementResult> GatewayImpl::RunRead(const RunPtr& run, Planned planned,
                                                    const ToRun& to_run) {
  const CacheAsk& ask = to_run.ask;
  while (true) {
    const auto key = CacheKeyOf(planned, ask, to_run.parameters);
    if (!key) return RunAlone(run, std::move(planned), to_run);
    cache::Answers& answers = rooms_.cache->answers();
    if (!ask.control.no_cache) {
      const auto found = answers.Find(*key, ask.wish());
      if (found.entry) {
        PutAside(planned, to_run.plans);
        if (!ask.exact_key.empty()) answers.AddAlias(found.entry, ask.exact_key);
        answers.Served(found);
        if (found.refresh) to_run.refresh(found.entry);
        return Complete(run, NoteOf(found));
      }
    }
    if (ask.control.only_if_cached) return NotCached();
    if (!rooms_.cache->IsWorthIt(*key)) return RunAlone(run, std::move(planned), to_run);
    if (ask.control.no_cache) return Fill(run, std::move(planned), to_run, *key, {});
    auto joined = rooms_.cache->flights().Join(*key);
    if (joined.lead) {
      return Fill(run, std::move(planned), to_run, *key, std::move(joined.lead));
    }
    PutAside(planned, to_run.plans);
    answers.CountWait();
    const auto landed = joined.flight->Wait(run->stop_token());
    ARROW_RETURN_NOT_OK(run->Check());
    if (landed && landed->outcome == Flight::Outcome::kAnswered) {
      const cache::Answers::Found found{.entry = landed->entry};
      answers.Served(found);
      return Complete(run, NoteOf(found));
    }
    ARROW_ASSIGN_OR_RAISE(planned, to_run.plan());
    if (landed && landed->outcome == Flight::Outcome::kNotShared) {
      return RunAlone(run, std::move(planned), to_run);
    }
  }
}

arrow::Result<StatementResult> GatewayImpl::Fill(const RunPtr& run, Planned planned,
                                                 const ToRun& to_run,
                                                 const std::string& key,
                                                 cache::Lead lead) {
  cache::Cache& cache = *rooms_.cache;
  cache.answers().CountMiss();
  const auto use = planned.statement->traits().use;
  cache::Filling filling{.key = key, .tables = use->reads};
  filling.versions = cache.versions().Note(use->reads);
  if (lead) lead.SetVersions(filling.versions);
  const auto began = rooms_.clock.Now();
  filling.filled_at = began;
  filling.filled_wall = rooms_.clock.WallNow();
  ARROW_ASSIGN_OR_RAISE(Ran ran, RunPlanned(*run, to_run.place, std::move(planned),
                                            to_run.parameters, /*materialize=*/false));
  const auto schema = ran.rows->schema();
  ARROW_RETURN_NOT_OK(to_run.check(*schema));
  ARROW_ASSIGN_OR_RAISE(ReadAhead ahead,
                        ReadAhead::Make(*ran.rows, cache.options().max_answer_bytes));
  filling.cost = rooms_.clock.Now() - began;
  run->SetCache("miss");
  const bool worth_it = ahead.complete && filling.cost >= cache.options().min_cost;
  if (!worth_it) cache.NotWorthIt(key);
  // Planned once more, about other tables: their versions were not noted.
  const auto& used = ran.planned.statement->traits().use;
  const bool as_noted =
      used == use || (used && used->reads == use->reads &&
                      used->canonical == use->canonical && cache.IsFor(*used));
  if (worth_it && as_noted) {
    auto answer = cache::Answer::Encode(schema, ahead.batches);
    if (answer.ok()) {
      filling.answer = *std::move(answer);
      filling.query = Beginning(run->request().sql, StatementLog::kMaxTextBytes);
      filling.of_session = to_run.ask.of_session;
      filling.depends_on_time = use->depends_on_time;
      filling.ttl = cache.TtlOf(*use);
      filling.kept_for = std::max(filling.ttl, to_run.ask.ttl.value_or(filling.ttl));
      if (use->depends_on_time) filling.kept_for = filling.ttl;
      const auto entry = cache.answers().Keep(std::move(filling), to_run.ask.exact_key);
      lead.Land({Flight::Outcome::kAnswered, entry});
      ran.rows.reset();
      PutAside(ran.planned, to_run.plans);
      return Complete(run, {.outcome = CacheOutcome::kMiss, .answer = entry->answer()});
    }
  }
  lead.Land({Flight::Outcome::kNotShared, nullptr});
  ran.detached = ran.detached || ahead.complete;
  auto rest = ahead.complete ? nullptr : ran.rows;
  ran.rows = std::move(ahead).Read(schema, std::move(rest));
  StatementResult result = Deliver(run, std::move(ran), to_run.plans);
  result.cache.outcome = CacheOutcome::kMiss;
  return result;
}

void GatewayImpl::Refresh(const cache::EntryPtr& entry, const CallPtr& call,
                          const SessionPtr& session, StatementRequest request) {
  request.cache = {.no_cache = true};
  auto own = std::make_shared<base::CallContext>(
      base::CallContext::Options{.request_id = call->request_id(),
                                 .identity = call->identity(),
                                 .peer = call->peer(),
                                 .protocol = "internal",
                                 .method = "refresh of an answer",
                                 .deadline = std::nullopt});
  const arrow::Status submitted =
      executor_->Submit([this, entry, session, own, request = std::move(request)] {
        const auto refreshed = Execute(own, session, request);
        if (!refreshed.ok()) {
          runs_->log().Warn("an answer could not be made anew",
                            {{"query", entry->filling().query},
                             {"error", refreshed.status().message()}});
        }
        entry->EndRefresh();
      });
  if (!submitted.ok()) entry->EndRefresh();
}

}  // namespace pintail::gateway
