// The JSON body of the routes of /v1/sources, and the statement that it stands for: a
// source is made and changed by the same words over REST as by SQL, with the same checks.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "http/request.h"

namespace pintail::http {

struct SourceDocument {
  std::string name;  // empty: the document has none
  std::string type;  // likewise
  // The other members, in order; an entry of the member `options` has the key
  // "options.NAME". May hold passwords.
  std::vector<std::pair<std::string, std::string>> words;
};

// `document` has JsonPadding behind it. InvalidArgument for what is no JSON object of
// texts, numbers, truths, and one object of them called options. Errors repeat no value.
arrow::Result<SourceDocument> ParseSourceDocument(const Document& document,
                                                  size_t max_depth);

// CREATE SOURCE, or CREATE OR REPLACE SOURCE.
std::string CreateSourceText(const SourceDocument& source, bool or_replace);
std::string AlterSourceText(const SourceDocument& source);
std::string DropSourceText(std::string_view name);

// A text literal of SQL.
std::string QuoteSqlText(std::string_view text);

}  // namespace pintail::http
