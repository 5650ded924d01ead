#include "cli/line_editor.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <filesystem>

#include <histedit.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cli/interrupts.h"

namespace pintail::cli {

struct LineEditor::State {
  std::string history_path;
  Complete complete;
  std::string prompt;
  bool interrupted = false;
  EditLine* editor = nullptr;
  History* history = nullptr;
  HistEvent event{};
  int interrupts = -1;  // readable once Ctrl-C was pressed
  std::mbstate_t decoding{};
  termios terminal_before{};
  bool is_terminal = false;
};

namespace {

constexpr int kHistoryLines = 10'000;
constexpr char kInterruptKey = 3;

LineEditor::State& StateOf(EditLine* editor) {
  void* state = nullptr;
  el_get(editor, EL_CLIENTDATA, &state);
  return *static_cast<LineEditor::State*>(state);
}

char* Prompt(EditLine* editor) { return StateOf(editor).prompt.data(); }

unsigned char OnTab(EditLine* editor, int) {
  const LineInfo* line = el_line(editor);
  const std::string_view before(line->buffer,
                                static_cast<size_t>(line->cursor - line->buffer));
  const Completions completions = StateOf(editor).complete(before);
  if (!completions.insert.empty()) {
    return el_insertstr(editor, completions.insert.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }
  if (completions.words.empty()) return CC_ERROR;
  std::fputc('\n', stdout);
  for (const std::string& word : completions.words) std::printf("%s  ", word.c_str());
  std::fputc('\n', stdout);
  std::fflush(stdout);
  return CC_REDISPLAY;
}

// The next character. What was typed before Ctrl-C comes before it, so that a line that
// was already ended is run, and then interrupted.
int ReadCharacter(EditLine* editor, wchar_t* character) {
  LineEditor::State& state = StateOf(editor);
  while (true) {
    std::array<pollfd, 2> watched = {{{.fd = STDIN_FILENO, .events = POLLIN},
                                      {.fd = state.interrupts, .events = POLLIN}}};
    if (poll(watched.data(), watched.size(), -1) < 0) continue;
    char byte = 0;
    if (watched[0].revents != 0) {
      if (read(STDIN_FILENO, &byte, 1) != 1) return 0;
    } else if (TakeInterrupt(state.interrupts)) {
      byte = kInterruptKey;
    } else {
      continue;
    }
    const size_t used = std::mbrtowc(character, &byte, 1, &state.decoding);
    if (used == 1 || used == 0) return 1;
    if (used == static_cast<size_t>(-1)) state.decoding = {};  // not UTF-8: passed over
  }
}

unsigned char OnInterrupt(EditLine* editor, int) {
  StateOf(editor).interrupted = true;
  // The editor begins its next line where the cursor is.
  std::fputs("^C\n", stdout);
  std::fflush(stdout);
  return CC_NEWLINE;
}

}  // namespace

LineEditor::LineEditor(std::string history_path, Complete complete)
    : state_(std::make_unique<State>()) {
  state_->history_path = std::move(history_path);
  state_->complete = std::move(complete);
  state_->history = history_init();
  history(state_->history, &state_->event, H_SETSIZE, kHistoryLines);
  history(state_->history, &state_->event, H_SETUNIQUE, 1);
  if (!state_->history_path.empty()) {
    history(state_->history, &state_->event, H_LOAD, state_->history_path.c_str());
  }
  state_->is_terminal = tcgetattr(STDIN_FILENO, &state_->terminal_before) == 0;
  state_->interrupts = OpenInterrupts();
  EditLine* editor = el_init("pintail", stdin, stdout, stderr);
  state_->editor = editor;
  el_set(editor, EL_CLIENTDATA, state_.get());
  el_set(editor, EL_PROMPT, Prompt);
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_HIST, history, state_->history);
  el_set(editor, EL_ADDFN, "pintail-complete", "Complete the word", OnTab);
  el_set(editor, EL_BIND, "^I", "pintail-complete", nullptr);
  el_set(editor, EL_ADDFN, "pintail-interrupt", "Give the line up", OnInterrupt);
  el_set(editor, EL_GETCFN, ReadCharacter);
  // What is typed while a statement runs is kept as it is for the next line.
  el_set(editor, EL_SETTY, "-d", "+noflsh", nullptr);
  el_set(editor, EL_SETTY, "-x", "+noflsh", "-icanon", "-echo", nullptr);
  el_set(editor, EL_BIND, "^C", "pintail-interrupt", nullptr);
  el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

LineEditor::~LineEditor() {
  if (!state_->history_path.empty()) {
    // Lines may hold what is nobody else's business.
    const mode_t before = umask(0077);
    history(state_->history, &state_->event, H_SAVE, state_->history_path.c_str());
    umask(before);
  }
  el_end(state_->editor);
  history_end(state_->history);
  close(state_->interrupts);
  if (state_->is_terminal) {
    tcsetattr(STDIN_FILENO, TCSADRAIN, &state_->terminal_before);
  }
}

std::optional<TypedLine> LineEditor::Read(const std::string& prompt) {
  state_->prompt = prompt;
  state_->interrupted = false;
  el_resize(state_->editor);
  int count = 0;
  const char* line = el_gets(state_->editor, &count);
  if (state_->interrupted) return TypedLine{.interrupted = true};
  if (!line || count <= 0) return std::nullopt;
  TypedLine typed{.text = std::string(line, static_cast<size_t>(count))};
  while (typed.text.ends_with('\n') || typed.text.ends_with('\r')) typed.text.pop_back();
  if (!typed.text.empty()) {
    history(state_->history, &state_->event, H_ENTER, typed.text.c_str());
  }
  return typed;
}

std::string HistoryPath() {
  namespace fs = std::filesystem;
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  fs::path folder;
  if (state && *state) {
    folder = state;
  } else if (home && *home) {
    folder = fs::path(home) / ".local" / "state";
  } else {
    return "";
  }
  folder /= "pintail";
  std::error_code error;
  fs::create_directories(folder, error);
  return error ? "" : (folder / "history").string();
}

}  // namespace pintail::cli
