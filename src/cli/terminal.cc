#include "cli/terminal.h"

#include <cstdlib>
#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

namespace pintail::cli {
namespace {

int WidthOfTerminal(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Terminal Terminal::Detect() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* type = std::getenv("TERM");
  const bool dumb = !type || std::string_view(type) == "dumb";
  const bool colours = !(no_color && *no_color) && !dumb;
  const bool out = isatty(STDOUT_FILENO) != 0;
  const bool err = isatty(STDERR_FILENO) != 0;
  return {.out = std::cout,
          .err = std::cerr,
          .out_is_terminal = out,
          .err_is_terminal = err,
          .colours = colours && out,
          .err_colours = colours && err,
          .width = out ? WidthOfTerminal(STDOUT_FILENO) : 0};
}

std::string Terminal::Dim(std::string_view text) const {
  return colours ? "\033[2m" + std::string(text) + "\033[0m" : std::string(text);
}

void Terminal::PrintError(const arrow::Status& status) const {
  out.flush();
  std::string message = PlainMessage(status);
  // Behind lines with a caret the request's name would look like a part of them.
  const size_t request = message.rfind(" (request ");
  const size_t line = message.find('\n');
  if (request != std::string::npos && line < request) message[request] = '\n';
  err << (err_colours ? "\033[31merror:\033[0m " : "error: ") << message << std::endl;
}

std::string PlainMessage(const arrow::Status& status) {
  std::string_view message = status.message();
  // What Arrow's client puts around the server's own words.
  for (const std::string_view opening : {"Flight returned ", "gRPC returned "}) {
    const size_t with = message.find(", with message: ");
    if (message.starts_with(opening) && with != std::string_view::npos) {
      message.remove_prefix(with + 16);
    }
  }
  for (const std::string_view closing :
       {" gRPC client debug context: ", " Client context: ", " Detail: "}) {
    const size_t at = message.find(closing);
    if (at != std::string_view::npos) message = message.substr(0, at);
  }
  while (message.ends_with('.') || message.ends_with(' ')) message.remove_suffix(1);
  return std::string(message.empty() ? std::string_view(status.CodeAsString()) : message);
}

}  // namespace pintail::cli
