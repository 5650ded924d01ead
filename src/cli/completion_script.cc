#include "cli/completion_script.h"

namespace pintail::cli {
namespace {

std::string Names(const std::vector<CompletedCommand>& commands) {
  std::string names;
  for (const CompletedCommand& command : commands) {
    names += (names.empty() ? "" : " ") + command.name;
  }
  return names;
}

std::string Words(const CompletedCommand& command) {
  std::string words;
  for (const std::string& word : command.words)
    words += (words.empty() ? "" : " ") + word;
  return words;
}

// For single quotes of a shell, and without what zsh's lists read as separators.
std::string Plain(const std::string& text) {
  std::string plain;
  for (const char c : text) plain += c == '\'' || c == ':' ? ' ' : c;
  return plain;
}

}  // namespace

std::string BashCompletions(const std::vector<CompletedCommand>& commands) {
  std::string script =
      "_pintail() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} words\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    words='" +
      Names(commands) +
      " --help --version'\n"
      "  else\n"
      "    case ${COMP_WORDS[1]} in\n";
  for (const CompletedCommand& command : commands) {
    script += "      " + command.name + ") words='" + Words(command) + "' ;;\n";
  }
  script +=
      "    esac\n"
      "    case ${COMP_WORDS[1]}:${COMP_WORDS[COMP_CWORD-1]} in\n";
  for (const CompletedCommand& command : commands) {
    for (const auto& [flag, values] : command.values) {
      script += "      " + command.name + ":" + flag + ") words='" + values + "' ;;\n";
    }
  }
  return script +
         "    esac\n"
         "  fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [ ${#COMPREPLY[@]} -eq 0 ]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _pintail pintail\n";
}

std::string ZshCompletions(const std::vector<CompletedCommand>& commands) {
  std::string script =
      "#compdef pintail\n"
      "_pintail() {\n"
      "  if (( CURRENT == 2 )); then\n"
      "    local -a commands=(\n";
  for (const CompletedCommand& command : commands) {
    script += "      '" + command.name + ":" + Plain(command.summary) + "'\n";
  }
  script +=
      "    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local -a words_of_command\n"
      "  case $words[2] in\n";
  for (const CompletedCommand& command : commands) {
    script += "    " + command.name + ") words_of_command=(" + Words(command) + ") ;;\n";
  }
  return script +
         "  esac\n"
         "  compadd -- $words_of_command\n"
         "  _files\n"
         "}\n"
         "compdef _pintail pintail\n";
}

std::string FishCompletions(const std::vector<CompletedCommand>& commands) {
  std::string script;
  for (const CompletedCommand& command : commands) {
    script += "complete -c pintail -n __fish_use_subcommand -f -a " + command.name +
              " -d '" + Plain(command.summary) + "'\n";
    for (const std::string& word : command.words) {
      const bool flag = word.starts_with("--");
      script += "complete -c pintail -n '__fish_seen_subcommand_from " + command.name +
                "' " + (flag ? "-l " + word.substr(2) : "-f -a " + word) + "\n";
    }
  }
  return script;
}

}  // namespace pintail::cli
