"""The doors that SQL test files go through: each runs a text and gives an Arrow table."""

import adbc_driver_flightsql.dbapi as adbc
import adbc_driver_manager as manager
import pyarrow as pa
import requests

# ADBC's status names for the kinds of errors that a door reports.
_KIND_OF_STATUS = {
    manager.AdbcStatusCode.INVALID_ARGUMENT: ("invalid_argument", "invalid_sql"),
    manager.AdbcStatusCode.NOT_FOUND: ("not_found",),
    manager.AdbcStatusCode.ALREADY_EXISTS: ("already_exists",),
    manager.AdbcStatusCode.NOT_IMPLEMENTED: ("unimplemented",),
    manager.AdbcStatusCode.INVALID_STATE: ("conflict",),
    manager.AdbcStatusCode.UNKNOWN: ("conflict",),
    manager.AdbcStatusCode.INTEGRITY: ("conflict",),
    manager.AdbcStatusCode.TIMEOUT: ("deadline_exceeded",),
    manager.AdbcStatusCode.CANCELLED: ("cancelled",),
    manager.AdbcStatusCode.INTERNAL: ("internal",),
    manager.AdbcStatusCode.IO: ("unavailable",),
    manager.AdbcStatusCode.UNAUTHORIZED: ("permission_denied",),
}


class SqlError(Exception):
    """A failed statement: the kinds that its status may stand for, and the message."""

    def __init__(self, kinds, message):
        super().__init__(message)
        self.kinds = kinds
        self.message = message


class FlightDoor:
    """Statements through the ADBC Flight SQL driver, in one session."""

    def __init__(self, server):
        option = "adbc.flight.sql.rpc.with_cookie_middleware"
        self.connection = adbc.connect(
            server.flight_uri, db_kwargs={option: "true"}, autocommit=True)

    def close(self):
        self.connection.close()

    def table(self, sql):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetch_arrow_table()
        except manager.Error as error:
            raise self._error(error) from error

    def count(self, sql):
        try:
            with self.connection.cursor() as cursor:
                statement = cursor.adbc_statement
                statement.set_sql_query(sql)
                return statement.execute_update()
        except manager.Error as error:
            raise self._error(error) from error

    def _error(self, error):
        return SqlError(_KIND_OF_STATUS.get(error.status_code, (str(error.status_code),)),
                        str(error))


class RestDoor:
    """Statements through POST /v1/query; each call is a session of its own."""

    def __init__(self, server):
        self.url = server.http_url + "/v1/query"
        self.session = requests.Session()

    def close(self):
        self.session.close()

    def _post(self, sql, accept):
        answer = self.session.post(
            self.url, data=sql.encode(), timeout=60,
            headers={"Content-Type": "text/plain", "Accept": accept})
        if answer.status_code != 200:
            error = answer.json()["error"]
            raise SqlError((error["code"],), error["message"])
        return answer

    def table(self, sql):
        answer = self._post(sql, "application/vnd.apache.arrow.stream")
        if answer.headers["Content-Type"].startswith("application/json"):
            return pa.table({})  # a statement without rows
        return pa.ipc.open_stream(answer.content).read_all()

    def count(self, sql):
        return self._post(sql, "application/json").json()["rows_changed"]


DOORS = {"flight": FlightDoor, "rest": RestDoor}
