// CREATE SOURCE, ALTER SOURCE and DROP SOURCE: statements of ours, which DuckDB's parser
// refuses and which are then read from its tokens. Private to the engine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/result.h"
#include "engine/change_listener.h"
#include "engine/connection.h"
#include "engine/source_guard.h"
#include "engine/sql_tokens.h"

namespace pintail::engine {

// Where each statement of the text begins and ends, by its semicolons; those without a
// token are left out.
std::vector<std::string_view> CutIntoStatements(std::string_view sql);

// Whether the statement begins as one of ours does.
bool IsSourceStatement(std::string_view statement);

// Reads one for which that is so. InvalidSql says what was expected, and never repeats a
// literal.
arrow::Result<SourceChange> ParseSourceStatement(std::string_view statement);

// The names and texts in a statement, without their quotes.
std::vector<std::string> NamesIn(std::string_view sql);

class SourceStatement final : public ParsedStatement {
 public:
  SourceStatement(SourceChange change, std::string text)
      : change_(std::move(change)), text_(std::move(text)) {}
  const std::string& text() const override { return text_; }
  SourceChange Take() { return std::move(change_); }

 private:
  SourceChange change_;
  std::string text_;
};

// `guard` may be null: then nobody keeps sources here. Tells `listener` what it did.
std::unique_ptr<PreparedStatement> PrepareSourceChange(
    SourceChange change, std::shared_ptr<SourceGuard> guard,
    std::shared_ptr<const ChangeListener> listener);

}  // namespace pintail::engine
