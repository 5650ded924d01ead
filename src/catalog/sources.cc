#include "catalog/sources.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/whole_file.h"
#include "catalog/source_failure.h"
#include "catalog/sources_view.h"

namespace pintail::catalog {
namespace {

using base::ErrorKind;
using base::MakeError;

// How long a start waits for sources that answer slowly; they come later then.
constexpr std::chrono::milliseconds kPatience{5'000};

SourceInfo InfoOf(const SourceLink& link) {
  SourceInfo info{.definition = link.definition(), .health = link.health()};
  info.definition.connection = ShownConnection(link.definition());
  info.definition.words = ShownWords(link.definition());
  info.definition.password.clear();
  for (auto& [name, value] : info.definition.options) value = "********";
  return info;
}

arrow::Status Unknown(const std::string& name) {
  return MakeError(ErrorKind::kNotFound, "there is no source \"", name,
                   "\"; SELECT name FROM pintail.sources lists them");
}

}  // namespace

Sources::Sources(const Rooms& rooms, Options options)
    : rooms_(rooms),
      options_(std::move(options)),
      database_name_(rooms.database.name()) {}

Sources::~Sources() {
  rooms_.database.SetSources({});
  std::map<std::string, LinkPtr> links;
  {
    std::lock_guard lock(mutex_);
    links.swap(links_);
  }
}

arrow::Result<std::shared_ptr<Sources>> Sources::Open(const Rooms& rooms,
                                                      Options options) {
  std::shared_ptr<Sources> sources(new Sources(rooms, std::move(options)));
  rooms.database.SetSources(sources);
  ARROW_RETURN_NOT_OK(sources->OpenAll());
  ARROW_RETURN_NOT_OK(sources->AddView());
  return sources;
}

arrow::Status Sources::OpenAll() {
  std::vector<SourceDefinition> all = options_.declared;
  std::error_code ignored;
  if (!options_.file.empty() && std::filesystem::exists(options_.file, ignored)) {
    ARROW_ASSIGN_OR_RAISE(auto kept, options_.read(options_.file));
    for (SourceDefinition& source : kept) {
      source.origin = "CREATE SOURCE";
      const auto same = [&source](const SourceDefinition& other) {
        return base::LowerCase(other.name) == base::LowerCase(source.name);
      };
      if (std::ranges::any_of(all, same)) {
        rooms_.log.Warn(
            "a source that was made at run time gives way to the configuration",
            {{"source", source.name}});
        continue;
      }
      all.push_back(std::move(source));
    }
  }
  for (SourceDefinition& source : all) {
    const arrow::Status free = CheckFree(source);
    if (!free.ok()) return base::WithContext(free, source.origin);
    ARROW_ASSIGN_OR_RAISE(const LinkPtr link, Link(std::move(source)));
    std::lock_guard lock(mutex_);
    links_[base::LowerCase(link->definition().name)] = link;
  }
  const auto until = rooms_.clock.Now() + kPatience;
  for (const LinkPtr& link : Links()) {
    if (rooms_.clock.Now() > until) break;
    (void)link->EnsureUp();
  }
  return arrow::Status::OK();
}

arrow::Status Sources::CheckFree(const SourceDefinition& source) const {
  ARROW_RETURN_NOT_OK(CheckSourceName(source.name));
  if (base::LowerCase(source.name) == base::LowerCase(database_name_)) {
    return MakeError(
        ErrorKind::kInvalidArgument, "a source cannot be called \"", source.name,
        "\", as this server's own database is called so; choose another name");
  }
  if (!source.is_default) return arrow::Status::OK();
  for (const LinkPtr& other : Links()) {
    if (!other->definition().is_default ||
        base::LowerCase(other->definition().name) == base::LowerCase(source.name)) {
      continue;
    }
    return MakeError(ErrorKind::kAlreadyExists, "the source \"", other->definition().name,
                     "\" is the default one already; there can be one only");
  }
  return arrow::Status::OK();
}

arrow::Result<Sources::LinkPtr> Sources::Link(SourceDefinition source) {
  auto driver = MakeSourceDriver(rooms_.database, source, options_.factory);
  if (!driver.ok()) {
    return driver.status().WithMessage(WithoutSecrets(source, driver.status().message()));
  }
  base::Gauge& up = rooms_.metrics.GetGauge(
      "source_up", "Whether a source can be reached: 1 or 0", {{"source", source.name}});
  base::Counter& changes = rooms_.metrics.GetCounter("source_state_changes_total",
                                                     "How often a source came or went",
                                                     {{"source", source.name}});
  up.Set(0);
  const auto on_change = [this, name = source.name, &up, &changes] {
    changes.Add();
    const LinkPtr link = FindLink(name);
    up.Set(link && link->up() ? 1 : 0);
    generation_.fetch_add(1);
  };
  return std::make_shared<SourceLink>(
      SourceLink::Rooms{.clock = rooms_.clock, .log = rooms_.log, .on_change = on_change},
      std::move(source), *std::move(driver));
}

Sources::LinkPtr Sources::FindLink(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = links_.find(base::LowerCase(name));
  return found == links_.end() ? nullptr : found->second;
}

std::vector<Sources::LinkPtr> Sources::Links() const {
  std::lock_guard lock(mutex_);
  std::vector<LinkPtr> links;
  for (const auto& [name, link] : links_) links.push_back(link);
  return links;
}

std::vector<SourceInfo> Sources::List() const {
  std::vector<SourceInfo> all;
  for (const LinkPtr& link : Links()) all.push_back(InfoOf(*link));
  return all;
}

arrow::Result<SourceInfo> Sources::Find(const std::string& name) const {
  const LinkPtr link = FindLink(name);
  if (!link) return Unknown(name);
  return InfoOf(*link);
}

std::string Sources::TypeOf(std::string_view name) const {
  const LinkPtr link = FindLink(name);
  return link ? link->definition().type : "";
}

arrow::Status Sources::AttachTo(engine::Database& other, const std::string& name) const {
  const LinkPtr link = FindLink(name);
  if (!link) return Unknown(name);
  const SourceDefinition& source = link->definition();
  const auto attach = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto driver,
                          MakeSourceDriver(other, source, options_.factory));
    return driver->Attach().status();
  };
  const arrow::Status attached = attach();
  if (attached.ok()) return attached;
  return attached.WithMessage("the source \"", source.name, "\" (",
                              ShownConnection(source),
                              "): ", WithoutSecrets(source, attached.message()));
}

std::vector<std::string> Sources::Warnings() const {
  std::vector<std::string> warnings;
  for (const LinkPtr& link : Links()) {
    if (!link->up()) warnings.push_back(link->DownError().message());
  }
  return warnings;
}

bool Sources::IsSource(std::string_view name) const { return FindLink(name) != nullptr; }

engine::SourceGuard::Place Sources::default_place() const {
  for (const LinkPtr& link : Links()) {
    if (!link->definition().is_default) continue;
    const SourceHealth health = link->health();
    if (health.state != SourceState::kUp) break;
    return {.catalog = link->definition().name, .schema = health.schema};
  }
  return {};
}

arrow::Status Sources::Explain(const arrow::Status& failure,
                               const std::vector<std::string>& names, bool* again) {
  *again = false;
  const ErrorKind kind = base::KindOf(failure);
  if (kind == ErrorKind::kCancelled || kind == ErrorKind::kDeadlineExceeded) {
    return failure;
  }
  const auto stands_there = [&](const SourceDefinition& source) {
    // In the failure's text: a view may name it.
    return failure.message().find("\"" + source.name + "\"") != std::string::npos ||
           std::ranges::any_of(names, [&](const std::string& name) {
             return base::LowerCase(name) == base::LowerCase(source.name);
           });
  };
  std::vector<LinkPtr> there;  // those needed that answer
  for (const LinkPtr& link : Links()) {
    const bool needed = stands_there(link->definition());
    const bool unqualified =
        link->definition().is_default && kind == ErrorKind::kNotFound;
    if (link->up()) {
      const bool may_be_down =
          kind == ErrorKind::kUnavailable || kind == ErrorKind::kUnauthenticated;
      if (!may_be_down || link->Check()) {
        if (needed) there.push_back(link);
        continue;
      }
      if (needed) return link->DownError();
      *again = true;  // without it: a look at all tables, say
    } else if (needed || unqualified) {
      if (link->EnsureUp()) {
        *again = true;
      } else if (needed) {
        return link->DownError();
      } else {
        return base::WithContext(link->DownError(),
                                 failure.message() + "; it may be in the default source");
      }
    }
  }
  const bool may_be_theirs =
      kind == ErrorKind::kUnavailable || kind == ErrorKind::kInternal;
  if (*again || !may_be_theirs || !IsOfAServer(failure)) return failure;
  for (const LinkPtr& link : there) {
    const SourceDefinition& source = link->definition();
    // Our own catalogs say it themselves. Of two, nobody knows which one it was.
    if (failure.message().contains("source '" + source.name + "'") || there.size() > 1) {
      return failure;
    }
    const arrow::Status told = OfSource(source.name, source.type, failure);
    return told.WithMessage(WithoutSecrets(source, told.message()));
  }
  return failure;
}

arrow::Status Sources::Change(const engine::SourceChange& change) {
  std::lock_guard one_at_a_time(changing_);
  switch (change.verb) {
    case engine::SourceChange::Verb::kCreate:
      return Create(change);
    case engine::SourceChange::Verb::kAlter:
      return Alter(change);
    case engine::SourceChange::Verb::kDrop:
      return Drop(change);
  }
  return arrow::Status::OK();
}

arrow::Status Sources::Create(const engine::SourceChange& change) {
  if (const LinkPtr there = FindLink(change.name)) {
    if (change.if_not_exists) return arrow::Status::OK();
    if (!change.or_replace) {
      return MakeError(ErrorKind::kAlreadyExists, "there is a source \"", change.name,
                       "\" already; CREATE OR REPLACE SOURCE replaces it");
    }
    ARROW_RETURN_NOT_OK(CheckMayChange(there->definition()));
  }
  ARROW_ASSIGN_OR_RAISE(SourceDefinition source,
                        options_.make(change.name, change.words));
  return Put(source);
}

arrow::Status Sources::Alter(const engine::SourceChange& change) {
  const LinkPtr there = FindLink(change.name);
  if (!there) return change.if_exists ? arrow::Status::OK() : Unknown(change.name);
  ARROW_RETURN_NOT_OK(CheckMayChange(there->definition()));
  SourceWords words = there->definition().words;
  words.insert(words.end(), change.words.begin(), change.words.end());
  ARROW_ASSIGN_OR_RAISE(SourceDefinition source,
                        options_.make(there->definition().name, words));
  return Put(source);
}

arrow::Status Sources::Drop(const engine::SourceChange& change) {
  const LinkPtr there = FindLink(change.name);
  if (!there) return change.if_exists ? arrow::Status::OK() : Unknown(change.name);
  ARROW_RETURN_NOT_OK(CheckMayChange(there->definition()));
  ARROW_RETURN_NOT_OK(Keep(change.name, nullptr));
  {
    std::lock_guard lock(mutex_);
    links_.erase(base::LowerCase(change.name));
  }
  generation_.fetch_add(1);
  there->Close();
  return arrow::Status::OK();
}

arrow::Status Sources::CheckMayChange(const SourceDefinition& source) {
  if (!source.declared) return arrow::Status::OK();
  return MakeError(ErrorKind::kPermissionDenied, "the source \"", source.name,
                   "\" is of the configuration (", source.origin,
                   "), which alone can change it; change it there and start the server "
                   "again");
}

arrow::Status Sources::Put(const SourceDefinition& given) {
  SourceDefinition source = given;
  source.origin = "CREATE SOURCE";
  ARROW_RETURN_NOT_OK(CheckFree(source));
  // Whether its words make sense shows before anything is changed.
  ARROW_RETURN_NOT_OK(
      MakeSourceDriver(rooms_.database, source, options_.factory).status());
  ARROW_RETURN_NOT_OK(Keep(source.name, &source));
  const std::string key = base::LowerCase(source.name);
  LinkPtr before;
  {
    std::lock_guard lock(mutex_);
    const auto found = links_.find(key);
    if (found != links_.end()) before = std::move(found->second);
    links_.erase(key);
  }
  generation_.fetch_add(1);
  // Detached before the new one takes the name, whoever still looks at the old one.
  if (before) before->Close();
  ARROW_ASSIGN_OR_RAISE(const LinkPtr link, Link(std::move(source)));
  {
    std::lock_guard lock(mutex_);
    links_[key] = link;
  }
  // So that the next statement finds it, or its error, there.
  (void)link->EnsureUp();
  return arrow::Status::OK();
}

arrow::Status Sources::Keep(const std::string& name, const SourceDefinition* changed) {
  if (options_.file.empty()) return arrow::Status::OK();
  std::vector<SourceDefinition> kept;
  for (const LinkPtr& link : Links()) {
    const SourceDefinition& source = link->definition();
    if (source.declared || base::LowerCase(source.name) == base::LowerCase(name))
      continue;
    kept.push_back(source);
  }
  if (changed) kept.push_back(*changed);
  const auto write = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto file, base::WholeFile::Make(options_.file));
    ARROW_RETURN_NOT_OK(file->Write(options_.format(kept)));
    return file->Commit();
  };
  const arrow::Status written = write();
  if (written.ok()) return written;
  return base::WithContext(written, "sources made while the server runs are to be kept");
}

arrow::Status Sources::AddView() {
  return AddSourcesView(rooms_.database, weak_from_this());
}

}  // namespace pintail::catalog
