// Statements as they may be shown to people other than who sent them: in the view
// pintail.statements and in logs. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace pintail::gateway {

// Whether the text speaks of a secret, password, token or credential, or holds an address
// with a password, so that its literals and DuckDB's quotations of it are not to be
// shown.
bool MayHoldSecrets(std::string_view sql);

// The text with each string literal as '***'.
std::string WithoutLiterals(std::string_view sql);

}  // namespace pintail::gateway
