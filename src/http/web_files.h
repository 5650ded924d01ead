// The files of web/, built into the program.
#pragma once

#include <string_view>

namespace pintail::http {

std::string_view DocsPage();
std::string_view DocsStyle();
std::string_view DocsScript();

}  // namespace pintail::http
