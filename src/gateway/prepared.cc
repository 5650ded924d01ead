// Gateway: prepared statements.
#include <utility>

#include "arrow/type.h"
#include "base/error.h"
#include "gateway/gateway_impl.h"
#include "query/statement_text.h"

namespace pintail::gateway {
namespace {

std::shared_ptr<arrow::Schema> ParameterSchema(
    const std::vector<engine::StatementParameter>& parameters) {
  arrow::FieldVector fields;
  for (const engine::StatementParameter& each : parameters) {
    fields.push_back(arrow::field(each.name, each.type, /*nullable=*/true));
  }
  return arrow::schema(std::move(fields));
}

// What can be told of a text of several statements without running any: a later one may
// need what an earlier one makes, and is then unknown.
PreparedInfo DescribeSeveral(
    engine::Connection& connection,
    std::vector<std::unique_ptr<engine::ParsedStatement>> statements) {
  PreparedInfo info{.handle = "",
                    .schema = arrow::schema({}),
                    .parameter_schema = arrow::schema({}),
                    .traits = {}};
  for (size_t i = 0; i < statements.size(); ++i) {
    const auto bound = connection.Prepare(std::move(statements[i]));
    if (!bound.ok()) continue;
    if (info.parameter_schema->num_fields() == 0) {
      info.parameter_schema = ParameterSchema((*bound)->parameters());
    }
    if (i + 1 < statements.size()) continue;
    info.schema = (*bound)->schema();
    info.traits = (*bound)->traits();
  }
  // Those before the last have effects, whatever the last one is.
  info.traits.kind = engine::StatementKind::kOther;
  info.traits.read_only = false;
  if (info.traits.verb.empty()) info.traits.verb = "SEVERAL";
  return info;
}

}  // namespace

arrow::Result<PreparedInfo> GatewayImpl::Prepare(const CallPtr& call,
                                                 const SessionPtr& session,
                                                 const std::string& sql,
                                                 const std::string& transaction_id) {
  ARROW_ASSIGN_OR_RAISE(const Place place, PlaceOf(*call, session, transaction_id));
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartInternal(call, *place.session));
  auto prepared = std::make_shared<Prepared>(call->identity(), place.session);
  prepared->sql = sql;
  prepared->transaction_id = transaction_id;
  return Explained(*run, [&]() -> arrow::Result<PreparedInfo> {
    ARROW_RETURN_NOT_OK(Describe(*run, place, *prepared));
    ARROW_RETURN_NOT_OK(prepared_.Insert(prepared).status());
    prepared->info.handle = prepared->handle;
    return prepared->info;
  });
}

arrow::Status GatewayImpl::Describe(StatementRun& run, const Place& place,
                                    Prepared& prepared) {
  ARROW_ASSIGN_OR_RAISE(Lease lease, place.transaction ? place.session->LeaseTransaction(
                                                             run, place.transaction)
                                                       : place.session->LeaseAny(run));
  ARROW_RETURN_NOT_OK(lease.AttachTo(run));
  ARROW_ASSIGN_OR_RAISE(auto statements,
                        query::ParseText(lease.connection(), prepared.sql));
  prepared.single = statements.size() == 1;
  if (!prepared.single) {
    prepared.info = DescribeSeveral(lease.connection(), std::move(statements));
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(auto bound,
                        lease.connection().Prepare(std::move(statements.front())));
  prepared.info = {.handle = "",
                   .schema = bound->schema(),
                   .parameter_schema = ParameterSchema(bound->parameters()),
                   .traits = bound->traits()};
  prepared.plans->Keep({lease.slot(), std::move(bound)});
  return arrow::Status::OK();
}

arrow::Result<PreparedInfo> GatewayImpl::DescribePrepared(const CallPtr& call,
                                                          const std::string& handle) {
  ARROW_ASSIGN_OR_RAISE(const auto prepared, prepared_.Find(handle, call->identity()));
  prepared->session->Touch();
  return prepared->info;
}

arrow::Status GatewayImpl::ClosePrepared(const CallPtr& call, const std::string& handle) {
  return prepared_.Take(handle, call->identity()).status();
}

arrow::Status GatewayImpl::Bind(const CallPtr& call, const std::string& handle,
                                std::shared_ptr<arrow::RecordBatch> parameters) {
  ARROW_ASSIGN_OR_RAISE(const auto prepared, prepared_.Find(handle, call->identity()));
  prepared->session->Touch();
  const int expected = prepared->info.parameter_schema->num_fields();
  if (prepared->single && parameters && parameters->num_columns() != expected) {
    return base::MakeError(base::ErrorKind::kInvalidArgument, "the statement has ",
                           expected, expected == 1 ? " parameter" : " parameters",
                           " but ", parameters->num_columns(),
                           " values were bound; bind one value for each parameter");
  }
  std::lock_guard lock(prepared->mutex);
  prepared->bound = std::move(parameters);
  return arrow::Status::OK();
}

arrow::Result<Planned> GatewayImpl::PlanPrepared(
    StatementRun& run, const Place& place, Prepared& prepared,
    const std::shared_ptr<arrow::RecordBatch>& parameters) {
  if (!prepared.single) return PlanText(run, place, prepared.sql, parameters);
  return PlanAgain(run, place, prepared.sql, prepared.info.traits, *prepared.plans);
}

arrow::Result<ParkedResult> GatewayImpl::ParkPrepared(const CallPtr& call,
                                                      const std::string& handle,
                                                      const CacheControl& cache) {
  ARROW_ASSIGN_OR_RAISE(const auto prepared, prepared_.Find(handle, call->identity()));
  ARROW_ASSIGN_OR_RAISE(const Place place,
                        PlaceOf(*call, prepared->session, prepared->transaction_id));
  StatementRequest request{.sql = prepared->sql,
                           .transaction_id = "",
                           .parameters = nullptr,
                           .timeout = std::nullopt,
                           .cache = cache};
  {
    std::lock_guard lock(prepared->mutex);
    request.parameters = prepared->bound;
  }
  CacheAsk ask = prepared->single ? AskCache(*call, place, request) : CacheAsk{};
  if (const auto found = FindExact(ask); found.entry) {
    if (found.refresh) Refresh(found.entry, call, prepared->session, request);
    return ParkAnswer(call, place, request, std::move(ask), found);
  }
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartRun(call, *place.session, request));
  return Explained(*run, [&]() -> arrow::Result<ParkedResult> {
    ARROW_ASSIGN_OR_RAISE(Planned planned,
                          PlanPrepared(*run, place, *prepared, request.parameters));
    return ParkPlanned(
        *run, std::move(planned),
        {.place = place,
         .ask = ask,
         .timeout = std::nullopt,
         .parameters = request.parameters,
         .plans = prepared->single ? prepared->plans : std::make_shared<PlanCache>()});
  });
}

arrow::Result<StatementResult> GatewayImpl::ExecutePrepared(
    const CallPtr& call, const std::string& handle,
    std::shared_ptr<arrow::RecordBatch> parameters) {
  ARROW_ASSIGN_OR_RAISE(const auto prepared, prepared_.Find(handle, call->identity()));
  ARROW_ASSIGN_OR_RAISE(const Place place,
                        PlaceOf(*call, prepared->session, prepared->transaction_id));
  if (!parameters) {
    std::lock_guard lock(prepared->mutex);
    parameters = prepared->bound;
  }
  const StatementRequest request{.sql = prepared->sql,
                                 .transaction_id = "",
                                 .parameters = parameters,
                                 .timeout = std::nullopt};
  const CacheAsk ask = prepared->single ? AskCache(*call, place, request) : CacheAsk{};
  const auto refresh = [&](const cache::EntryPtr& entry) {
    Refresh(entry, call, prepared->session, request);
  };
  if (const auto found = FindExact(ask); found.entry) {
    if (found.refresh) refresh(found.entry);
    return Serve(call, *place.session, found);
  }
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartRun(call, *place.session, request));
  return Explained(*run, [&]() -> arrow::Result<StatementResult> {
    const auto plan = [&] { return PlanPrepared(*run, place, *prepared, parameters); };
    ARROW_ASSIGN_OR_RAISE(Planned planned, plan());
    return RunRead(run, std::move(planned),
                   {.place = place,
                    .ask = ask,
                    .parameters = parameters,
                    .plans = prepared->single ? prepared->plans : nullptr,
                    .plan = plan,
                    .refresh = refresh});
  });
}

}  // namespace pintail::gateway
