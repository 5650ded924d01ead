// Gateway: statements that run while their client polls.
#include <utility>

#include "base/error.h"
#include "gateway/gateway_impl.h"

namespace pintail::gateway {

arrow::Result<BackgroundState> GatewayImpl::StartInBackground(const CallPtr& call,
                                                              const SessionPtr& session,
                                                              StatementRequest request) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  ARROW_RETURN_NOT_OK(call->CheckAlive());
  ARROW_RETURN_NOT_OK(CheckOwner(*call, session.get()));
  auto work = std::make_shared<Background>(call->identity(), session);
  work->call = std::make_shared<base::CallContext>(
      base::CallContext::Options{.request_id = call->request_id(),
                                 .identity = call->identity(),
                                 .peer = call->peer(),
                                 .protocol = call->protocol(),
                                 .method = call->method(),
                                 .deadline = std::nullopt});
  ARROW_ASSIGN_OR_RAISE(const auto gone, background_.Insert(work));
  if (gone) runs_->figures().ResultGaveWay();
  // The session is held as by a call until the statement is done.
  const arrow::Status submitted =
      executor_->Submit([this, work, session, request = std::move(request)] {
        RunInBackground(work, request);
      });
  if (!submitted.ok()) {
    (void)background_.Take(work->handle, work->identity);
    return submitted;
  }
  return BackgroundState{
      .handle = work->handle, .done = false, .progress = 0, .result = std::nullopt};
}

void GatewayImpl::RunInBackground(const std::shared_ptr<Background>& work,
                                  const StatementRequest& request) {
  auto outcome = [&]() -> arrow::Result<ParkedResult> {
    ARROW_ASSIGN_OR_RAISE(const Place place,
                          PlaceOf(*work->call, work->session, request.transaction_id));
    ARROW_ASSIGN_OR_RAISE(const RunPtr run,
                          StartRun(work->call, *place.session, request, work->handle));
    return ParkRequest(run, place, request, CacheAsk{}, /*eager=*/true);
  }();
  // Who sees the outcome finds it idle, too.
  std::lock_guard lock(work->mutex);
  work->outcome = std::move(outcome);
  background_.SetIdle(*work, GivesWay::kFirst);
}

arrow::Result<BackgroundState> GatewayImpl::PollBackground(const CallPtr& call,
                                                           const std::string& handle) {
  ARROW_RETURN_NOT_OK(call->CheckAlive());
  ARROW_ASSIGN_OR_RAISE(const auto work, background_.Find(handle, call->identity()));
  work->session->Touch();
  BackgroundState state{
      .handle = handle, .done = false, .progress = 0, .result = std::nullopt};
  std::lock_guard lock(work->mutex);
  if (!work->outcome) return state;
  ARROW_ASSIGN_OR_RAISE(state.result, *work->outcome);
  state.done = true;
  state.progress = 1;
  return state;
}

}  // namespace pintail::gateway
