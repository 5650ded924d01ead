"""The metrics cache clients: their Python query, their INSERT and their command line tool."""

import json
import time

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pytest

import flight_sql as fs
from flight_sql import FlightSqlClient

INSERT = (
    "INSERT INTO metrics (metric_id, timestamp, value_running_window_sum,"
    " value_running_window_avg, value_running_window_count) VALUES (?, ?, ?, ?, ?)"
)


@pytest.fixture
def client(fresh_server):
    with FlightSqlClient(fresh_server.flight_uri) as client:
        yield client


def parameters(metric, nanoseconds, total, average, count):
    return pa.table({
        "0": [metric], "1": [nanoseconds], "2": [total], "3": [average], "4": [count]})


def test_the_metrics_table_is_there_from_the_start(client):
    schema = client.schema(fs.statement_query("SELECT * FROM metrics"))
    assert [(field.name, field.type) for field in schema] == [
        ("metric_id", pa.string()),
        ("timestamp", pa.int64()),
        ("value_running_window_sum", pa.float64()),
        ("value_running_window_avg", pa.float64()),
        ("value_running_window_count", pa.int64()),
    ]
    keys = client.get(fs.get_primary_keys("metrics")).column("column_name").to_pylist()
    assert keys == ["metric_id", "timestamp"]
    table = client.get(fs.get_tables(table="metrics", include_schema=True))
    full = pa.ipc.read_schema(pa.py_buffer(table.column("table_schema")[0].as_py()))
    assert not any(field.nullable for field in full)
    assert full.field("timestamp").type == pa.int64()


def test_an_insert_takes_effect_at_the_info_call(client):
    handle, _, _ = client.prepare(INSERT)
    handle = client.bind(handle, parameters("cpu", 1, 2.0, 3.0, 4))
    client.info(fs.prepared_query(handle))
    assert client.rows("SELECT * FROM metrics") == [("cpu", 1, 2.0, 3.0, 4)]
    client.close_prepared(handle)
    assert client.rows("SELECT count(*) FROM metrics") == [(1,)]


def test_a_late_fetch_brings_the_result_that_is_there(client):
    handle, _, _ = client.prepare(INSERT)
    handle = client.bind(handle, parameters("cpu", 1, 2.0, 3.0, 4))
    info = client.info(fs.prepared_query(handle))
    client.close_prepared(handle)
    for _ in range(2):
        for endpoint in info.endpoints:
            client.flight.do_get(endpoint.ticket).read_all()
    assert client.rows("SELECT count(*) FROM metrics") == [(1,)]


def test_a_close_session_with_an_empty_body_is_taken(client):
    assert client.close_session() == 1


def test_a_parameter_may_be_a_double(client):
    client.update("INSERT INTO metrics VALUES ('cpu', 1700000000000000000, 1, 1, 1)")
    handle, _, _ = client.prepare(
        "SELECT * FROM metrics WHERE timestamp >= ? AND timestamp <= ?"
        " AND metric_id IN (?, ?) ORDER BY timestamp ASC")
    handle = client.bind(handle, pa.table({
        "0": [1.6e18], "1": [1.8e18], "2": ["cpu"], "3": ["mem"]}))
    table = client.get(fs.prepared_query(handle))
    assert table.column("timestamp").to_pylist() == [1700000000000000000]


def test_the_documented_python_query(fresh_server, client):
    now = time.time_ns()
    for metric, age, average in (("cpu", 60, 1.0), ("cpu", 120, 3.0), ("mem", 60, 9.0),
                                 ("old", 7200, 99.0)):
        client.update(f"INSERT INTO metrics VALUES ('{metric}', {now - age * 10**9}, 1,"
                      f" {average}, 1)")
    conn = adbc.connect(fresh_server.flight_uri)
    try:
        cursor = conn.cursor()
        cursor.execute("""
            SELECT
                metric_id,
                COUNT(*) as samples,
                AVG(value_running_window_avg) as avg_value
            FROM metrics
            WHERE timestamp >= NOW() - INTERVAL '1 hour'
            GROUP BY metric_id
            ORDER BY avg_value DESC
        """)
        results = cursor.fetch_arrow_table()
        assert results.to_pandas().values.tolist() == [["mem", 1, 9.0], ["cpu", 2, 2.0]]
    finally:
        cursor.close()
        conn.close()


def test_the_command_line_tools_action(client):
    client.update("INSERT INTO metrics VALUES ('cpu', 1, 2, 3, 4)")
    row = {"metric_id": "cpu", "timestamp": 1, "value_running_window_sum": 2.0,
           "value_running_window_avg": 3.0, "value_running_window_count": 4}
    for body in (b"SELECT * FROM metrics",
                 json.dumps({"type": "sql.query", "data": "SELECT * FROM metrics"}).encode()):
        found = [json.loads(answer) for answer in client.action("sql.query", body)]
        assert row in found or [row] in found


def test_no_transactions_are_advertised_where_the_listener_says_so(start_server):
    server = start_server("--flight-listen-no-transactions", "127.0.0.1:0")
    with FlightSqlClient(f"grpc://{server.ready['flight'][-1]}") as client:
        assert client.get(fs.get_sql_info(8)).to_pylist()[0]["value"] == 0
        transaction = client.begin()  # accepted all the same
        client.end(transaction, commit=True)
    with FlightSqlClient(server.flight_uri) as client:
        assert client.get(fs.get_sql_info(8)).to_pylist()[0]["value"] == 1


def test_an_option_turns_the_metrics_table_off(start_server):
    server = start_server("--metrics-table-enabled=false")
    with FlightSqlClient(server.flight_uri) as client:
        with pytest.raises(pa.ArrowException, match="metrics"):
            client.rows("SELECT * FROM metrics")


def test_flags_of_the_older_server_are_taken(start_server):
    server = start_server("--enable-cache", "--cache-engine", "duckdb", "--cache-connection",
                          ":memory:", "--cache-max-duration", "3600")
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows("SELECT count(*) FROM metrics") == [(0,)]
