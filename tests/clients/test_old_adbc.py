"""The metrics client on an ADBC driver of 2023: it inserts and never commits."""

import json
import pathlib
import subprocess

import pytest

from flight_sql import FlightSqlClient

PROGRAM = pathlib.Path(__file__).with_name("old_adbc_program.py")
FIRST = {"metric_id": "cpu", "timestamp": 1_700_000_000_000_000_000,
         "value_running_window_sum": 10.0, "value_running_window_avg": 5.0,
         "value_running_window_count": 2}


@pytest.fixture
def run_old_client(needed_setting):
    python = needed_setting("PINTAIL_OLD_ADBC_PYTHON",
                            "the Python that has adbc-driver-flightsql 0.8.0")

    def run(uri, what):
        done = subprocess.run([python, PROGRAM, uri, what], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["driver"].startswith("0.8")
        return answer["result"]

    return run


def test_its_inserts_are_kept_where_no_transactions_are_advertised(start_server, run_old_client):
    server = start_server("--flight-listen-no-transactions", "127.0.0.1:0")
    # The address without transactions is the one that is told after the usual ones.
    uri = f"grpc://{server.ready['flight'][-1]}"
    run_old_client(uri, "insert")
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows("SELECT count(*) FROM metrics") == [(2,)]
    rows = run_old_client(uri, "read")
    assert rows[0] == FIRST
    assert [row["metric_id"] for row in rows] == ["cpu", "mem"]


def test_where_transactions_are_advertised_it_loses_what_it_never_committed(
        start_server, run_old_client):
    server = start_server()
    run_old_client(server.flight_uri, "insert")
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows("SELECT count(*) FROM metrics") == [(0,)]
