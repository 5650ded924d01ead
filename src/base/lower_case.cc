#include "base/lower_case.h"

namespace pintail::base {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) letter = LowerCase(letter);
  return lower;
}

}  // namespace pintail::base
