// Whether a source keeps the times of rows as they are, as it has to when its rows are
// told from those here by them (docs/decisions/012-tiers.md).
#pragma once

#include <string>

#include "arrow/result.h"
#include "engine/names.h"
#include "ingest/source_link.h"

namespace pintail::ingest {

// InvalidArgument when the column of the source's table is not what `type`, that of the
// column here (tier_time.h), is there, or keeps fewer digits of a second's fraction: it
// would take a row across a boundary. Unavailable when the source cannot be asked.
arrow::Status CheckSourceKeepsTimes(SourceLink& link, const engine::TableName& table,
                                    const std::string& column, const std::string& type);

}  // namespace pintail::ingest
