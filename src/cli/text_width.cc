#include "cli/text_width.h"

#include <cwchar>
#include <format>

namespace pintail::cli {
namespace {

struct Character {
  size_t bytes = 1;
  size_t columns = 1;
  bool printable = true;
};

Character FirstOf(std::string_view text) {
  std::mbstate_t state{};
  wchar_t wide = 0;
  const size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
  if (bytes == static_cast<size_t>(-1) || bytes == static_cast<size_t>(-2)) {
    return {.printable = false};
  }
  const int columns = wcwidth(wide);
  return {.bytes = bytes == 0 ? 1 : bytes,
          .columns = columns < 0 ? 0 : static_cast<size_t>(columns),
          .printable = columns >= 0 && bytes != 0};
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const Character first = FirstOf(text);
    const char c = text.front();
    if (first.printable) {
      printable += text.substr(0, first.bytes);
    } else if (c == '\n' || c == '\t' || c == '\r') {
      printable += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else {
      for (const char byte : text.substr(0, first.bytes)) {
        printable += std::format("\\x{:02X}", static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(first.bytes);
  }
  return printable;
}

size_t TextWidth(std::string_view printable) {
  size_t width = 0;
  while (!printable.empty()) {
    const Character first = FirstOf(printable);
    width += first.columns;
    printable.remove_prefix(first.bytes);
  }
  return width;
}

std::string CutToWidth(const std::string& printable, size_t width) {
  if (TextWidth(printable) <= width) return printable;
  std::string_view rest = printable;
  size_t used = 0;
  while (!rest.empty()) {
    const Character first = FirstOf(rest);
    if (used + first.columns + 1 > width) break;
    used += first.columns;
    rest.remove_prefix(first.bytes);
  }
  return printable.substr(0, printable.size() - rest.size()) + "…";
}

std::string Pad(const std::string& printable, size_t width, bool right) {
  const size_t used = TextWidth(printable);
  const std::string spaces(used < width ? width - used : 0, ' ');
  return right ? spaces + printable : printable + spaces;
}

}  // namespace pintail::cli
