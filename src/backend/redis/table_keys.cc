#include "backend/redis/table_keys.h"

namespace pintail::backend {

TableKeys::TableKeys(std::string_view prefix, std::string_view table)
    : schema_(std::string(prefix) + ":") {
  for (const char letter : table) {
    if (letter == ':') {
      schema_ += "%3A";
    } else if (letter == '%') {
      schema_ += "%25";
    } else {
      schema_ += letter;
    }
  }
}

std::string TableKeys::all_rows() const {
  std::string pattern;
  for (const char letter : schema_) {
    if (std::string_view("*?[]^-\\").contains(letter)) pattern += '\\';
    pattern += letter;
  }
  return pattern + ":*";
}

}  // namespace pintail::backend
