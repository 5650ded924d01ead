#include "engine/source_statement.h"

#include <utility>

#include "arrow/record_batch.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "engine/names.h"

namespace pintail::engine {
namespace {

using base::ErrorKind;
using base::MakeError;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v;";
  const size_t start = text.find_first_not_of(kSpace);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kSpace) - start + 1);
}

// Of a literal in single quotes, or between dollars.
std::optional<std::string> TextOfLiteral(std::string_view token) {
  if (token.starts_with('$')) {
    const size_t end = token.find('$', 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view tag = token.substr(0, end + 1);
    const size_t close = token.find(tag, tag.size());
    if (close == std::string_view::npos) return std::nullopt;
    return std::string(token.substr(tag.size(), close - tag.size()));
  }
  if (!token.starts_with('\'')) return std::nullopt;
  std::string text;
  for (size_t i = 1; i < token.size(); ++i) {
    if (token[i] == '\'') {
      if (i + 1 == token.size() || token[i + 1] != '\'') return text;
      ++i;
    }
    text += token[i];
  }
  return std::nullopt;
}

// The word that a token begins with: letters, digits and what numbers have.
std::string_view WordOfToken(std::string_view token) {
  size_t end = 0;
  while (end < token.size()) {
    const char c = token[end];
    const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '_' ||
                      static_cast<unsigned char>(c) >= 0x80;
    if (!part) break;
    ++end;
  }
  return token.substr(0, end);
}

std::string NameOfToken(std::string_view token) {
  if (token.starts_with('"')) {
    std::string_view rest = token;
    return TakeQuotedName(rest).value_or("");
  }
  return std::string(WordOfToken(token));
}

bool IsWord(const SqlToken& token) {
  return token.kind == SqlTokenKind::kKeyword || token.kind == SqlTokenKind::kName;
}

// Reads the tokens of one statement from front to back.
class Reader {
 public:
  explicit Reader(std::string_view statement) : tokens_(CutIntoTokens(statement)) {}

  bool Accept(std::string_view word) {
    if (at_ == tokens_.size() || !IsWord(tokens_[at_]) ||
        base::LowerCase(WordOfToken(tokens_[at_].text)) != word) {
      return false;
    }
    ++at_;
    return true;
  }
  bool SeesSign(char sign) const {
    return at_ < tokens_.size() && tokens_[at_].kind == SqlTokenKind::kOther &&
           tokens_[at_].text.starts_with(sign);
  }
  bool AcceptSign(char sign) {
    if (!SeesSign(sign)) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> AcceptName() {
    if (at_ == tokens_.size() || !IsWord(tokens_[at_])) return std::nullopt;
    std::string name = NameOfToken(tokens_[at_].text);
    if (name.empty()) return std::nullopt;
    ++at_;
    return name;
  }
  // A literal, a number (with its unit, as in 10s or 1.5h), or a bare word.
  std::optional<std::string> AcceptValue() {
    if (at_ == tokens_.size()) return std::nullopt;
    const SqlToken& token = tokens_[at_];
    if (token.kind == SqlTokenKind::kLiteral) {
      auto text = TextOfLiteral(token.text);
      if (!text) return TakeNumber();
      ++at_;
      return text;
    }
    return AcceptName();
  }
  bool AtEnd() const {
    return at_ == tokens_.size() || tokens_[at_].text.starts_with(';');
  }

  arrow::Status Expected(std::string_view what) const {
    const bool shown =
        at_ < tokens_.size() && tokens_[at_].kind != SqlTokenKind::kLiteral;
    return MakeError(ErrorKind::kInvalidSql, "expected ", what,
                     AtEnd() ? std::string(" at the end")
                     : shown ? " at \"" + std::string(Trimmed(tokens_[at_].text)) + "\""
                             : std::string(" where a value stands"),
                     "; write CREATE SOURCE name TYPE postgres (connection '…', username "
                     "'…', password "
                     "'…'), ALTER SOURCE name SET (key value, …) or DROP SOURCE name");
  }

 private:
  // DuckDB's scanner takes the unit for a word of its own.
  std::string TakeNumber() {
    std::string number(Trimmed(tokens_[at_].text));
    while (number.size() > 0 && Trimmed(tokens_[at_].text) == tokens_[at_].text &&
           at_ + 1 < tokens_.size() && IsWord(tokens_[at_ + 1])) {
      number += WordOfToken(tokens_[++at_].text);
    }
    ++at_;
    return number;
  }

  const std::vector<SqlToken> tokens_;
  size_t at_ = 0;
};

// (key value, key = value, options (name value, …)); `prefix` for entries of a map.
arrow::Status ReadWords(Reader& reader, const std::string& prefix, SourceChange* change) {
  if (!reader.AcceptSign('(')) return reader.Expected("(");
  while (!reader.AcceptSign(')')) {
    std::optional<std::string> key = reader.AcceptName();
    // Names of drivers' options have dots.
    if (!key && !prefix.empty()) key = reader.AcceptValue();
    if (!key) return reader.Expected("a key");
    while (reader.AcceptSign('.')) {
      const auto part = reader.AcceptName();
      if (!part) return reader.Expected("a name");
      *key += "." + *part;
    }
    if (prefix.empty()) *key = base::LowerCase(*key);
    (void)reader.AcceptSign('=');
    if (prefix.empty() && *key == "options" && reader.SeesSign('(')) {
      ARROW_RETURN_NOT_OK(ReadWords(reader, "options.", change));
    } else {
      const auto value = reader.AcceptValue();
      if (!value) return reader.Expected("a value for " + *key);
      change->words.emplace_back(prefix + *key, *value);
    }
    if (!reader.AcceptSign(',')) {
      if (!reader.AcceptSign(')')) return reader.Expected(", or )");
      return arrow::Status::OK();
    }
  }
  return arrow::Status::OK();
}

arrow::Status ReadCreate(Reader& reader, SourceChange* change) {
  change->verb = SourceChange::Verb::kCreate;
  if (reader.Accept("or")) {
    if (!reader.Accept("replace")) return reader.Expected("REPLACE");
    change->or_replace = true;
  }
  if (!reader.Accept("source")) return reader.Expected("SOURCE");
  if (reader.Accept("if")) {
    if (!reader.Accept("not") || !reader.Accept("exists")) {
      return reader.Expected("NOT EXISTS");
    }
    change->if_not_exists = true;
  }
  const auto name = reader.AcceptName();
  if (!name) return reader.Expected("a name");
  change->name = *name;
  if (change->or_replace && change->if_not_exists) {
    return MakeError(ErrorKind::kInvalidSql,
                     "OR REPLACE and IF NOT EXISTS exclude each other");
  }
  if (!reader.Accept("type")) return reader.Expected("TYPE");
  const auto type = reader.AcceptValue();
  if (!type) return reader.Expected("a type");
  change->words.emplace_back("type", *type);
  return reader.AtEnd() ? arrow::Status::OK() : ReadWords(reader, "", change);
}

arrow::Result<SourceChange> ReadChange(Reader& reader) {
  SourceChange change;
  if (reader.Accept("create")) {
    ARROW_RETURN_NOT_OK(ReadCreate(reader, &change));
  } else {
    const bool drop = reader.Accept("drop");
    change.verb = drop ? SourceChange::Verb::kDrop : SourceChange::Verb::kAlter;
    if (!drop && !reader.Accept("alter")) return reader.Expected("CREATE, ALTER or DROP");
    if (!reader.Accept("source")) return reader.Expected("SOURCE");
    if (reader.Accept("if")) {
      if (!reader.Accept("exists")) return reader.Expected("EXISTS");
      change.if_exists = true;
    }
    const auto name = reader.AcceptName();
    if (!name) return reader.Expected("a name");
    change.name = *name;
    if (!drop) {
      if (!reader.Accept("set")) return reader.Expected("SET");
      ARROW_RETURN_NOT_OK(ReadWords(reader, "", &change));
    }
  }
  if (!reader.AtEnd()) return reader.Expected("nothing more");
  return change;
}

class NoRows final : public ResultStream {
 public:
  std::shared_ptr<arrow::Schema> schema() const override { return arrow::schema({}); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    return arrow::Status::OK();
  }
  std::optional<int64_t> rows_changed() const override { return std::nullopt; }
};

class PreparedSourceChange final : public PreparedStatement {
 public:
  PreparedSourceChange(SourceChange change, std::shared_ptr<SourceGuard> guard,
                       std::shared_ptr<const ChangeListener> listener)
      : change_(std::move(change)),
        guard_(std::move(guard)),
        listener_(std::move(listener)) {
    using Verb = SourceChange::Verb;
    traits_.kind = StatementKind::kDefinition;
    traits_.verb = change_.verb == Verb::kCreate  ? "CREATE"
                   : change_.verb == Verb::kAlter ? "ALTER"
                                                  : "DROP";
    // Of the server, not of a database; and never a temporary thing of the session.
    traits_.read_only = false;
  }

  const StatementTraits& traits() const override { return traits_; }
  std::shared_ptr<arrow::Schema> schema() const override { return arrow::schema({}); }
  const std::vector<StatementParameter>& parameters() const override { return none_; }
  arrow::Result<std::unique_ptr<ResultStream>> Execute(const ParameterRow&,
                                                       const ExecuteOptions&) override {
    if (!guard_) {
      return MakeError(ErrorKind::kUnimplemented, "this server keeps no sources");
    }
    const arrow::Status changed = guard_->Change(change_);
    // Names may mean something else now, also after half of it.
    listener_->Tell({.everything = true});
    ARROW_RETURN_NOT_OK(changed);
    return std::make_unique<NoRows>();
  }

 private:
  const SourceChange change_;
  const std::shared_ptr<SourceGuard> guard_;
  const std::shared_ptr<const ChangeListener> listener_;
  StatementTraits traits_;
  std::vector<StatementParameter> none_;
};

}  // namespace

std::vector<std::string_view> CutIntoStatements(std::string_view sql) {
  std::vector<std::string_view> statements;
  const auto tokens = CutIntoTokens(sql);
  size_t begin = 0;
  bool any = false;
  for (const SqlToken& token : tokens) {
    const auto at = static_cast<size_t>(token.text.data() - sql.data());
    if (!any) begin = at;
    if (!token.text.starts_with(';')) {
      any = true;
      continue;
    }
    if (any) statements.push_back(sql.substr(begin, at - begin));
    any = false;
  }
  if (any) statements.push_back(sql.substr(begin));
  return statements;
}

bool IsSourceStatement(std::string_view statement) {
  Reader reader(statement);
  if (reader.Accept("alter") || reader.Accept("drop")) return reader.Accept("source");
  if (!reader.Accept("create")) return false;
  if (reader.Accept("or") && !reader.Accept("replace")) return false;
  return reader.Accept("source");
}

arrow::Result<SourceChange> ParseSourceStatement(std::string_view statement) {
  Reader reader(statement);
  return ReadChange(reader);
}

std::vector<std::string> NamesIn(std::string_view sql) {
  std::vector<std::string> names;
  for (const SqlToken& token : CutIntoTokens(sql)) {
    if (token.kind == SqlTokenKind::kLiteral) {
      if (auto text = TextOfLiteral(token.text)) names.push_back(*std::move(text));
    } else if (IsWord(token)) {
      names.push_back(NameOfToken(token.text));
    }
  }
  return names;
}

std::unique_ptr<PreparedStatement> PrepareSourceChange(
    SourceChange change, std::shared_ptr<SourceGuard> guard,
    std::shared_ptr<const ChangeListener> listener) {
  return std::make_unique<PreparedSourceChange>(std::move(change), std::move(guard),
                                                std::move(listener));
}

}  // namespace pintail::engine
