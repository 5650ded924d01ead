// The connection text of a source: what it says to us, what it says to a driver, and what
// of it nobody may see. Pure functions and values, callable from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "backend/pool.h"
#include "backend/source_options.h"

namespace pintail::backend {

// A URI in parts. User and password are decoded; everything else is as it was written.
struct SourceUri {
  std::string scheme;  // empty: the text is no URI, and all of it is in `rest`
  std::string user;
  std::string password;
  std::string rest;  // host, port and path
  std::vector<std::pair<std::string, std::string>> parameters;

  // The text again, with what needs it percent-encoded.
  std::string ToString() const;
  // Removes a parameter; its value, or nothing when there is none.
  std::optional<std::string> TakeParameter(std::string_view name);
};

// InvalidArgument, without the text, when user or password are wrongly encoded.
arrow::Result<SourceUri> ParseSourceUri(std::string_view text);
std::string PercentEncode(std::string_view text);
arrow::Result<std::string> PercentDecode(std::string_view text);

// The pool's figures: the options' own, else those of the URI, which are taken off it,
// else the defaults. InvalidArgument when one is no number or out of its range.
arrow::Result<PoolOptions> TakePoolOptions(const SourceOptions& options, SourceUri* uri);

// Keeps secrets out of messages that come from elsewhere.
class Redaction {
 public:
  // Whatever is written in one of these is replaced by ***, decoded or encoded.
  explicit Redaction(std::vector<std::string> secrets);
  // Those of a source: its password, passwords in its URI, driver options that are
  // secret.
  static Redaction Of(const SourceOptions& options, const SourceUri& uri);
  std::string Apply(std::string message) const;

 private:
  std::vector<std::string> secrets_;
};

}  // namespace pintail::backend
