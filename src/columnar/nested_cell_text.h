// CellText of the types that are made of others: lists, structs, maps, unions,
// dictionaries, run ends. MakeCellText calls it.
#pragma once

#include <memory>

#include "arrow/array.h"
#include "arrow/result.h"
#include "columnar/cell_text.h"

namespace pintail::columnar {

arrow::Result<std::unique_ptr<CellText>> MakeNestedCellText(const arrow::Array& array);

}  // namespace pintail::columnar
