#include "ingest/joined_commits.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/error.h"

namespace pintail::ingest {
namespace {

// A group is no more than what one small upload may be: who comes last in it does not
// wait long, and it is made ready in memory at once.
constexpr int64_t kMostRows = 122'880;
constexpr int64_t kMostBytes = int64_t{8} << 20;

// Others wait for what this one does, so it must come back.
template <typename Work>
auto Guarded(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return base::MakeError(
        base::ErrorKind::kInternal,
        "a commit that several uploads share has failed: ", exception.what());
  }
}

bool FitTogether(const JoinedCommits::Part& one, const JoinedCommits::Part& other) {
  return one.policy == other.policy &&
         one.schema->Equals(*other.schema, /*check_metadata=*/true);
}

}  // namespace

JoinedCommits::JoinedCommits(const base::Clock& clock, base::Timers& timers,
                             base::Metrics* metrics)
    : clock_(clock), timers_(timers) {
  if (metrics == nullptr) return;
  counters_ = {
      .groups = &metrics->GetCounter("joined_commits_total",
                                     "Commits of DuckDB that several uploads shared."),
      .parts = &metrics->GetCounter("joined_commit_parts_total",
                                    "Commits of uploads that shared them."),
      .separated = &metrics->GetCounter(
          "joined_commits_separated_total",
          "Shared commits that failed, after which each part went alone.")};
}

arrow::Status JoinedCommits::Commit(const Part& part) {
  Entry entry{.part = &part, .state = State::kWaiting, .outcome = {}, .wake = {}};
  // Ends after the lock: its end waits for its callback, which takes the lock.
  std::unique_ptr<base::Timers::Handle> alarm;
  Lock lock(mutex_);
  Queue& queue = queues_[part.place];  // stays where it is while someone is in it
  queue.entries.push_back(&entry);
  if (!IsTurn(queue, entry)) {
    lock.unlock();
    alarm = timers_.At(part.until, [this, &entry] {
      const std::lock_guard locked(mutex_);
      entry.wake.notify_one();
    });
    lock.lock();
  }
  while (true) {
    Await(lock, queue, entry);
    // Another one has committed it too, and removed it.
    if (entry.state == State::kDone) return std::move(entry.outcome);
    if (MustLeave(entry)) {
      Leave(part.place, entry);
      lock.unlock();
      ARROW_RETURN_NOT_OK(part.call.CheckAlive());
      return part.commit_alone();
    }
    Run(lock, queue, entry);
    if (entry.state != State::kDone) continue;
    Leave(part.place, entry);
    return std::move(entry.outcome);
  }
}

int64_t JoinedCommits::Waiting(const std::string& place) const {
  const std::lock_guard lock(mutex_);
  const auto queue = queues_.find(place);
  if (queue == queues_.end()) return 0;
  return static_cast<int64_t>(queue->second.entries.size());
}

bool JoinedCommits::IsTurn(const Queue& queue, const Entry& entry) {
  return !queue.running && queue.entries.front() == &entry;
}

bool JoinedCommits::MustLeave(const Entry& entry) const {
  if (entry.state == State::kTaken || entry.state == State::kDone) return false;
  return !entry.part->call.CheckAlive().ok() || clock_.Now() >= entry.part->until;
}

void JoinedCommits::Await(Lock& lock, const Queue& queue, Entry& entry) {
  const auto ready = [&] {
    return entry.state == State::kDone ||
           (entry.state != State::kTaken && IsTurn(queue, entry)) || MustLeave(entry);
  };
  while (!ready()) {
    if (entry.state == State::kTaken) {
      entry.wake.wait(lock, [&] { return entry.state != State::kTaken; });
    } else {
      entry.wake.wait(lock, entry.part->call.stop_token(),
                      [&] { return entry.state == State::kTaken || ready(); });
    }
  }
}

std::vector<JoinedCommits::Entry*> JoinedCommits::TakeGroup(const Queue& queue) {
  Entry& first = *queue.entries.front();
  std::vector<Entry*> group = {&first};
  if (first.state == State::kAlone) return group;
  int64_t rows = first.part->rows;
  int64_t bytes = first.part->bytes;
  for (Entry* entry : queue.entries) {
    const Part& part = *entry->part;
    if (entry == &first || entry->state != State::kWaiting ||
        !FitTogether(*first.part, part)) {
      continue;
    }
    rows += part.rows;
    bytes += part.bytes;
    if (rows > kMostRows || bytes > kMostBytes) break;
    group.push_back(entry);
  }
  return group;
}

void JoinedCommits::Run(Lock& lock, Queue& queue, Entry& entry) {
  const std::vector<Entry*> group = TakeGroup(queue);
  queue.running = true;
  if (group.size() > 1) {
    RunGroup(lock, entry, group);
    std::erase_if(queue.entries, [&](const Entry* each) {
      return each != &entry && each->state == State::kDone;
    });
  } else {
    lock.unlock();
    arrow::Status outcome = Guarded(entry.part->commit_alone);
    lock.lock();
    entry.outcome = std::move(outcome);
    entry.state = State::kDone;
  }
  queue.running = false;
}

void JoinedCommits::RunGroup(Lock& lock, Entry& first, const std::vector<Entry*>& group) {
  std::vector<const Part*> parts;
  for (Entry* entry : group) {
    entry->state = State::kTaken;
    parts.push_back(entry->part);
  }
  lock.unlock();
  const arrow::Result<bool> committed =
      Guarded([&] { return first.part->commit_all(parts); });
  lock.lock();
  if (committed.ok() && !*committed) return Separate(first, group);
  for (Entry* entry : group) {
    entry->outcome = committed.status();
    entry->state = State::kDone;
    entry->wake.notify_one();
  }
  if (!committed.ok() || counters_.groups == nullptr) return;
  counters_.groups->Add(1);
  counters_.parts->Add(static_cast<double>(group.size()));
}

void JoinedCommits::Separate(Entry& first, const std::vector<Entry*>& group) {
  // When the call that committed for all was cancelled, nothing is known of the others.
  const arrow::Status alive = first.part->call.CheckAlive();
  for (Entry* entry : group) {
    entry->state = alive.ok() ? State::kAlone : State::kWaiting;
    entry->wake.notify_one();
  }
  if (!alive.ok()) {
    first.outcome = alive;
    first.state = State::kDone;
  } else if (counters_.separated != nullptr) {
    counters_.separated->Add(1);
  }
}

void JoinedCommits::Leave(const std::string& place, Entry& entry) {
  Queue& queue = queues_.at(place);
  std::erase(queue.entries, &entry);
  if (queue.entries.empty()) {
    queues_.erase(place);
  } else if (!queue.running) {
    queue.entries.front()->wake.notify_one();
  }
}

}  // namespace pintail::ingest
