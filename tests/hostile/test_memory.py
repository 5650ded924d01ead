"""Long streams take bounded memory, in both directions."""

import pyarrow as pa
import pyarrow.flight as flight
import requests

import flight_sql as fs
from flight_sql import FlightSqlClient

ROWS = 10_000_000
MEBIBYTE = 1 << 20
LIMIT = 64 * MEBIBYTE


def peak_growth(server, work):
    """By how much the server's memory rose above where it stood, while `work` ran."""
    before = server.resident_bytes()
    server.forget_peak()
    work()
    return server.peak_resident_bytes() - before


def drain_by_flight(client, sql):
    info = client.info(fs.statement_query(sql))
    rows = 0
    for endpoint in info.endpoints:
        for chunk in client.flight.do_get(endpoint.ticket):
            rows += chunk.data.num_rows
    assert rows == ROWS


def test_a_long_select_takes_bounded_memory(start_server):
    server = start_server()
    select = f"SELECT range AS a, range * 2 AS b, range / 3 AS c, range % 7 AS d FROM range({ROWS})"
    with FlightSqlClient(server.flight_uri) as client:
        drain_by_flight(client, f"SELECT range FROM range({ROWS})")  # warm pools are not growth
        growth = peak_growth(server, lambda: drain_by_flight(client, select))
    assert growth <= LIMIT, f"{growth / MEBIBYTE:.0f} MiB"


def test_a_long_select_over_rest_takes_bounded_memory(start_server):
    server = start_server()

    def drain():
        answer = requests.post(
            server.http_url + "/v1/query", stream=True, timeout=120,
            data=f"SELECT range AS a, range * 2 AS b FROM range({ROWS})",
            headers={"Content-Type": "text/plain",
                     "Accept": "application/vnd.apache.arrow.stream"})
        rows = sum(batch.num_rows for batch in pa.ipc.open_stream(answer.raw))
        assert rows == ROWS

    drain()
    growth = peak_growth(server, drain)
    assert growth <= LIMIT, f"{growth / MEBIBYTE:.0f} MiB"


def test_a_client_that_stops_reading_holds_back_the_query_not_the_server(start_server):
    server = start_server()
    with FlightSqlClient(server.flight_uri) as client, FlightSqlClient(server.flight_uri) as other:
        info = client.info(fs.statement_query(f"SELECT range FROM range({ROWS * 10})"))

        def stall():
            reader = client.flight.do_get(info.endpoints[0].ticket)
            reader.read_chunk()
            for number in range(200):
                other.update(f"CREATE OR REPLACE TABLE t AS SELECT {number} AS i")
                assert other.rows("SELECT i FROM t") == [(number,)]
            reader.cancel()

        growth = peak_growth(server, stall)
    assert growth <= LIMIT, f"{growth / MEBIBYTE:.0f} MiB"


def test_a_long_upload_takes_bounded_memory(start_server, tmp_path):
    """Over the table's own memory, which DuckDB tells."""
    server = start_server("--memory-limit", "1GiB", database=tmp_path / "hot.duckdb")
    batch = pa.table({"a": list(range(100_000)), "b": [0.5] * 100_000})

    def upload():
        client = flight.FlightClient(server.flight_uri)
        writer, reader = client.do_put(flight.FlightDescriptor.for_path("long"), batch.schema)
        for _ in range(ROWS // batch.num_rows):
            writer.write_table(batch)
        writer.done_writing()
        while reader.read() is not None:
            pass
        writer.close()

    upload()  # warm: DuckDB's buffers are filled as far as they will be
    with FlightSqlClient(server.flight_uri) as client:
        client.update("CHECKPOINT")
        used = "SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()"
        before = client.rows(used)[0][0]
        growth = peak_growth(server, upload)
        table = max(0, client.rows(used)[0][0] - before)
        assert client.rows("SELECT count(*) FROM long") == [(2 * ROWS,)]
    assert growth - table <= LIMIT, f"{growth / MEBIBYTE:.0f} MiB, {table / MEBIBYTE:.0f} DuckDB's"
