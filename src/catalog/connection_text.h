// Connection texts of databases: addresses as scheme://user:password@host:port/database
// and words as host=… port=…. Pure functions, callable from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/result.h"

namespace pintail::catalog {

// Parts of a connection by their names in words: host, port, user, password, dbname, and
// whatever else stands there, in order.
using ConnectionWords = std::vector<std::pair<std::string, std::string>>;

// Reads either form. What is percent-encoded in an address is decoded; values of words
// may be quoted, with backslashes before quotes. The database is called dbname, whatever
// the text calls it. InvalidArgument when it is neither; the message holds no value.
arrow::Result<ConnectionWords> ReadConnection(std::string_view text);

// Words as PostgreSQL's library reads them: key='value'.
std::string PostgresWords(const ConnectionWords& words);
// Words as DuckDB's MySQL extension reads them: key="value", the database as `database`.
std::string MysqlWords(const ConnectionWords& words);

// Empty when it is not there.
std::string WordOf(const ConnectionWords& words, std::string_view key);
// Takes it out.
std::string TakeWord(ConnectionWords* words, std::string_view key);

// Whether a word or option of this name holds a secret, to be on the safe side:
// password, token, key, secret and the like.
bool IsSecretName(std::string_view name);

// The text for people: its secrets as "********".
std::string MaskConnection(std::string_view text);

// The secrets in the text, as they stand there and decoded.
std::vector<std::string> SecretsOf(std::string_view text);

}  // namespace pintail::catalog
