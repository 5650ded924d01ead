#include "catalog/streams.h"

#include <algorithm>
#include <utility>

namespace pintail::catalog {

Streams::Streams(const base::Clock& clock, StreamPolicy defaults,
                 std::vector<StreamDeclaration> declared, size_t max_streams)
    : clock_(clock),
      defaults_(std::move(defaults)),
      max_streams_(std::max<size_t>(max_streams, 1)) {
  for (StreamDeclaration& declaration : declared) {
    std::string name = declaration.name;
    Entry entry;
    entry.state.declaration = std::move(declaration);
    entry.state.declared = true;
    streams_.insert_or_assign(std::move(name), std::move(entry));
  }
  declared_ = streams_.size();
}

StreamDeclaration Streams::Find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = streams_.find(name);
  if (found != streams_.end() && found->second.state.declared) {
    return found->second.state.declaration;
  }
  return StreamDeclaration{.name = name, .target = std::nullopt, .policy = defaults_};
}

void Streams::RecordCommit(const StreamDeclaration& stream, int64_t rows, int64_t bytes) {
  std::lock_guard lock(mutex_);
  StreamState& state = Touch(stream).state;
  state.rows += rows;
  state.bytes += bytes;
  ++state.commits;
  state.last_commit = clock_.WallNow();
}

void Streams::RecordFailure(const StreamDeclaration& stream, const std::string& error) {
  std::lock_guard lock(mutex_);
  StreamState& state = Touch(stream).state;
  ++state.failures;
  state.last_error = error;
}

std::vector<StreamState> Streams::List() const {
  std::lock_guard lock(mutex_);
  std::vector<StreamState> list;
  list.reserve(streams_.size());
  for (const auto& [name, entry] : streams_) list.push_back(entry.state);
  return list;
}

Streams::Entry& Streams::Touch(const StreamDeclaration& stream) {
  auto found = streams_.find(stream.name);
  if (found == streams_.end()) {
    if (streams_.size() - declared_ >= max_streams_) ForgetOldest();
    Entry entry;
    entry.state.declaration = stream;
    found = streams_.emplace(stream.name, std::move(entry)).first;
  }
  // An undeclared stream may be sent to another table each time: the last one is shown.
  if (!found->second.state.declared) found->second.state.declaration = stream;
  found->second.written = ++writes_;
  return found->second;
}

void Streams::ForgetOldest() {
  auto oldest = streams_.end();
  for (auto entry = streams_.begin(); entry != streams_.end(); ++entry) {
    if (entry->second.state.declared) continue;
    if (oldest == streams_.end() || entry->second.written < oldest->second.written) {
      oldest = entry;
    }
  }
  if (oldest != streams_.end()) streams_.erase(oldest);
}

}  // namespace pintail::catalog
