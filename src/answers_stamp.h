// What kept answers of an earlier run are true to.
#pragma once

#include <string>
#include <vector>

#include "catalog/source_definition.h"
#include "server_options.h"

namespace pintail {

// The same text for two runs between which nothing happened that an answer depends on and
// that the server does not see: another program has not written the database's file, and
// sources, times to live and version are as they were. To be called while the database is
// closed, or after its checkpoint.
std::string AnswersStamp(const ServerOptions& options,
                         const std::vector<catalog::SourceDefinition>& sources);

}  // namespace pintail
