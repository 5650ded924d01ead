// Statements as they may be shown to people other than who sent them: in the view
// pintail.statements and in logs. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace pintail::gateway {

// Whether the text, comments and all, speaks of a secret, password, key, token or
// credential, attaches a database, or holds an address with a password: then it is to be
// shown by DiscreetText, and DuckDB's quotations of it not at all. It looks at words
// wherever they stand and so errs towards hiding.
bool MayHoldSecrets(std::string_view sql);

// What may be shown of such a text: the words of SQL itself and the punctuation, and in
// statements that read or change rows the bare names too. Literals, names in quotes,
// comments and all other names are ***.
std::string DiscreetText(std::string_view sql);

}  // namespace pintail::gateway
