// Gateway: opening and closing sessions, and their options.
#include <algorithm>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "catalog/text_rows.h"
#include "engine/names.h"
#include "gateway/gateway_impl.h"

namespace pintail::gateway {
namespace {

using base::ErrorKind;
using base::MakeError;
using catalog::TextRows;
using engine::QuoteName;
using engine::QuoteText;

arrow::Result<std::chrono::milliseconds> ParseMilliseconds(const std::string& value) {
  int64_t count = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), count);
  constexpr std::chrono::milliseconds kMost = kLongestTimeout;
  if (error != std::errc{} || end != value.data() + value.size() || count < 0 ||
      count > kMost.count()) {
    return MakeError(ErrorKind::kInvalidArgument, "statement_timeout is '", value,
                     "' but has to be a number of milliseconds, 0 for none and ",
                     kMost.count(), " at most");
  }
  return std::chrono::milliseconds(count);
}

arrow::Result<std::string> SettingStatement(engine::Connection& connection,
                                            const std::string& name,
                                            const std::string& value) {
  if (value.empty() && name == "catalog") return "RESET SESSION search_path";
  if (name == "schema") {
    ARROW_ASSIGN_OR_RAISE(const auto catalog,
                          TextRows(connection, "SELECT current_database()"));
    const std::string here = "USE " + QuoteName(catalog.at(0).at(0).value_or(""));
    return value.empty() ? here : here + "." + QuoteName(value);
  }
  if (name == "catalog") return "USE " + QuoteName(value);
  const std::string setting = name == "time_zone" ? "TimeZone" : name;
  ARROW_ASSIGN_OR_RAISE(const auto known,
                        TextRows(connection,
                                 "SELECT name, input_type FROM duckdb_settings() "
                                 "WHERE lower(name) = lower($1::VARCHAR)",
                                 {setting}));
  if (known.empty()) {
    return MakeError(ErrorKind::kNotFound, "there is no session option '", name,
                     "'; SELECT name FROM duckdb_settings() lists DuckDB's, besides "
                     "catalog, schema, statement_timeout and time_zone");
  }
  if (value.empty()) return "RESET SESSION " + QuoteName(*known[0][0]);
  const bool is_list = known[0][1].value_or("").ends_with("[]");
  const std::string text = is_list && value[0] != '[' ? "[" + value + "]" : value;
  return "SET SESSION " + QuoteName(*known[0][0]) + " = " + QuoteText(text);
}

}  // namespace

arrow::Result<SessionPtr> GatewayImpl::OpenSession(const CallPtr& call,
                                                   const std::string& key) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  return sessions_->Open(*call, key);
}

bool GatewayImpl::KnowsSession(const CallPtr& call, const std::string& key) const {
  return sessions_->Knows(*call, key);
}

arrow::Result<SessionPtr> GatewayImpl::TransientSession(const CallPtr& call) {
  ARROW_RETURN_NOT_OK(CheckOpen());
  return sessions_->OpenTransient(*call);
}

arrow::Status GatewayImpl::CloseSession(const CallPtr& call, const std::string& key) {
  if (const SessionPtr session = sessions_->Take(*call, key)) Close(session);
  return arrow::Status::OK();
}

arrow::Status GatewayImpl::SetSessionOption(const CallPtr& call,
                                            const SessionPtr& session,
                                            const std::string& name,
                                            const std::string& value) {
  ARROW_RETURN_NOT_OK(CheckOwner(*call, session.get()));
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartInternal(call, *session));
  return run->Explain(SetSetting(*run, *session, name, value));
}

arrow::Status GatewayImpl::SetSetting(StatementRun& run, Session& session,
                                      const std::string& name, const std::string& value) {
  if (name == "statement_timeout") {
    if (value.empty()) {
      session.set_statement_timeout(std::nullopt);
      return arrow::Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const auto timeout, ParseMilliseconds(value));
    session.set_statement_timeout(timeout);
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(Lease home, session.LeaseHome(run));
  ARROW_RETURN_NOT_OK(home.AttachTo(run));
  ARROW_ASSIGN_OR_RAISE(const std::string statement,
                        SettingStatement(home.connection(), name, value));
  const arrow::Status set = home.connection().Run(statement).status();
  if (!set.ok()) {
    if (base::KindOf(set) == ErrorKind::kCancelled) return set;
    return MakeError(ErrorKind::kInvalidArgument, "session option ", name, " cannot be '",
                     value, "': ", set.message());
  }
  ARROW_ASSIGN_OR_RAISE(auto settings, home.connection().Settings());
  SeeSettings(settings);
  session.SettingsChanged(std::move(settings));
  session.set_option(name, value);
  return arrow::Status::OK();
}

arrow::Result<std::map<std::string, std::string>> GatewayImpl::SessionOptions(
    const CallPtr& call, const SessionPtr& session) {
  ARROW_RETURN_NOT_OK(CheckOwner(*call, session.get()));
  ARROW_ASSIGN_OR_RAISE(const RunPtr run, StartInternal(call, *session));
  std::map<std::string, std::string> options = session->options();
  ARROW_ASSIGN_OR_RAISE(Lease home, session->LeaseHome(*run));
  ARROW_RETURN_NOT_OK(home.AttachTo(*run));
  ARROW_ASSIGN_OR_RAISE(
      const auto current,
      TextRows(
          home.connection(),
          "SELECT current_database(), current_schema(), current_setting('TimeZone')"));
  options["catalog"] = current.at(0).at(0).value_or("");
  options["schema"] = current.at(0).at(1).value_or("");
  options["time_zone"] = current.at(0).at(2).value_or("");
  options["statement_timeout"] = std::to_string(
      session->statement_timeout().value_or(options_.statement_timeout).count());
  return options;
}

}  // namespace pintail::gateway
