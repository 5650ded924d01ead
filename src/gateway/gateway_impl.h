// The one implementation of Gateway. Its methods are in a file for each theme:
// sessions.cc, statements.cc, parked.cc, prepared.cc, transactions.cc, background.cc,
// ingestion.cc, tables.cc; making, sweeping and draining in gateway.cc.
//
// It keeps no lock of its own while DuckDB works: each part it is made of guards itself.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/executor.h"
#include "cache/cache.h"
#include "gateway/cache_ask.h"
#include "gateway/gateway.h"
#include "gateway/kept_entries.h"
#include "gateway/runs.h"
#include "gateway/session_registry.h"
#include "ingest/write_path.h"

namespace pintail::gateway {

class GatewayImpl final : public Gateway {
 public:
  GatewayImpl(const Rooms& rooms, GatewayOptions options);
  ~GatewayImpl() override;

  arrow::Status Start();

  arrow::Result<SessionPtr> OpenSession(const CallPtr& call,
                                        const std::string& key) override;
  bool KnowsSession(const CallPtr& call, const std::string& key) const override;
  arrow::Result<SessionPtr> TransientSession(const CallPtr& call) override;
  arrow::Status CloseSession(const CallPtr& call, const std::string& key) override;
  arrow::Status SetSessionOption(const CallPtr& call, const SessionPtr& session,
                                 const std::string& name,
                                 const std::string& value) override;
  arrow::Result<std::map<std::string, std::string>> SessionOptions(
      const CallPtr& call, const SessionPtr& session) override;

  arrow::Result<StatementResult> Execute(const CallPtr& call, const SessionPtr& session,
                                         StatementRequest request) override;
  arrow::Result<ParkedResult> Park(const CallPtr& call, const SessionPtr& session,
                                   StatementRequest request) override;
  arrow::Result<StatementResult> Fetch(const CallPtr& call,
                                       const std::string& handle) override;
  arrow::Result<BackgroundState> StartInBackground(const CallPtr& call,
                                                   const SessionPtr& session,
                                                   StatementRequest request) override;
  arrow::Result<BackgroundState> PollBackground(const CallPtr& call,
                                                const std::string& handle) override;
  arrow::Status Cancel(const CallPtr& call, const std::string& handle) override;

  arrow::Result<PreparedInfo> Prepare(const CallPtr& call, const SessionPtr& session,
                                      const std::string& sql,
                                      const std::string& transaction_id) override;
  arrow::Result<PreparedInfo> DescribePrepared(const CallPtr& call,
                                               const std::string& handle) override;
  arrow::Status ClosePrepared(const CallPtr& call, const std::string& handle) override;
  arrow::Status Bind(const CallPtr& call, const std::string& handle,
                     std::shared_ptr<arrow::RecordBatch> parameters) override;
  arrow::Result<ParkedResult> ParkPrepared(const CallPtr& call, const std::string& handle,
                                           const CacheControl& cache) override;
  arrow::Result<StatementResult> ExecutePrepared(
      const CallPtr& call, const std::string& handle,
      std::shared_ptr<arrow::RecordBatch> parameters) override;

  arrow::Result<std::string> Begin(const CallPtr& call,
                                   const SessionPtr& session) override;
  arrow::Status Commit(const CallPtr& call, const std::string& transaction_id) override;
  arrow::Status Rollback(const CallPtr& call, const std::string& transaction_id) override;

  arrow::Result<IngestResult> Ingest(
      const CallPtr& call, const SessionPtr& session, const IngestRequest& request,
      std::shared_ptr<arrow::RecordBatchReader> batches,
      const std::function<arrow::Status(const IngestCommit&)>& on_commit) override;

  arrow::Result<std::shared_ptr<arrow::RecordBatchReader>> Tables(
      const CallPtr& call, const SessionPtr& session, const TableFilter& filter) override;
  arrow::Result<std::shared_ptr<arrow::Schema>> TableSchema(
      const CallPtr& call, const SessionPtr& session,
      const engine::TableName& table) override;

  arrow::Status CheckReady(const CallPtr& call) override;
  std::vector<std::string> Warnings() const override;
  arrow::Status Drain(std::chrono::milliseconds grace) override;
  const GatewayOptions& options() const override { return options_; }

 private:
  using RunPtr = std::shared_ptr<StatementRun>;

  // -- gateway.cc
  void Sweep();
  // `why`, when given, is told to clients that ask for its handles.
  void Close(const SessionPtr& session, const std::string& why = "");
  // Whether a session may be closed for a newcomer, and closing it.
  GivesWay Judge(const Session& session) const;
  void Evict(const SessionPtr& session);
  arrow::Status CheckOpen() const;
  // What all sessions share may be another than it was.
  void SeeSettings(const engine::SessionSettings& settings);
  // The session as long as it is the caller's; NotFound otherwise.
  static arrow::Status CheckOwner(const base::CallContext& call, const Session* session);
  arrow::Result<Place> PlaceOf(const base::CallContext& call, const SessionPtr& session,
                               const std::string& transaction_id);
  // A run of a client's statement.
  arrow::Result<RunPtr> StartRun(const CallPtr& call, const Session& session,
                                 const StatementRequest& request,
                                 const std::string& parent = "");
  arrow::Result<RunPtr> StartInternal(const CallPtr& call, const Session& session);

  // -- sessions.cc
  arrow::Status SetSetting(StatementRun& run, Session& session, const std::string& name,
                           const std::string& value);

  // -- statements.cc
  // Runs the body and writes down a failure in the run.
  template <typename Body>
  static auto Explained(StatementRun& run, const Body& body) -> decltype(body()) {
    auto result = body();
    if (result.ok()) return result;
    const arrow::Status status = run.Explain(result.status());
    run.Finish(status);
    return status;
  }
  StatementResult Deliver(const RunPtr& run, Ran ran, std::shared_ptr<PlanCache> plans);

  // -- cached.cc
  struct ToRun {
    const Place& place;
    const CacheAsk& ask;
    std::shared_ptr<arrow::RecordBatch> parameters;
    std::shared_ptr<PlanCache> plans;              // null: the plan is not kept
    std::function<arrow::Result<Planned>()> plan;  // once more
    // Whether the result's columns are those that were announced.
    std::function<arrow::Status(const arrow::Schema&)> check = [](const arrow::Schema&) {
      return arrow::Status::OK();
    };
    std::function<void(const cache::EntryPtr&)> refresh;  // in the background
  };
  CacheAsk AskCache(const base::CallContext& call, const Place& place,
                    const StatementRequest& request) const;
  cache::Answers::Found FindExact(const CacheAsk& ask);
  // A found answer for a call that has run nothing.
  arrow::Result<StatementResult> Serve(const CallPtr& call, const Session& session,
                                       const cache::Answers::Found& found);
  // An answer that ends the run.
  static StatementResult Complete(const RunPtr& run, CacheNote note);
  // Nothing: the statement has no place in the cache.
  std::optional<std::string> CacheKeyOf(
      const Planned& planned, const CacheAsk& ask,
      const std::shared_ptr<arrow::RecordBatch>& parameters) const;
  arrow::Result<StatementResult> RunAlone(const RunPtr& run, Planned planned,
                                          const ToRun& to_run);
  // From the cache, or by a run that others may wait for.
  arrow::Result<StatementResult> RunRead(const RunPtr& run, Planned planned,
                                         const ToRun& to_run);
  arrow::Result<StatementResult> Fill(const RunPtr& run, Planned planned,
                                      const ToRun& to_run, const std::string& key,
                                      cache::Lead lead);
  void Refresh(const cache::EntryPtr& entry, const CallPtr& call,
               const SessionPtr& session, StatementRequest request);

  // -- parked.cc
  struct ToPark {
    const Place& place;
    const CacheAsk& ask;
    std::optional<std::chrono::milliseconds> timeout;
    std::shared_ptr<arrow::RecordBatch> parameters;
    std::shared_ptr<PlanCache> plans;
    bool eager = false;  // run a read too
  };
  // Gives it its handle; at the bound another result gives way, one that was fetched
  // before one that was not, the longest unused first.
  arrow::Status KeepParked(const std::shared_ptr<Parked>& parked, GivesWay gives_way);
  // By the same rule, until the rows of all results fit into max_kept_bytes.
  void KeepBytes(const Parked& newest);
  arrow::Result<ParkedResult> ParkPlanned(StatementRun& run, Planned planned,
                                          const ToPark& to_park);
  arrow::Result<ParkedResult> ParkAnswer(const CallPtr& call, const Place& place,
                                         const StatementRequest& request, CacheAsk ask,
                                         const cache::Answers::Found& found);
  arrow::Result<ParkedResult> ParkRequest(const RunPtr& run, const Place& place,
                                          const StatementRequest& request,
                                          const CacheAsk& ask, bool eager);
  arrow::Result<StatementResult> FetchNow(const CallPtr& call, Parked& parked);

  // -- prepared.cc
  arrow::Status Describe(StatementRun& run, const Place& place, Prepared& prepared);
  arrow::Result<Planned> PlanPrepared(
      StatementRun& run, const Place& place, Prepared& prepared,
      const std::shared_ptr<arrow::RecordBatch>& parameters);

  // -- transactions.cc
  arrow::Status End(const CallPtr& call, const std::string& transaction_id, bool commit);

  // -- ingestion.cc
  // Counts rows of a transaction's ingest once they are committed.
  arrow::Status CountLater(const base::CallContext& call,
                           const std::string& transaction_id, const ingest::Order& order,
                           const ingest::Outcome& outcome);

  // -- background.cc
  void RunInBackground(const std::shared_ptr<Background>& work,
                       const StatementRequest& request);

  const Rooms rooms_;
  const GatewayOptions options_;
  const std::shared_ptr<Runs> runs_;
  const std::shared_ptr<SessionRegistry> sessions_;
  HandleTable<Parked> parked_;
  HandleTable<Prepared> prepared_;
  HandleTable<OpenTransaction> transactions_;
  HandleTable<Background> background_;
  ingest::WritePath write_path_;

  std::mutex ready_mutex_;
  std::unique_ptr<engine::Connection> ready_;  // protected by ready_mutex_
  std::string server_settings_;                // likewise

  // Last, so that they end first: they use all of the above.
  std::unique_ptr<base::Executor> executor_;
  std::unique_ptr<base::Timers::Handle> sweep_;
};

}  // namespace pintail::gateway
