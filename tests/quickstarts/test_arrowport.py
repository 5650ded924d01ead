"""The stream bridge clients: what their examples send, to the address that is asked for."""

import base64
import json

import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

from flight_sql import FlightSqlClient


def arrow_ipc(table):
    sink = pa.BufferOutputStream()
    writer = pa.ipc.new_stream(sink, table.schema)
    writer.write_table(table)
    writer.close()
    return sink.getvalue().to_pybytes()


def post(url, stream, target, table):
    return requests.post(
        f"{url}/stream/{stream}",
        json={
            "config": {
                "target_table": target,
                "compression": {"algorithm": "zstd", "level": 3},
            },
            "batch": {
                "arrow_schema": base64.b64encode(table.schema.serialize()).decode(),
                "data": base64.b64encode(arrow_ipc(table)).decode(),
            },
        },
        timeout=60,
    )


def put(uri, stream, table):
    client = flight.FlightClient(uri)
    descriptor = flight.FlightDescriptor.for_command(json.dumps({"stream_name": stream}).encode())
    writer, _ = client.do_put(descriptor, table.schema)
    writer.write_table(table)
    writer.close()
    return client


def benchmark_table(rows):
    return pa.table({
        "id": pa.array(range(rows), pa.int64()),
        "float_col": pa.array([float(i) for i in range(rows)], pa.float64()),
        "int_col": pa.array([i % 100 for i in range(rows)], pa.int64()),
        "str_col": [f"str_{i}" for i in range(rows)],
        "bool_col": [i % 2 == 0 for i in range(rows)],
        "timestamp_col": pa.array(range(rows), pa.timestamp("ns")),
    })


@pytest.fixture
def sql(fresh_server):
    with FlightSqlClient(fresh_server.flight_uri) as client:
        yield client.rows


def test_rest_quick_start(fresh_server, sql):
    data = pa.table({"a": [1, 2, 3], "b": ["foo", "bar", "baz"]})
    answer = post(fresh_server.http_url, "my_stream", "my_table", data)
    assert answer.status_code == 200
    assert answer.json()["rows_processed"] == 3
    assert sql("SELECT * FROM my_table ORDER BY a") == [(1, "foo"), (2, "bar"), (3, "baz")]


def test_rest_usage_example(fresh_server, sql):
    data = pa.Table.from_pydict({"id": range(1000), "value": [1.0] * 1000})
    assert post(fresh_server.http_url, "example", "example", data).status_code == 200
    assert sql("SELECT count(*), sum(value) FROM example") == [(1000, 1000.0)]


def test_flight_usage_example(fresh_server, sql):
    data = pa.Table.from_pydict({"id": range(1000), "value": [1.0] * 1000})
    client = put(fresh_server.flight_uri, "example", data)
    assert "example" in [
        part.decode() for info in client.list_flights() for part in info.descriptor.path]
    assert sql("SELECT count(*), sum(value) FROM example") == [(1000, 1000.0)]


def test_the_benchmark_of_that_program(fresh_server, sql):
    assert requests.get(fresh_server.http_url + "/metrics", timeout=60).status_code == 200
    client = flight.FlightClient(fresh_server.flight_uri)
    list(client.list_flights())
    rows = 0
    for size in (1_000, 100_000, 1_000):
        table = benchmark_table(size)
        assert post(fresh_server.http_url, "benchmark", "benchmark_table",
                    table).json()["rows_processed"] == size
        rows += size
        put(fresh_server.flight_uri, "benchmark", table)
    assert sql("SELECT count(*) FROM benchmark_table") == [(rows,)]
    assert sql("SELECT count(*) FROM benchmark") == [(rows,)]


def test_its_configuration_file_and_variables(start_server, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("""
api:
  host: "127.0.0.1"
  port: 0
  enable_metrics: true
  metrics_port: 0

duckdb:
  path: "data/db.duckdb"

compression:
  algorithm: "zstd"
  level: 3

defaults:
  chunk_size: 10000
""")
    server = start_server("--config", config, "--flight-listen", "127.0.0.1:0", database=None,
                          listen=False, env={"ARROWPORT_ENABLE_METRICS": "true"})
    assert requests.get(server.http_url + "/metrics", timeout=60).status_code == 200
    assert (server.folder / "data/db.duckdb").exists()


def test_environment_goes_above_the_file(start_server, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("api:\n  host: 192.0.2.1\n  port: 1\n")
    server = start_server(
        "--config", config, "--flight-listen", "127.0.0.1:0", listen=False,
        env={"ARROWPORT_API_HOST": "127.0.0.1", "ARROWPORT_API_PORT": "0"})
    assert requests.get(server.http_url + "/health", timeout=60).status_code == 200
