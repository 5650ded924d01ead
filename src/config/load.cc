#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>

#include <unistd.h>

#include "base/error.h"
#include "base/lower_case.h"
#include "config/file.h"
#include "config/legacy.h"
#include "config/nearest.h"
#include "config/sources.h"

namespace pintail::config {
namespace {

// Of the program's start script and build, not settings.
const std::set<std::string, std::less<>>& OtherVariables() {
  static const std::set<std::string, std::less<>> names = {
      "PINTAIL_CONFIG", "PINTAIL_HOME", "PINTAIL_TOOLBOX", "PINTAIL_CACHE",
      "PINTAIL_NO_TOOLBOX"};
  return names;
}

std::optional<std::string> FileToRead(const Sources& sources) {
  if (sources.file) return sources.file;
  const auto named = sources.environment.find("PINTAIL_CONFIG");
  if (named != sources.environment.end() && !named->second.empty()) return named->second;
  for (const std::string& path : sources.usual_files) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) return path;
  }
  return std::nullopt;
}

void AddVariables(const Environment& environment, std::vector<Assignment>* assignments,
                  LegacyValues* legacy) {
  for (const Option& option : Options()) {
    const std::string variable = VariableOf(option);
    const auto found = environment.find(variable);
    if (found == environment.end() || found->second.empty()) continue;
    assignments->push_back({.option = &option,
                            .texts = {found->second},
                            .origin = Origin::kEnvironment,
                            .where = variable});
  }
  for (const LegacyName& name : LegacyNames()) {
    for (const std::string_view variable : name.variables) {
      const auto found = environment.find(std::string(variable));
      if (found == environment.end() || found->second.empty()) continue;
      (*legacy)[std::string(name.name)] = {.texts = {found->second},
                                           .origin = Origin::kEnvironment,
                                           .where = found->first};
      break;
    }
  }
}

// A variable that is nearly one of ours was probably meant to be it.
void NoteMistypedVariables(const Environment& environment,
                           std::vector<std::string>* notes) {
  std::vector<std::string> known(OtherVariables().begin(), OtherVariables().end());
  for (const Option& option : Options()) known.push_back(VariableOf(option));
  for (const auto& [name, value] : environment) {
    if (!name.starts_with("PINTAIL_")) continue;
    const std::string nearest = NearestName(name, known);
    if (nearest == name || EditDistance(nearest, name) > 2) continue;
    notes->push_back("the environment variable " + name +
                     " is not a setting; did you mean " + nearest + "?");
  }
}

const Option* FindFlag(std::string_view flag) {
  const auto options = Options();
  const auto found = std::ranges::find_if(options, [flag](const Option& option) {
    return FlagOf(option) == flag || (!flag.empty() && option.short_flag == flag);
  });
  return found == options.end() ? nullptr : &*found;
}

arrow::Status AddFlags(const std::vector<FlagValue>& flags,
                       std::vector<Assignment>* assignments, LegacyValues* legacy) {
  for (const FlagValue& given : flags) {
    if (const Option* option = FindFlag(given.flag)) {
      assignments->push_back({.option = option,
                              .texts = given.texts,
                              .origin = Origin::kFlag,
                              .where = given.flag});
      continue;
    }
    const LegacyName* name = FindLegacyFlag(given.flag);
    if (!name) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, "unknown flag ",
                             given.flag);
    }
    const auto found = legacy->find(name->name);
    const bool outranked = name->environment_first && found != legacy->end() &&
                           found->second.origin == Origin::kEnvironment;
    if (outranked) continue;
    (*legacy)[std::string(name->name)] = {
        .texts = given.texts, .origin = Origin::kFlag, .where = given.flag};
  }
  return arrow::Status::OK();
}

// The variables of each source, and what shows only when all of it is there.
arrow::Status CompleteSources(const Environment& environment,
                              std::vector<SourceSetting>* sources) {
  const SourceSetting* first_default = nullptr;
  std::set<std::string> names;
  for (SourceSetting& source : *sources) {
    if (!names.insert(base::LowerCase(source.definition.name)).second) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, source.definition.origin,
                             ": the source \"", source.definition.name,
                             "\" is declared twice");
    }
    catalog::SourceDefinition& definition = source.definition;
    const std::string username = definition.username;
    ARROW_RETURN_NOT_OK(TakeSourceVariables(environment, &definition));
    if (definition.username != username) source.written.erase("username");
    const arrow::Status right = CheckSource(definition);
    if (!right.ok()) return base::WithContext(right, definition.origin);
    if (!definition.is_default) continue;
    if (first_default) {
      return base::MakeError(base::ErrorKind::kInvalidArgument, definition.origin,
                             ": the sources \"", first_default->definition.name,
                             "\" and \"", definition.name,
                             "\" are both the default one; there can be one only");
    }
    first_default = &source;
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<Settings> Load(const Sources& sources) {
  Settings settings;
  std::vector<Assignment> assignments;
  LegacyValues legacy;
  if (const auto path = FileToRead(sources)) {
    ARROW_ASSIGN_OR_RAISE(const Tree tree, ReadTree(*path));
    ARROW_ASSIGN_OR_RAISE(FileSettings file,
                          ReadSettings(tree, *path, sources.environment));
    assignments = std::move(file.assignments);
    legacy = std::move(file.legacy);
    settings.streams = std::move(file.streams);
    settings.copies = std::move(file.copies);
    settings.sources = std::move(file.sources);
    settings.file = *path;
  }
  AddVariables(sources.environment, &assignments, &legacy);
  ARROW_RETURN_NOT_OK(AddFlags(sources.flags, &assignments, &legacy));
  ARROW_ASSIGN_OR_RAISE(LegacyMeaning meaning, TranslateLegacy(legacy));

  // Within one source our own keys come after, and so override, the older ones.
  std::vector<Assignment> all = std::move(meaning.assignments);
  std::ranges::move(assignments, std::back_inserter(all));
  std::ranges::stable_sort(all, {}, &Assignment::origin);
  // All mistakes at once, so that nobody mends them one start at a time.
  arrow::Status wrong;
  for (const Assignment& assignment : all) {
    const arrow::Status assigned = settings.Assign(assignment);
    if (assigned.ok()) continue;
    wrong = wrong.ok() ? assigned
                       : wrong.WithMessage(wrong.message(), "\n", assigned.message());
  }
  ARROW_RETURN_NOT_OK(wrong);
  std::ranges::move(meaning.sources, std::back_inserter(settings.sources));
  ARROW_RETURN_NOT_OK(CompleteSources(sources.environment, &settings.sources));
  settings.notes = std::move(meaning.notes);
  NoteMistypedVariables(sources.environment, &settings.notes);
  return settings;
}

Environment ProcessEnvironment() {
  Environment environment;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace pintail::config
