"""Flight SQL commands and actions, made by hand on top of pyarrow's plain Flight client."""

import contextlib

import pyarrow as pa
import pyarrow.flight as flight

from protobuf_wire import fixed64, field, message, parse, signed

_TYPE = b"type.googleapis.com/arrow.flight.protocol.sql."


def any_of(name, body):
    """A protobuf Any of arrow.flight.protocol.sql.<name>."""
    return message({1: _TYPE + name.encode(), 2: body})


def statement_query(sql, transaction=None):
    return any_of("CommandStatementQuery", message({1: sql, 2: transaction}))


def statement_update(sql, transaction=None):
    return any_of("CommandStatementUpdate", message({1: sql, 2: transaction}))


def prepared_query(handle):
    return any_of("CommandPreparedStatementQuery", message({1: handle}))


def prepared_update(handle):
    return any_of("CommandPreparedStatementUpdate", message({1: handle}))


def get_sql_info(*ids):
    return any_of("CommandGetSqlInfo", message({1: list(ids)}))


def get_xdbc_type_info(data_type=None):
    return any_of("CommandGetXdbcTypeInfo", message({1: data_type}))


def get_catalogs():
    return any_of("CommandGetCatalogs", b"")


def get_db_schemas(catalog=None, pattern=None):
    return any_of("CommandGetDbSchemas", message({1: catalog, 2: pattern}))


def get_tables(catalog=None, schema=None, table=None, types=(), include_schema=False):
    body = message({1: catalog, 2: schema, 3: table, 4: list(types), 5: include_schema})
    return any_of("CommandGetTables", body)


def get_table_types():
    return any_of("CommandGetTableTypes", b"")


def get_primary_keys(table, schema=None, catalog=None):
    return any_of("CommandGetPrimaryKeys", message({1: catalog, 2: schema, 3: table}))


def get_exported_keys(table, schema=None, catalog=None):
    return any_of("CommandGetExportedKeys", message({1: catalog, 2: schema, 3: table}))


def get_imported_keys(table, schema=None, catalog=None):
    return any_of("CommandGetImportedKeys", message({1: catalog, 2: schema, 3: table}))


def get_cross_reference(parent, child):
    body = message({1: None, 2: None, 3: parent, 4: None, 5: None, 6: child})
    return any_of("CommandGetCrossReference", body)


# Values of TableDefinitionOptions.
NOT_EXIST_CREATE, NOT_EXIST_FAIL = 1, 2
EXISTS_FAIL, EXISTS_APPEND, EXISTS_REPLACE = 1, 2, 3


def statement_ingest(table, if_not_exist, if_exists, *, schema=None, catalog=None,
                     temporary=False, transaction=None, options=None):
    entries = [message({1: key, 2: value}) for key, value in (options or {}).items()]
    body = message({
        1: message({1: if_not_exist, 2: if_exists}),
        2: table,
        3: schema,
        4: catalog,
        5: temporary,
        6: transaction,
        1000: entries,
    })
    return any_of("CommandStatementIngest", body)


class _Cookies(flight.ClientMiddlewareFactory):
    """Keeps the server's cookies, as every client that wants a session does."""

    def __init__(self):
        self.jar = {}

    def start_call(self, info):
        return _CookieCall(self.jar)


class _CookieCall(flight.ClientMiddleware):
    def __init__(self, jar):
        self.jar = jar

    def sending_headers(self):
        if not self.jar:
            return {}
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.jar.items())}

    def received_headers(self, headers):
        for name, values in headers.items():
            if name.lower() == "set-cookie":
                for value in values:
                    name, _, rest = value.partition("=")
                    self.jar[name.strip()] = rest.split(";")[0]


# A statement that nothing ends fails its test instead of holding the whole run.
BOUND_SECONDS = 120


class FlightSqlClient:
    """One client of a server: one session by cookie. Use as a context manager."""

    def __init__(self, uri, cookies=True):
        self.cookies = _Cookies()
        self.flight = flight.FlightClient(uri, middleware=[self.cookies] if cookies else [])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # As drivers do: a session by cookie outlives its connection until it has idled out.
        try:
            for _ in self.flight.do_action(flight.Action("CloseSession", b"")):
                pass
        except (flight.FlightError, pa.ArrowException):
            pass  # the test may have ended the session, or the server
        self.flight.close()

    def info(self, command, timeout=BOUND_SECONDS):
        options = flight.FlightCallOptions(timeout=timeout)
        return self.flight.get_flight_info(flight.FlightDescriptor.for_command(command), options)

    def schema(self, command):
        return self.flight.get_schema(flight.FlightDescriptor.for_command(command)).schema

    def get(self, command):
        """The whole result of a command, endpoint after endpoint."""
        info = self.info(command)
        options = flight.FlightCallOptions(timeout=BOUND_SECONDS)
        tables = [self.flight.do_get(endpoint.ticket, options).read_all()
                  for endpoint in info.endpoints]
        return pa.concat_tables(tables) if tables else info.schema.empty_table()

    def query(self, sql, transaction=None):
        return self.get(statement_query(sql, transaction))

    def rows(self, sql, transaction=None):
        return [tuple(row.values()) for row in self.query(sql, transaction).to_pylist()]

    def update(self, sql, transaction=None):
        """Runs the statement by DoPut; the rows affected."""
        return self.put(statement_update(sql, transaction))

    def put(self, command, table=None):
        """Puts a table (or nothing) under a command; DoPutUpdateResult's record count."""
        table = pa.table({}) if table is None else table
        descriptor = flight.FlightDescriptor.for_command(command)
        writer, reader = self.flight.do_put(descriptor, table.schema)
        with contextlib.closing(writer):
            if table.num_columns:
                writer.write_table(table)
            writer.done_writing()
            answer = reader.read()
        return signed(parse(answer.to_pybytes()).get(1, [0])[0])

    def ingest(self, command, table):
        return self.put(command, table)

    def action(self, name, body=b""):
        return [result.body.to_pybytes() for result in
                self.flight.do_action(flight.Action(name, body))]

    def prepare(self, sql, transaction=None):
        """(handle, result schema or None, parameter schema or None)."""
        request = any_of("ActionCreatePreparedStatementRequest",
                         message({1: sql, 2: transaction}))
        packed = parse(self.action("CreatePreparedStatement", request)[0])
        answer = parse(packed[2][0])

        def schema(number):
            data = answer.get(number, [b""])[0]
            return pa.ipc.read_schema(pa.py_buffer(data)) if data else None

        return answer[1][0], schema(2), schema(3)

    def bind(self, handle, table):
        """Binds parameters; the handle to go on with (servers may give a new one)."""
        descriptor = flight.FlightDescriptor.for_command(prepared_query(handle))
        writer, reader = self.flight.do_put(descriptor, table.schema)
        with contextlib.closing(writer):
            writer.write_table(table)
            writer.done_writing()
            answer = reader.read()
        return parse(answer.to_pybytes()).get(1, [handle])[0] if answer else handle

    def close_prepared(self, handle):
        request = any_of("ActionClosePreparedStatementRequest", message({1: handle}))
        self.action("ClosePreparedStatement", request)

    def begin(self):
        answer = self.action("BeginTransaction", any_of("ActionBeginTransactionRequest", b""))
        return parse(parse(answer[0])[2][0])[1][0]

    def end(self, transaction, commit):
        request = any_of("ActionEndTransactionRequest",
                         message({1: transaction, 2: 1 if commit else 2}))
        self.action("EndTransaction", request)

    def set_session_options(self, options):
        """The errors by option name: {} when all were taken."""
        entries = b"".join(
            field(1, message({1: name}) + field(2, _option(value)))
            for name, value in options.items())
        answer = parse(self.action("SetSessionOptions", entries)[0])
        errors = {}
        for entry in answer.get(1, []):
            pair = parse(entry)
            errors[pair[1][0].decode()] = parse(pair.get(2, [b""])[0]).get(1, [0])[0]
        return errors

    def session_options(self):
        answer = parse(self.action("GetSessionOptions", b"")[0])
        options = {}
        for entry in answer.get(1, []):
            pair = parse(entry)
            value = parse(pair.get(2, [b""])[0])
            options[pair[1][0].decode()] = _option_value(value)
        return options

    def close_session(self):
        """The CloseSessionResult status: 1 closed, 2 closing, 3 not closeable."""
        return parse(self.action("CloseSession", b"")[0]).get(1, [0])[0]


def _option(value):
    if isinstance(value, bool):
        return message({2: value})
    if isinstance(value, int):
        return fixed64(3, value)
    if isinstance(value, float):
        return message({4: value})
    return message({1: value})


def _option_value(fields):
    if 1 in fields:
        return fields[1][0].decode()
    if 2 in fields:
        return bool(fields[2][0])
    if 3 in fields:
        return int.from_bytes(fields[3][0], "little", signed=True)
    if 4 in fields:
        return fields[4][0]
    return None
