// Sources of the types that DuckDB has no extension for, made from their definitions.
#pragma once

#include <memory>

#include "arrow/result.h"
#include "backend/make_source.h"
#include "catalog/source_definition.h"

namespace pintail {

// What backend/ is to make of the definition. Without a driver that of the connection's
// scheme is taken; what is not in the definition's words is left to the connection.
backend::SourceOptions OutsideOptions(const catalog::SourceDefinition& source);

}  // namespace pintail
