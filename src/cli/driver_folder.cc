#include "cli/driver_folder.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "config/toml_text.h"

namespace pintail::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr std::string_view kLibraryStart = "libadbc_driver_";
constexpr std::string_view kLibraryEnd = ".so";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::optional<std::string> NameOfLibrary(const fs::path& path) {
  const std::string file = path.filename();
  if (!file.starts_with(kLibraryStart) || !file.ends_with(kLibraryEnd)) return {};
  return file.substr(kLibraryStart.size(),
                     file.size() - kLibraryStart.size() - kLibraryEnd.size());
}

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    files.push_back(at->path());
  }
  std::ranges::sort(files);
  return files;
}

arrow::Result<fs::path> LibraryIn(const fs::path& unpacked, const std::string& package) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(unpacked, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file(error) && NameOfLibrary(at->path())) return at->path();
  }
  return base::MakeError(ErrorKind::kNotFound, "the package ", package,
                         " holds no ADBC driver (no libadbc_driver_….so)");
}

// Of the folder NAME-VERSION.dist-info that every installed package has.
std::string VersionIn(const fs::path& unpacked, const std::string& package) {
  std::string wanted = package.substr(0, package.find_first_of("=<>!~[ "));
  std::ranges::replace(wanted, '-', '_');
  for (const fs::path& path : FilesIn(unpacked)) {
    const std::string file = path.stem();
    if (path.extension() != ".dist-info" || !file.starts_with(wanted + "-")) continue;
    return file.substr(wanted.size() + 1);
  }
  return "";
}

arrow::Status Failed(std::string_view what, const fs::path& path,
                     const std::error_code& error) {
  return base::MakeError(ErrorKind::kUnavailable, "cannot ", what, " ", path.string(),
                         ": ", error.message());
}

arrow::Status WriteFile(const fs::path& path, const std::string& text) {
  const fs::path draft = path.string() + ".draft";
  std::ofstream file(draft);
  file << text;
  file.close();
  if (!file) {
    return base::MakeError(ErrorKind::kUnavailable, "cannot write ", draft.string());
  }
  std::error_code error;
  fs::rename(draft, path, error);
  return error ? Failed("write", path, error) : arrow::Status::OK();
}

}  // namespace

arrow::Result<fs::path> UserDriverFolder() {
  if (const std::string config = Variable("XDG_CONFIG_HOME"); !config.empty()) {
    return fs::path(config) / "adbc" / "drivers";
  }
  if (const std::string home = Variable("HOME"); !home.empty()) {
    return fs::path(home) / ".config" / "adbc" / "drivers";
  }
  return base::MakeError(ErrorKind::kUnavailable,
                         "neither HOME nor XDG_CONFIG_HOME is set, so there is no folder "
                         "for drivers; set one");
}

std::vector<DriverFolder> DriverFolders() {
  std::vector<DriverFolder> folders;
  std::string paths = Variable("ADBC_DRIVER_PATH");
  while (!paths.empty()) {
    const size_t colon = std::min(paths.find(':'), paths.size());
    if (colon > 0) {
      folders.push_back({.path = paths.substr(0, colon), .origin = "ADBC_DRIVER_PATH"});
    }
    paths.erase(0, colon + 1);
  }
  if (auto user = UserDriverFolder(); user.ok()) {
    folders.push_back({.path = *std::move(user), .origin = "user"});
  }
  folders.push_back({.path = "/etc/adbc/drivers", .origin = "system"});
  return folders;
}

std::vector<FoundDriver> FindDrivers(const std::string& bundled) {
  std::vector<FoundDriver> drivers;
  if (!bundled.empty()) {
    for (const fs::path& path : FilesIn(bundled)) {
      if (const auto name = NameOfLibrary(path)) {
        drivers.push_back({.name = *name, .path = path, .origin = "came along"});
      }
    }
  }
  for (const DriverFolder& folder : DriverFolders()) {
    for (const fs::path& path : FilesIn(folder.path)) {
      if (path.extension() != ".toml") continue;
      drivers.push_back({.name = path.stem(), .path = path, .origin = folder.origin});
    }
  }
  return drivers;
}

arrow::Result<fs::path> KeepDriver(const fs::path& unpacked, const fs::path& folder,
                                   const std::string& name, const std::string& package) {
  ARROW_ASSIGN_OR_RAISE(const fs::path library, LibraryIn(unpacked, package));
  const std::string version = VersionIn(unpacked, package);
  const fs::path home = folder / name;
  std::error_code error;
  // A server that has the old library loaded goes on with it.
  fs::remove_all(home, error);
  if (error) return Failed("remove", home, error);
  fs::rename(unpacked, home, error);
  if (error) return Failed("make", home, error);
  fs::permissions(home,
                  fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                      fs::perms::others_read | fs::perms::others_exec,
                  error);
  std::string text = "manifest_version = 1\nname = " + config::TomlQuote(name) + "\n";
  if (!version.empty()) text += "version = " + config::TomlQuote(version) + "\n";
  text += "source = " + config::TomlQuote("the Python package " + package) + "\n\n";
  text += "[Driver]\nshared = " +
          config::TomlQuote((home / library.lexically_relative(unpacked)).string()) +
          "\n";
  const fs::path manifest = folder / (name + ".toml");
  ARROW_RETURN_NOT_OK(WriteFile(manifest, text));
  return manifest;
}

bool IsDriverName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
  });
}

}  // namespace pintail::cli
