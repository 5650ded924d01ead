"""Clients that go away in the middle leave no query, no lock and no rows behind."""

import pathlib
import socket
import struct
import subprocess
import sys

import pyarrow as pa
import pytest
import requests

from flight_sql import FlightSqlClient

READ_AND_DIE = """
import os, sys, pyarrow.flight as flight
sys.path.insert(0, sys.argv[1])
import flight_sql as fs
client = fs.FlightSqlClient(sys.argv[2])
info = client.info(fs.statement_query(sys.argv[3]))
reader = client.flight.do_get(info.endpoints[0].ticket)
reader.read_chunk()
os._exit(7)
"""

WRITE_AND_DIE = """
import os, sys, pyarrow as pa, pyarrow.flight as flight
client = flight.FlightClient(sys.argv[2])
table = pa.table({"i": list(range(100000))})
writer, reader = client.do_put(flight.FlightDescriptor.for_path(sys.argv[3]), table.schema)
for _ in range(10):
    writer.write_table(table)
os._exit(7)
"""

ASK = """
import sys, pyarrow as pa
sys.path.insert(0, sys.argv[1])
import flight_sql as fs
client = fs.FlightSqlClient(sys.argv[2])
info = client.info(fs.statement_query(sys.argv[3]))
client.flight.do_get(info.endpoints[0].ticket).read_all()
"""

# Uploads that have sent all they will send, and have not said that it is all.
HOLD_UPLOADS = """
import sys, threading
sys.path.insert(0, sys.argv[1])
import pyarrow as pa
from ipc_messages import split, table_bytes
from raw_flight import RawFlight, descriptor_for_path, flight_data
never = threading.Event()
messages = split(table_bytes(pa.table({"i": list(range(1000))})))

def upload(number):
    def held():
        for index, (metadata, body) in enumerate(messages):
            descriptor = descriptor_for_path(sys.argv[3] + str(number)) if index == 0 else None
            yield flight_data(metadata, body, descriptor)
        never.wait()

    RawFlight(sys.argv[2]).do_put(held())

for number in range(int(sys.argv[4])):
    threading.Thread(target=upload, args=[number]).start()
never.wait()
"""


def run_and_die(server, program, argument):
    tests = str(pathlib.Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", program, tests, server.flight_uri, argument],
                          timeout=60)
    assert done.returncode == 7


def states(server, mark):
    with FlightSqlClient(server.flight_uri) as client:
        return client.rows(
            f"SELECT state FROM pintail.statements WHERE sql LIKE 'SELECT range AS {mark} %'")


def test_a_reader_that_dies_ends_its_query(target):
    run_and_die(target, READ_AND_DIE, "SELECT range AS dead_reader FROM range(1000000000000)")
    target.wait_until(lambda: states(target, "dead_reader") == [("cancelled",)],
                      "the query is cancelled")


def test_a_writer_that_dies_leaves_nothing(target, table_name):
    run_and_die(target, WRITE_AND_DIE, table_name)

    def rolled_back():
        with FlightSqlClient(target.flight_uri) as client:
            return client.rows("SELECT count(*) FROM information_schema.tables"
                               f" WHERE table_name = '{table_name}'") == [(0,)]

    target.wait_until(rolled_back, "the upload is rolled back")


def test_uploads_that_were_not_ended_are_not_committed(target, table_name):
    """The end of a connection looks like the end of a stream for a moment: hence so many."""
    uploads = 40
    tests = str(pathlib.Path(__file__).parent.parent)
    with FlightSqlClient(target.flight_uri) as client:

        def running():
            return client.rows("SELECT count(*) FROM pintail.statements WHERE state = 'running'"
                               f" AND starts_with(sql, 'INGEST INTO \"{table_name}')")[0][0]

        holder = subprocess.Popen([sys.executable, "-c", HOLD_UPLOADS, tests,
                                   target.flight_address, table_name, str(uploads)])
        try:
            target.wait_until(lambda: running() == uploads, "all uploads have begun")
        finally:
            holder.kill()
            holder.wait()
        target.wait_until(lambda: running() == 0, "all uploads have ended")


def test_a_client_that_dies_in_a_long_query_ends_it(target):
    """No row ever comes: the server must see by itself that nobody waits."""
    sql = ("SELECT range AS dead_waiter FROM range(1000000000) a"
           " WHERE range * 7 % 1000003 = 1000004")
    line = socket.create_connection(tuple(target.http_address.rsplit(":", 1)), timeout=30)
    line.sendall(f"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                 f"Content-Length: {len(sql)}\r\n\r\n{sql}".encode())
    target.wait_until(lambda: states(target, "dead_waiter") == [("running",)],
                      "the query runs")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()
    target.wait_until(lambda: states(target, "dead_waiter") == [("cancelled",)],
                      "the query is cancelled")


# The first takes effect while the flight is asked for, the other runs while it is fetched.
@pytest.mark.parametrize("sql", [
    "CREATE TABLE never AS SELECT range AS dead_asker FROM range(100000000000)",
    "SELECT range AS dead_fetcher FROM range(1000000000) a WHERE range * 7 % 1000003 = 1000004",
])
def test_a_flight_client_that_dies_in_a_long_statement_ends_it(target, sql):
    """No row ever comes, so nothing is sent that could fail."""
    tests = str(pathlib.Path(__file__).parent.parent)
    with FlightSqlClient(target.flight_uri) as client:

        def states_now():
            return client.rows("SELECT state FROM pintail.statements"
                               f" WHERE starts_with(sql, '{sql[:48]}')")

        asker = subprocess.Popen([sys.executable, "-c", ASK, tests, target.flight_uri, sql])
        try:
            target.wait_until(lambda: states_now() == [("running",)], "the statement runs")
        finally:
            asker.kill()
            asker.wait()
        target.wait_until(lambda: states_now() == [("cancelled",)], "the statement is cancelled")


def test_a_flight_call_past_its_deadline_ends_its_query(target):
    import flight_sql as fs

    with FlightSqlClient(target.flight_uri) as client:
        command = fs.statement_query(
            "CREATE TABLE never AS SELECT range AS dead_line FROM range(100000000000)")
        with pytest.raises((pa.ArrowException, TimeoutError)):
            client.info(command, timeout=0.5)

        def ended():
            return client.rows("SELECT state FROM pintail.statements WHERE sql LIKE"
                               " 'CREATE TABLE never%'")[-1][0] in ("cancelled", "failed")

        target.wait_until(ended, "the statement has ended")
        assert client.rows("SELECT count(*) FROM information_schema.tables"
                           " WHERE table_name = 'never'") == [(0,)]


def test_an_upload_cut_in_the_middle_leaves_nothing(target, table_name):
    from ipc_messages import table_bytes

    body = table_bytes(pa.table({"i": list(range(100_000))}))
    with socket.create_connection(tuple(target.http_address.rsplit(":", 1)), timeout=30) as line:
        line.sendall(f"POST /v1/ingest/{table_name} HTTP/1.1\r\nHost: localhost\r\n"
                     "Content-Type: application/vnd.apache.arrow.stream\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode())
        line.sendall(body[: len(body) // 2])

        def upload():
            with FlightSqlClient(target.flight_uri) as client:
                return client.rows("SELECT state FROM pintail.statements WHERE verb = 'INGEST'"
                                   f" AND sql LIKE '%{table_name}%'")

        target.wait_until(lambda: upload() == [("running",)], "the upload has begun")
    target.wait_until(lambda: upload() in ([("failed",)], [("cancelled",)]),
                      "the upload has ended")
    assert requests.get(f"{target.http_url}/v1/tables/{table_name}",
                        timeout=30).status_code == 404


@pytest.mark.parametrize("sql", [
    "SELECT repeat('x', 1000000000)",
    "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
    "SELECT " + "+".join(["1"] * 50_000),
    "SELECT " + "NOT " * 20_000 + "true",
    "SELECT '" + "x" * 10_000_000 + "' = 'y'",
    "SELECT 1" + ", 1" * 100_000,
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "SELECT count(*) FROM range(10000000) a, range(10000000) b",
])
def test_a_statement_that_wants_everything_ends(start_target, sql):
    server = start_target("--memory-limit", "512MB", "--statement-timeout", "3s")
    answer = requests.post(server.http_url + "/v1/query", data=sql.encode(), timeout=120,
                           stream=True, headers={"Content-Type": "text/plain",
                                                 "Accept": "application/vnd.apache.arrow.stream"})
    if answer.status_code == 200:
        try:
            for _ in answer.iter_content(1 << 20):
                pass
        except requests.exceptions.ChunkedEncodingError:
            pass  # an error in the middle of a stream ends the stream
    else:
        assert answer.json()["error"]["code"] in (
            "invalid_sql", "invalid_argument", "resource_exhausted", "deadline_exceeded")
    server.assert_unharmed()
