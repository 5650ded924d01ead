// What kind of error the words of an outside database are. DuckDB's extensions hand them
// on in errors of one type, whatever they say. Private to the engine. Pure functions,
// callable from any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"

namespace pintail::engine {

// Of what PostgreSQL or MySQL said, in the text of an error of DuckDB's extension for it.
// Nothing when neither is quoted there, or its words are not known.
std::optional<base::ErrorKind> KindOfSourceMessage(std::string_view text);

}  // namespace pintail::engine
