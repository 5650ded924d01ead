// Answers in a file, from one run of the server to the next. Pure functions but for the
// file.
//
// What was written through Pintail in between ends them, so the file is written when
// nothing runs any more, and is gone before anything runs again; after a crash there is
// none. Its stamp says what the answers are true to: of another stamp none is used.
#pragma once

#include <string>
#include <vector>

#include "arrow/result.h"
#include "base/clock.h"
#include "cache/entry.h"

namespace pintail::cache {

// Replaces the file. Unavailable when it cannot be written.
arrow::Status SaveAnswers(const std::string& path, const std::string& stamp,
                          const std::vector<EntryPtr>& entries);

// Removes the file, and gives what it held: with the ages they have by now, without their
// versions. Nothing when there is no file, or it has another stamp; an error when it is
// damaged or cannot be removed.
arrow::Result<std::vector<Filling>> TakeAnswers(const std::string& path,
                                                const std::string& stamp,
                                                const base::Clock& clock);

}  // namespace pintail::cache
