// Whether a request's URL says only what its route understands.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/request.h"

namespace pintail::http {

// InvalidArgument for a query parameter that is not in the list: what is misspelt would
// otherwise silently have no effect.
inline arrow::Status CheckParameters(const Request& request,
                                     std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.target.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    std::string list;
    for (const std::string_view each : known) {
      list.append(list.empty() ? "" : ", ").append(each);
    }
    return base::MakeError(base::ErrorKind::kInvalidArgument,
                           "there is no query parameter \"", name,
                           "\" here; this path takes ", list);
  }
  return arrow::Status::OK();
}

}  // namespace pintail::http
