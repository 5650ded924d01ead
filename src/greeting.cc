#include "greeting.h"

namespace pintail {
namespace {

// What a client on this machine connects to.
std::string Reachable(const std::string& address) {
  const size_t colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  if (host == "0.0.0.0") return "127.0.0.1" + address.substr(colon);
  if (host == "[::]") return "[::1]" + address.substr(colon);
  return address;
}

void AddLines(const char* door, const char* scheme,
              const std::vector<std::string>& addresses, std::string* text) {
  for (const std::string& address : addresses) {
    *text += std::string("  ") + door + scheme + Reachable(address) + "\n";
  }
}

}  // namespace

std::string Greeting(const ReadyState& state, const std::string& database_path) {
  std::string text = "Pintail " + state.version + " serves " +
                     (database_path == ":memory:" ? std::string("a database in memory")
                                                  : database_path) +
                     "\n\n";
  AddLines("Flight SQL  ", "grpc://", state.flight, &text);
  AddLines("HTTP        ", "http://", state.http, &text);
  if (!state.http.empty()) {
    const std::string url = "http://" + Reachable(state.http.front());
    text +=
        "\nTry it in another terminal:\n\n"
        "printf 'city,degrees\\nOslo,4\\nRome,19\\n' | curl -sS -H 'Content-Type: "
        "text/csv' "
        "--data-binary @- '" +
        url +
        "/v1/ingest/first_weather?mode=replace'\n"
        "curl -sS -H 'Content-Type: text/plain' -H 'Accept: text/csv' --data 'SELECT * "
        "FROM first_weather ORDER BY degrees' '" +
        url + "/v1/query'\n";
  }
  if (!state.flight.empty()) {
    text +=
        "\nOr in Python (pip install adbc-driver-flightsql pyarrow):\n\n"
        "import adbc_driver_flightsql.dbapi as flight_sql\n"
        "with flight_sql.connect('grpc://" +
        Reachable(state.flight.front()) +
        "') as connection, connection.cursor() as cursor:\n"
        "    cursor.execute('SELECT 40 + 2 AS answer')\n"
        "    print(cursor.fetch_arrow_table())\n";
  }
  return text + "\nCtrl-C ends it in order.\n";
}

}  // namespace pintail
