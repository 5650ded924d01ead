// Gateway: transactions that clients begin and end by their protocol.
#include <utility>

#include "base/error.h"
#include "gateway/gateway_impl.h"

namespace pintail::gateway {
namespace {

RunRequest Control(const CallPtr& call, const Session& session, const char* verb) {
  return {.call = call,
          .kind = RunKind::kControl,
          .session = session.number(),
          .identity = call->identity(),
          .parent = "",
          .sql = verb,
          .verb = verb,
          .parameters = "",
          .timeout = std::nullopt};
}

}  // namespace

arrow::Result<std::string> GatewayImpl::Begin(const CallPtr& call,
                                              const SessionPtr& session) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  ARROW_RETURN_NOT_OK(CheckOwner(*call, session.get()));
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, runs_->Start(Control(call, *session, "BEGIN")));
  return Explained(*run, [&]() -> arrow::Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(Lease lease, session->LeaseReader(*run));
    ARROW_RETURN_NOT_OK(lease.AttachTo(*run));
    auto open = std::make_shared<OpenTransaction>(call->identity(), session);
    open->slot = lease.slot();
    ARROW_RETURN_NOT_OK(lease.connection().Begin(/*for_changes=*/true));
    session->SetRole(lease, Role::kTransaction);
    lease.Return();
    const arrow::Status kept = transactions_.Insert(open).status();
    if (!kept.ok()) {
      session->CloseSlot(open->slot);
      return kept;
    }
    run->Finish(arrow::Status::OK());
    return open->handle;
  });
}

arrow::Status GatewayImpl::Commit(const CallPtr& call,
                                  const std::string& transaction_id) {
  return End(call, transaction_id, /*commit=*/true);
}

arrow::Status GatewayImpl::Rollback(const CallPtr& call,
                                    const std::string& transaction_id) {
  return End(call, transaction_id, /*commit=*/false);
}

arrow::Status GatewayImpl::End(const CallPtr& call, const std::string& transaction_id,
                               bool commit) {
  ARROW_RETURN_NOT_OK(call->CheckAlive());
  ARROW_ASSIGN_OR_RAISE(const auto open,
                        transactions_.Take(transaction_id, call->identity()));
  Session& session = *open->session;
  const auto end = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(
        const RunPtr run,
        runs_->Start(Control(call, session, commit ? "COMMIT" : "ROLLBACK")));
    const arrow::Status status = [&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(Lease lease, session.LeaseTransaction(*run, open->slot));
      // Not attached: the end of a transaction is not interrupted half-way.
      ARROW_RETURN_NOT_OK(commit ? lease.connection().Commit()
                                 : lease.connection().Rollback());
      session.SetRole(lease, Role::kReader);
      return arrow::Status::OK();
    }();
    run->Finish(run->Explain(status));
    return run->Explain(status);
  };
  const arrow::Status status = end();
  if (!status.ok()) {
    session.CloseSlot(open->slot);
    return status;
  }
  if (!commit) return status;
  std::vector<std::function<void()>> followers;
  {
    std::lock_guard lock(open->mutex);
    followers.swap(open->after_commit);
  }
  for (const auto& follow : followers) follow();
  return status;
}

}  // namespace pintail::gateway
