// What a journal holds, what is wrong with it and what a repair does, in words for people
// and as JSON. Pure functions.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "journal/check.h"
#include "journal/repair.h"

namespace pintail::cli {

// A journal as it was found.
struct CheckedJournal {
  std::filesystem::path folder;
  journal::CheckReport found;
  std::optional<journal::RepairReport> repair;  // what one would do, if there is damage
};

// Lines, each ended.
std::string CheckText(const CheckedJournal& checked);
// One object in one line, without its end.
std::string CheckJson(const CheckedJournal& checked);

// What a repair will do, or has done: lines, each ended.
std::string PlannedText(const journal::RepairReport& plan);
std::string RepairedText(const journal::RepairReport& report);

// The damage as the error of a check: what a person does about it.
std::string DamageAdvice(const CheckedJournal& checked);

}  // namespace pintail::cli
