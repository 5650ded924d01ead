"""The scenarios from pyarrow's Flight client, speaking Flight SQL by hand-made commands."""

import pyarrow as pa
import pyarrow.flight as flight
import pytest

import flight_sql as fs
from flight_sql import FlightSqlClient
from raw_flight import descriptor_for_command, tickets


def counted(client, table):
    return client.rows(f"SELECT count(*) FROM {table}")[0][0]


def test_connect(server):
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows("SELECT 1") == [(1,)]


def test_query(flight_client):
    info = flight_client.info(fs.statement_query("SELECT 1 AS a, 'x' AS b"))
    assert info.schema.names == ["a", "b"]
    assert all(not endpoint.locations for endpoint in info.endpoints)
    table = flight_client.flight.do_get(info.endpoints[0].ticket).read_all()
    assert table.to_pydict() == {"a": [1], "b": ["x"]}


def test_a_query_may_be_fetched_again(flight_client):
    info = flight_client.info(fs.statement_query("SELECT 1 AS a"))
    for _ in range(2):
        assert flight_client.flight.do_get(info.endpoints[0].ticket).read_all().num_rows == 1


def test_large_result(flight_client):
    info = flight_client.info(fs.statement_query("SELECT range AS r FROM range(1000000)"))
    expected = 0
    for endpoint in info.endpoints:
        for chunk in flight_client.flight.do_get(endpoint.ticket):
            assert chunk.data.column(0)[0].as_py() == expected
            expected += chunk.data.num_rows
    assert expected == 1_000_000


def test_a_change_takes_effect_once_and_at_the_info_call(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER)")
    info = flight_client.info(fs.statement_query(f"INSERT INTO {table_name} VALUES (1)"))
    assert counted(flight_client, table_name) == 1
    for _ in range(2):
        for endpoint in info.endpoints:
            flight_client.flight.do_get(endpoint.ticket).read_all()
    assert counted(flight_client, table_name) == 1


def test_a_result_whose_columns_changed_meanwhile_is_refused(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} AS SELECT 1 AS i")
    info = flight_client.info(fs.statement_query(f"SELECT * FROM {table_name}"))
    flight_client.update(f"ALTER TABLE {table_name} ADD COLUMN s VARCHAR")
    with pytest.raises(pa.ArrowException, match="columns have changed since it was announced"):
        flight_client.flight.do_get(info.endpoints[0].ticket).read_all()


def test_prepared_by_position(flight_client):
    handle, _, parameters = flight_client.prepare("SELECT ?::INTEGER + ?::INTEGER")
    assert len(parameters) == 2
    handle = flight_client.bind(handle, pa.table({"x": [40], "y": [2]}))
    assert flight_client.get(fs.prepared_query(handle)).column(0).to_pylist() == [42]
    flight_client.close_prepared(handle)


def test_prepared_by_name(flight_client):
    handle, _, parameters = flight_client.prepare("SELECT $b::VARCHAR || $a::VARCHAR")
    assert set(parameters.names) == {"a", "b"}
    handle = flight_client.bind(handle, pa.table({"a": ["1"], "b": ["2"]}))
    assert flight_client.get(fs.prepared_query(handle)).column(0).to_pylist() == ["21"]


def test_a_prepared_change_is_not_run_again_by_a_handmade_ticket(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER)")
    handle, _, _ = flight_client.prepare(f"INSERT INTO {table_name} VALUES (1)")
    flight_client.info(fs.prepared_query(handle))
    with pytest.raises(pa.ArrowException, match="by GetFlightInfo or DoPut, not by DoGet"):
        flight_client.flight.do_get(flight.Ticket(fs.prepared_query(handle))).read_all()
    assert counted(flight_client, table_name) == 1


def test_a_closed_prepared_statement_is_gone(flight_client):
    handle, _, _ = flight_client.prepare("SELECT 1")
    flight_client.close_prepared(handle)
    with pytest.raises(pa.ArrowException):
        flight_client.get(fs.prepared_query(handle))


def test_a_handle_of_nothing_is_refused(flight_client):
    with pytest.raises(pa.ArrowException, match="(?i)prepared statement"):
        flight_client.get(fs.prepared_query(b"no such handle"))


def test_executemany(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER, s VARCHAR)")
    handle, _, _ = flight_client.prepare(f"INSERT INTO {table_name} VALUES (?, ?)")
    values = pa.table({"1": [1, 2, 3], "2": ["a", None, "c"]})
    assert flight_client.put(fs.prepared_update(handle), values) == 3
    assert flight_client.rows(f"SELECT * FROM {table_name} ORDER BY i") == [
        (1, "a"), (2, None), (3, "c")]


def test_schema_before_execution(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i BIGINT, s VARCHAR)")
    assert flight_client.schema(fs.statement_query(f"SELECT s, i FROM {table_name}")) == (
        pa.schema([("s", pa.string()), ("i", pa.int64())]))
    _, schema, parameters = flight_client.prepare(f"SELECT s FROM {table_name} WHERE i = ?")
    assert schema.names == ["s"]
    assert len(parameters) == 1
    _, schema, _ = flight_client.prepare(f"DELETE FROM {table_name}")
    # The JDBC driver takes a statement with columns for a query.
    assert not schema


def test_update_count(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} AS SELECT range AS i FROM range(10)")
    assert flight_client.update(f"DELETE FROM {table_name} WHERE i < 4") == 4
    assert flight_client.update(f"UPDATE {table_name} SET i = 0") == 6


def test_ingest_create(flight_client, table_name):
    create = fs.statement_ingest(table_name, fs.NOT_EXIST_CREATE, fs.EXISTS_FAIL)
    data = pa.table({"i": [1, 2]})
    assert flight_client.ingest(create, data) == 2
    with pytest.raises(pa.ArrowException, match=table_name):
        flight_client.ingest(create, data)
    assert counted(flight_client, table_name) == 2


def test_ingest_append(flight_client, table_name):
    append = fs.statement_ingest(table_name, fs.NOT_EXIST_FAIL, fs.EXISTS_APPEND)
    data = pa.table({"i": [1, 2]})
    with pytest.raises(pa.ArrowException, match=table_name):
        flight_client.ingest(append, data)
    flight_client.update(f"CREATE TABLE {table_name} (i BIGINT)")
    assert flight_client.ingest(append, data) == 2
    assert counted(flight_client, table_name) == 2


def test_ingest_replace(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} AS SELECT 'old' AS other")
    replace = fs.statement_ingest(table_name, fs.NOT_EXIST_CREATE, fs.EXISTS_REPLACE)
    flight_client.ingest(replace, pa.table({"i": [1]}))
    assert flight_client.query(f"SELECT * FROM {table_name}").to_pydict() == {"i": [1]}


def test_ingest_create_append(flight_client, table_name):
    both = fs.statement_ingest(table_name, fs.NOT_EXIST_CREATE, fs.EXISTS_APPEND)
    for _ in range(2):
        flight_client.ingest(both, pa.table({"i": [1]}))
    assert counted(flight_client, table_name) == 2


def test_ingest_temporary(server, flight_client, table_name):
    temporary = fs.statement_ingest(table_name, fs.NOT_EXIST_CREATE, fs.EXISTS_FAIL,
                                    temporary=True)
    flight_client.ingest(temporary, pa.table({"i": [1]}))
    assert counted(flight_client, table_name) == 1
    with FlightSqlClient(server.flight_uri) as other, pytest.raises(pa.ArrowException):
        counted(other, table_name)


def test_ingest_in_transaction(server, flight_client, table_name):
    transaction = flight_client.begin()
    create = fs.statement_ingest(table_name, fs.NOT_EXIST_CREATE, fs.EXISTS_FAIL,
                                 transaction=transaction)
    flight_client.ingest(create, pa.table({"i": [1]}))
    assert flight_client.query(f"SELECT * FROM {table_name}", transaction).num_rows == 1
    flight_client.end(transaction, commit=False)
    with pytest.raises(pa.ArrowException):
        counted(flight_client, table_name)


def test_commit(server, flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER)")
    with FlightSqlClient(server.flight_uri) as other:
        transaction = flight_client.begin()
        flight_client.update(f"INSERT INTO {table_name} VALUES (1)", transaction)
        assert counted(other, table_name) == 0
        flight_client.end(transaction, commit=True)
        assert counted(other, table_name) == 1


def test_rollback(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER)")
    transaction = flight_client.begin()
    flight_client.update(f"INSERT INTO {table_name} VALUES (1)", transaction)
    flight_client.end(transaction, commit=False)
    assert counted(flight_client, table_name) == 0
    with pytest.raises(pa.ArrowException, match="(?i)transaction"):
        flight_client.end(transaction, commit=True)


def test_savepoints_are_refused_as_unimplemented(flight_client):
    transaction = flight_client.begin()
    request = fs.any_of("ActionBeginSavepointRequest",
                        fs.message({1: transaction, 2: "here"}))
    with pytest.raises(NotImplementedError):
        flight_client.action("BeginSavepoint", request)
    flight_client.end(transaction, commit=False)


def statement_state(client, mark):
    found = client.rows(f"SELECT state FROM pintail.statements WHERE sql LIKE 'SELECT range AS {mark} %'")
    return found[-1][0] if found else None


def test_cancel_mid_stream(server, flight_client):
    sql = "SELECT range AS cancel_from_flight FROM range(1000000000000)"
    info = flight_client.info(fs.statement_query(sql))
    reader = flight_client.flight.do_get(info.endpoints[0].ticket)
    assert reader.read_chunk().data.num_rows > 0
    reader.cancel()
    server.wait_until(
        lambda: statement_state(flight_client, "cancel_from_flight") == "cancelled",
        "the statement is told as cancelled")


def cancelled_by(flight_client, server, mark, cancel):
    info = flight_client.info(fs.statement_query(
        f"SELECT range AS {mark} FROM range(1000000000000)"))
    # A result that nothing ends is ended by its deadline, which is told as a failure.
    reader = flight_client.flight.do_get(info.endpoints[0].ticket,
                                         flight.FlightCallOptions(timeout=30))
    reader.read_chunk()
    cancel(info)
    with pytest.raises(pa.ArrowException, match="cancelled by its client"):
        while True:
            reader.read_chunk()
    server.wait_until(lambda: statement_state(flight_client, mark) == "cancelled",
                      "the statement is told as cancelled")


def test_cancel_flight_info_ends_the_statement(server, flight_client):
    def cancel(info):
        answer = flight_client.action(
            "CancelFlightInfo", fs.message({1: info.serialize()}))
        assert fs.parse(answer[0])[1] == [1]  # cancelled

    cancelled_by(flight_client, server, "cancel_flight_info", cancel)


def test_the_older_cancel_query_ends_the_statement(server, flight_client):
    def cancel(info):
        request = fs.any_of("ActionCancelQueryRequest", fs.message({1: info.serialize()}))
        answer = flight_client.action("CancelQuery", request)
        assert fs.parse(fs.parse(answer[0])[2][0])[1] == [1]

    cancelled_by(flight_client, server, "cancel_query", cancel)


def test_poll_flight_info_follows_a_long_statement(server, raw_flight, flight_client):
    sql = "SELECT sum(range)::BIGINT AS s FROM range(300000000)"
    descriptor = descriptor_for_command(fs.statement_query(sql))
    polls = 0
    while True:
        answer = raw_flight.poll_flight_info(descriptor)
        polls += 1
        assert polls < 100_000
        if 2 not in answer:
            break
        descriptor = answer[2][0]
    ticket = flight.Ticket(tickets(answer[1][0])[0])
    assert flight_client.flight.do_get(ticket).read_all().to_pydict() == {
        "s": [44999999850000000]}


def test_poll_flight_info_tells_an_error(raw_flight):
    import grpc

    descriptor = descriptor_for_command(fs.statement_query("SELECT * FROM nothing_here"))
    with pytest.raises(grpc.RpcError, match="nothing_here"):
        while True:
            answer = raw_flight.poll_flight_info(descriptor)
            if 2 not in answer:
                break
            descriptor = answer[2][0]


def test_tables_with_filters(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name}_a (i INTEGER NOT NULL)")
    flight_client.update(f"COMMENT ON TABLE {table_name}_a IS 'about it'")
    flight_client.update(f"COMMENT ON COLUMN {table_name}_a.i IS 'about i'")
    flight_client.update(f"CREATE VIEW {table_name}_b AS SELECT 1 AS j")

    def names(**filters):
        return flight_client.get(fs.get_tables(**filters)).column("table_name").to_pylist()

    assert names(table=f"{table_name}_%") == [f"{table_name}_a", f"{table_name}_b"]
    assert names(table=f"{table_name}_%", types=["VIEW"]) == [f"{table_name}_b"]
    assert names(table=f"{table_name[:-1]}__a") == [f"{table_name}_a"]
    assert names(table=f"{table_name}_%", schema="pintail") == []
    assert names(table=f"{table_name}_%", catalog="no such catalog") == []
    table = flight_client.get(fs.get_tables(table=f"{table_name}_a", include_schema=True))
    assert table.schema.names == [
        "catalog_name", "db_schema_name", "table_name", "table_type", "table_schema"]
    schema = pa.ipc.read_schema(pa.py_buffer(table.column("table_schema")[0].as_py()))
    assert schema.field("i").nullable is False
    assert schema.field("i").metadata[b"ARROW:FLIGHT:SQL:REMARKS"] == b"about i"
    assert schema.field("i").metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"] == b"INTEGER"


def test_tables_of_attached_databases_are_listed(fresh_server):
    with FlightSqlClient(fresh_server.flight_uri) as client:
        client.update("ATTACH ':memory:' AS pond")
        client.update("CREATE TABLE pond.main.fish (i INTEGER)")
        table = client.get(fs.get_tables(table="fish"))
        assert table.column("catalog_name").to_pylist() == ["pond"]
        assert "pond" in client.get(fs.get_catalogs()).column("catalog_name").to_pylist()
        assert client.get(fs.get_db_schemas("pond", "ma%")).to_pylist() == [
            {"catalog_name": "pond", "db_schema_name": "main"}]


def test_table_schema(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER NOT NULL, s VARCHAR)")
    for path in ([table_name], ["main", table_name], [f"main.{table_name}"]):
        descriptor = flight.FlightDescriptor.for_path(*path)
        schema = flight_client.flight.get_schema(descriptor).schema
        assert schema.names == ["i", "s"]


def test_keys(flight_client, table_name):
    parent, child = f"{table_name}_parent", f"{table_name}_child"
    flight_client.update(f"CREATE TABLE {parent} (a INTEGER, b INTEGER, PRIMARY KEY (a, b))")
    flight_client.update(f"CREATE TABLE {child} (x INTEGER PRIMARY KEY, pa INTEGER,"
                         f" pb INTEGER, FOREIGN KEY (pa, pb) REFERENCES {parent} (a, b))")
    primary = flight_client.get(fs.get_primary_keys(parent)).to_pylist()
    assert [(key["column_name"], key["key_sequence"]) for key in primary] == [("a", 1), ("b", 2)]
    for command in (fs.get_imported_keys(child), fs.get_exported_keys(parent),
                    fs.get_cross_reference(parent, child)):
        keys = flight_client.get(command).to_pylist()
        assert [(key["pk_table_name"], key["pk_column_name"], key["fk_table_name"],
                 key["fk_column_name"], key["key_sequence"]) for key in keys] == [
            (parent, "a", child, "pa", 1), (parent, "b", child, "pb", 2)]
    assert flight_client.get(fs.get_imported_keys(parent)).num_rows == 0


def test_table_types(flight_client):
    types = flight_client.get(fs.get_table_types()).column("table_type").to_pylist()
    assert {"TABLE", "VIEW", "LOCAL TEMPORARY"} <= set(types)
    assert len(types) == len(set(types))


def test_server_info(flight_client):
    info = dict(zip(*flight_client.get(fs.get_sql_info()).to_pydict().values()))
    assert info[0] == "Pintail"
    assert info[4] is True  # SQL
    assert info[5] is False  # Substrait
    assert info[8] == 1  # transactions, without savepoints
    assert info[9] is True  # cancel
    assert info[10] is True and info[11] is True  # bulk ingest, also in transactions
    one = flight_client.get(fs.get_sql_info(0, 8))
    assert one.column(0).to_pylist() == [0, 8]


def test_type_info_tells_the_types(flight_client):
    table = flight_client.get(fs.get_xdbc_type_info())
    names = table.column("type_name").to_pylist()
    assert {"INTEGER", "VARCHAR", "DOUBLE", "TIMESTAMP", "DECIMAL"} <= set(names)
    codes = table.column("data_type").to_pylist()
    assert codes == sorted(codes)
    only = flight_client.get(fs.get_xdbc_type_info(4))  # XDBC INTEGER
    assert set(only.column("data_type").to_pylist()) == {4}


def test_session_options(flight_client, table_name):
    flight_client.update(f"CREATE SCHEMA {table_name}")
    assert flight_client.set_session_options({
        "schema": table_name, "time_zone": "Asia/Tokyo", "statement_timeout": 60000}) == {}
    options = flight_client.session_options()
    assert options["schema"] == table_name
    assert options["time_zone"] == "Asia/Tokyo"
    assert str(options["statement_timeout"]) == "60000"
    assert flight_client.rows("SELECT current_schema(), current_setting('TimeZone')") == [
        (table_name, "Asia/Tokyo")]
    errors = flight_client.set_session_options({"no_such_option": "x", "time_zone": "Mars"})
    assert errors == {"no_such_option": 1, "time_zone": 2}  # bad name, bad value


def test_the_statement_timeout_of_a_session_ends_a_statement(flight_client):
    assert flight_client.set_session_options({"statement_timeout": 50}) == {}
    with pytest.raises(pa.ArrowException, match="its timeout of 50 ms"):
        flight_client.query("SELECT count(*) FROM range(10000000) a, range(10000000) b")


def test_close_session(server, flight_client):
    with FlightSqlClient(server.flight_uri) as client:
        client.update("CREATE TEMP TABLE goes_with_it (i INTEGER)")
        assert client.rows("SELECT count(*) FROM goes_with_it") == [(0,)]
        assert client.close_session() == 1
        with pytest.raises(pa.ArrowException, match="goes_with_it"):
            client.rows("SELECT count(*) FROM goes_with_it")


def test_the_handles_of_a_session_close_with_it(server):
    with FlightSqlClient(server.flight_uri) as client:
        handle, _, _ = client.prepare("SELECT 1")
        ticket = client.info(fs.statement_query("SELECT 2")).endpoints[0].ticket
        kept = client.info(fs.statement_query("PRAGMA version")).endpoints[0].ticket
        transaction = client.begin()
        client.close_session()
        with pytest.raises(pa.ArrowException, match="no such prepared statement"):
            client.get(fs.prepared_query(handle))
        for each in (ticket, kept):
            with pytest.raises(pa.ArrowException, match="no such parked result"):
                client.flight.do_get(each).read_all()
        with pytest.raises(pa.ArrowException, match="no such transaction"):
            client.end(transaction, commit=False)


def test_closing_a_session_ends_what_runs_in_it(server):
    with FlightSqlClient(server.flight_uri) as client:
        info = client.info(fs.statement_query("SELECT range FROM range(1000000000000)"))
        reader = client.flight.do_get(info.endpoints[0].ticket,
                                      flight.FlightCallOptions(timeout=30))
        reader.read_chunk()
        client.close_session()
        with pytest.raises(pa.ArrowException, match="the session was closed"):
            while True:
                reader.read_chunk()


def test_a_transaction_left_open_is_rolled_back_with_its_session(server, flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER)")
    with FlightSqlClient(server.flight_uri) as client:
        transaction = client.begin()
        client.update(f"INSERT INTO {table_name} VALUES (1)", transaction)
        client.close_session()
        with pytest.raises(pa.ArrowException):
            client.end(transaction, commit=True)
    assert counted(flight_client, table_name) == 0


def test_errors(flight_client):
    table = [
        ("SELEC 1", pa.ArrowInvalid, "syntax error"),
        ("SELECT * FROM no_such_table", pa.ArrowKeyError, "no_such_table"),
        ("SELECT 'x'::INTEGER", pa.ArrowInvalid, "x"),
    ]
    for sql, kind, message in table:
        with pytest.raises(kind, match=message):
            flight_client.query(sql)


def test_unknown_commands_and_actions_are_refused(flight_client):
    with pytest.raises((pa.ArrowException, NotImplementedError)):
        flight_client.info(fs.any_of("CommandMystery", b""))
    with pytest.raises((pa.ArrowException, NotImplementedError), match="no_such_action"):
        flight_client.action("no_such_action")
