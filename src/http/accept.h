// Which of the formats we can write a client wants (RFC 9110, section 12.5.1). Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "arrow/result.h"
#include "columnar/format.h"

namespace pintail::http {

// The format with the highest quality in an Accept field, of equals the first named; JSON
// when everything is accepted. 406 when it names none that we have. `format` ("csv", …)
// goes before the field.
arrow::Result<columnar::Format> ChooseFormat(std::optional<std::string_view> accept,
                                             const std::optional<std::string>& format);

}  // namespace pintail::http
