// One table copy as it is declared in [[cache.tables]]. Plain values.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "arrow/status.h"
#include "cache/copies_cron.h"
#include "engine/copies.h"
#include "engine/names.h"

namespace pintail::cache {

enum class CopyRefresh : uint8_t {
  kFull,      // all rows anew
  kAppend,    // rows above the highest value of the append column
  kOnDemand,  // all rows, when a statement asks for them
};

std::string_view CopyRefreshName(CopyRefresh refresh);

struct CopyTable {
  std::string name;
  engine::TableName source;          // with all three parts
  std::vector<std::string> columns;  // empty: all
  std::string filter;                // a condition in SQL; empty: none
  CopyRefresh refresh = CopyRefresh::kFull;
  std::string append_column;
  std::string time_column;  // that data_window and retention are about
  std::optional<std::chrono::milliseconds> interval;
  std::optional<Cron> cron;
  // Only rows that are not older are fetched / kept.
  std::optional<std::chrono::milliseconds> data_window;
  std::optional<std::chrono::milliseconds> retention;
  std::optional<std::chrono::milliseconds> max_staleness;
};

// InvalidArgument says which key is missing or does not go with the others.
arrow::Status CheckCopyTable(const CopyTable& table);

engine::CopyDeclaration DeclarationOf(const CopyTable& table);

// What of the declaration decides which rows and columns the copy has: a copy that was
// made by another one is of no use.
std::string DefinitionOf(const CopyTable& table);

}  // namespace pintail::cache
