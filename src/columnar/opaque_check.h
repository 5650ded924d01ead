// Checks of extension values that the database takes at their word.
//
// DuckDB's own types travel as binary with the extension name "arrow.opaque": bit
// strings, big numbers and times with an offset. Its Arrow scan copies their bytes as
// they are, and its functions then trust them: an empty bit string makes it write past a
// buffer. Pure function, callable from any thread.
#pragma once

#include <string_view>

#include "arrow/array/data.h"
#include "arrow/status.h"
#include "arrow/type.h"

namespace pintail::columnar {

inline constexpr std::string_view kExtensionName = "ARROW:extension:name";
inline constexpr std::string_view kExtensionMetadata = "ARROW:extension:metadata";

// `data` has passed ArrayCheck and is stored as `storage`; `name` and `metadata` are
// those of the extension. OK for every extension that is none of the database's own.
arrow::Status CheckOpaque(std::string_view name, std::string_view metadata,
                          const arrow::ArrayData& data, const arrow::DataType& storage);

}  // namespace pintail::columnar
