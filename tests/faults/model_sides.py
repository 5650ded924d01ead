"""The two sides of the model test: clients of a server, each of its own kind, and cursors of a plain DuckDB in process.

A side's `read`, `change` and `put` give ("rows", names, rows), ("count", n) or ("refused", message); all have `begin` and `end`.
"""

import io
import json
import uuid

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pyarrow as pa
import pyarrow.flight as flight
import requests

import flight_sql as fs
from faults.doors import ARROW, BOUND_SECONDS
from faults.model_values import plain
from flight_sql import FlightSqlClient
from ipc_messages import table_bytes

_ERRORS = (pa.ArrowException, flight.FlightError, adbc.Error, duckdb.Error, LookupError)


class _Refused(Exception):
    pass


def _rows(table):
    return ("rows", table.column_names, plain(table))


def _outcome(call, *arguments):
    try:
        return call(*arguments)
    except (*_ERRORS, _Refused) as error:
        return ("refused", str(error))


class Side:
    def read(self, sql):
        return _outcome(self._read, sql)

    def change(self, sql):
        return _outcome(self._change, sql)

    def define(self, sql):
        """A change whose rows do not count."""
        outcome = self.change(sql)
        return ("count", 0) if outcome[0] == "count" else outcome

    def put(self, name, table):
        return _outcome(self._put, name, table)

    def begin(self):
        return _outcome(self._begin)

    def end(self, commit):
        return _outcome(self._end, commit)

    def prepare(self, sql):
        """Prepares a query with one BIGINT parameter under the name `p`, instead of the one before."""
        return _outcome(self._prepare, sql)

    def execute(self, value):
        return _outcome(self._execute, value)

    def _begin(self):
        self._change("BEGIN")
        return ("count", 0)

    def _end(self, commit):
        self._change("COMMIT" if commit else "ROLLBACK")
        return ("count", 0)

    def _prepare(self, sql):
        self._change(f"PREPARE p AS {sql}")
        return ("count", 0)

    def _execute(self, value):
        return self._read(f"EXECUTE p({value})")


class FlightSide(Side):
    """Flight SQL by hand-made commands; transactions and prepared statements are handles."""

    kind = "flight"

    def __init__(self, server):
        self.client = FlightSqlClient(server.flight_uri)
        self.transaction = None

    def _read(self, sql):
        return _rows(self.client.query(sql, self.transaction))

    def _change(self, sql):
        return ("count", self.client.update(sql, self.transaction))

    def _put(self, name, table):
        command = {"stream_name": name, "mode": "append"}
        if self.transaction:
            command["transaction_id"] = self.transaction.decode()
        descriptor = flight.FlightDescriptor.for_command(json.dumps(command).encode())
        writer, reader = self.client.flight.do_put(
            descriptor, table.schema, flight.FlightCallOptions(timeout=BOUND_SECONDS))
        writer.write_table(table)
        writer.done_writing()
        while reader.read() is not None:
            pass
        writer.close()
        return ("count", table.num_rows)

    def _begin(self):
        self.transaction = self.client.begin()
        return ("count", 0)

    def _end(self, commit):
        transaction, self.transaction = self.transaction, None
        self.client.end(transaction, commit)
        return ("count", 0)

    def _prepare(self, sql):
        self.handle, _, _ = self.client.prepare(sql, self.transaction)
        return ("count", 0)

    def _execute(self, value):
        handle = self.client.bind(self.handle, pa.table({"1": pa.array([value], pa.int64())}))
        return _rows(self.client.get(fs.prepared_query(handle)))

    def close(self):
        self.client.__exit__()


class AdbcSide(Side):
    """The ADBC driver, one session by cookie."""

    kind = "adbc"

    def __init__(self, server):
        option = "adbc.flight.sql.rpc.with_cookie_middleware"
        self.connection = adbc.connect(server.flight_uri, db_kwargs={option: "true"}, autocommit=True)

    def _read(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return _rows(cursor.fetch_arrow_table())

    def _change(self, sql):
        with self.connection.cursor() as cursor:
            cursor.adbc_statement.set_sql_query(sql)
            return ("count", cursor.adbc_statement.execute_update())

    def _put(self, name, table):
        with self.connection.cursor() as cursor:
            return ("count", cursor.adbc_ingest(name, table, mode="append"))

    def close(self):
        self.connection.close()


class RestSide(Side):
    """HTTP, one session by name."""

    kind = "rest"

    def __init__(self, server):
        self.url = server.http_url
        self.session = requests.Session()
        self.session.headers["Pintail-Session"] = uuid.uuid4().hex

    def _post(self, path, data, kind, accept):
        answer = self.session.post(self.url + path, data=data, timeout=BOUND_SECONDS,
                                   headers={"Content-Type": kind, "Accept": accept})
        if answer.status_code != 200:
            raise _Refused(f"{answer.status_code} {answer.text}")
        return answer

    def _read(self, sql):
        answer = self._post("/v1/query", sql.encode(), "application/sql", ARROW)
        return _rows(pa.ipc.open_stream(io.BytesIO(answer.content)).read_all())

    def _change(self, sql):
        answer = self._post("/v1/query", sql.encode(), "application/sql", "application/json")
        answer = answer.json()
        return ("count", answer["rows_changed"] if isinstance(answer, dict) else None)

    def _put(self, name, table):
        answer = self._post(f"/v1/ingest/{name}?mode=append", table_bytes(table), ARROW, "*/*")
        return ("count", answer.json()["rows"])

    def close(self):
        self.session.close()


class PlainSide(Side):
    """A cursor of a DuckDB in this process."""

    kind = "plain"

    def __init__(self, database):
        self.cursor = database.cursor()
        self.open = False

    def _begin(self):
        self.open = True
        return super()._begin()

    def _end(self, commit):
        self.open = False
        return super()._end(commit)

    def define(self, sql):
        outcome = super().define(sql)
        # After some refusals DuckDB's Python goes on as if a transaction had been begun.
        if outcome[0] == "refused" and not self.open:
            _outcome(self.cursor.execute, "ROLLBACK")
        return outcome

    def _read(self, sql):
        return _rows(self.cursor.execute(sql).to_arrow_table())

    def _change(self, sql):
        row = self.cursor.execute(sql).fetchone()
        return ("count", row[0] if row and isinstance(row[0], int) else 0)

    def _put(self, name, table):
        self.cursor.register("arriving", table)
        try:
            self.cursor.execute(f"INSERT INTO {name} BY NAME SELECT * FROM arriving")
        finally:
            self.cursor.unregister("arriving")
        return ("count", table.num_rows)

    def _prepare(self, sql):
        self.prepared = sql
        self.announced = self._columns()
        return ("count", 0)

    def _columns(self):
        return self.cursor.execute(self.prepared.replace("?", "0")).to_arrow_table().schema

    def answers_as_announced(self):
        """Whether what was prepared has the columns that it had then, or cannot be run at all."""
        try:
            return self._columns() == self.announced
        except duckdb.Error:
            return True

    def _execute(self, value):
        # Planned anew each time: what a statement that was planned before must answer like.
        return self._read(self.prepared.replace("?", str(value)))

    def close(self):
        self.cursor.close()


CLIENTS = [FlightSide, AdbcSide, RestSide]
