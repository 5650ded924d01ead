// Lower case of ASCII letters, whatever the locale: what SQL does to names, HTTP to
// header names and media types, and we to the words of a configuration. Bytes of other
// characters stay as they are, so UTF-8 stays UTF-8. Pure functions, callable from any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace pintail::base {

constexpr char LowerCase(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string LowerCase(std::string_view text);

}  // namespace pintail::base
