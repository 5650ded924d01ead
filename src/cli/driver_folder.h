// Where ADBC drivers are: those that came with the program, and the folders of manifests
// in which ADBC's driver manager looks, in its order. Reads the environment and the disk
// only; one thread at a time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"

namespace pintail::cli {

// A folder of manifests (NAME.toml) and why it is looked in.
struct DriverFolder {
  std::filesystem::path path;
  std::string origin;  // "ADBC_DRIVER_PATH", "user", "system"
};

// Those of the environment's ADBC_DRIVER_PATH, then the user's, then the system's.
std::vector<DriverFolder> DriverFolders();

// XDG_CONFIG_HOME/adbc/drivers, or ~/.config/adbc/drivers; Unavailable without a home.
arrow::Result<std::filesystem::path> UserDriverFolder();

struct FoundDriver {
  std::string name;            // what a source's `driver` says
  std::filesystem::path path;  // of the library, or of the manifest
  std::string origin;          // "came along", or as of its folder
};

// All of them, first those that came along (`bundled`: their folder; empty: none). Of one
// name the first is used.
std::vector<FoundDriver> FindDrivers(const std::string& bundled);

// Moves the unpacked package in `unpacked` beside the manifest that it writes, in
// `folder`; what was there of that name is replaced. The manifest's path. NotFound when
// the package holds no driver's library.
arrow::Result<std::filesystem::path> KeepDriver(const std::filesystem::path& unpacked,
                                                const std::filesystem::path& folder,
                                                const std::string& name,
                                                const std::string& package);

// What may be a driver's name and part of a file's: letters, digits, - and _.
bool IsDriverName(std::string_view name);

}  // namespace pintail::cli
