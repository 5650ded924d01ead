"""Clients that open something and then do nothing: what they hold comes back in time, and who
is in the middle of something keeps it."""

import json
import socket

import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

import flight_sql as fs
from flight_sql import FlightSqlClient
from ipc_messages import table_bytes

ENDLESS = "range(1000000000000)"
# Far longer than the server waits: a test that waits in vain ends, and fails.
BOUND = flight.FlightCallOptions(timeout=30)


def open_stream(client, sql):
    """A result that has begun to come."""
    reader = client.flight.do_get(client.info(fs.statement_query(sql)).endpoints[0].ticket)
    assert reader.read_chunk().data.num_rows > 0
    return reader


def last_of(server, mark, column):
    """What pintail.statements tells of the last statement that begins with `mark`."""
    answer = requests.post(
        server.http_url + "/v1/query", timeout=30, headers={"Accept": "application/json"},
        json={"sql": f"SELECT {column} FROM pintail.statements WHERE starts_with(sql, ?)"
                     " ORDER BY started_at DESC LIMIT 1", "parameters": [mark]})
    assert answer.status_code == 200, answer.text
    return answer.json()[0][column] if answer.json() else None


def state_of(server, mark):
    return last_of(server, mark, "state")


def error_of(server, mark):
    return last_of(server, mark, "error")


def test_a_session_expires_when_idle_but_never_in_mid_fetch(start_target):
    server = start_target("--session-idle-timeout", "1s")
    with FlightSqlClient(server.flight_uri) as reading, FlightSqlClient(server.flight_uri) as idle:
        stream = open_stream(reading, f"SELECT range FROM {ENDLESS}")
        # Younger than the stream's last sign of life: when it is gone, the other had its time.
        idle.update("CREATE TEMP TABLE of_the_idle (i INTEGER)")

        def expired():
            return server.log().count("closing an idle session") >= 1

        server.wait_until(expired, "the idle session is closed")
        with pytest.raises(pa.ArrowException, match="the session expired.*temporary tables"):
            idle.rows("SELECT * FROM of_the_idle")
        for _ in range(200):
            assert stream.read_chunk().data.num_rows > 0
        stream.cancel()
    server.assert_unharmed()


@pytest.mark.parametrize("option", ["--flight-stream-idle-timeout",
                                    "--statement-result-idle-timeout"])
def test_a_flight_client_that_stops_reading_loses_its_result(start_target, option):
    server = start_target(option, "300ms")
    with FlightSqlClient(server.flight_uri) as client:
        stream = open_stream(client, f"SELECT range AS unread FROM {ENDLESS}")
        server.wait_until(lambda: state_of(server, "SELECT range AS unread") == "failed",
                          "the statement is ended")
        with pytest.raises((pa.ArrowException, flight.FlightError)):
            while True:
                stream.read_chunk()
    server.assert_unharmed()


def test_a_rest_client_that_stops_reading_loses_its_result(start_target):
    server = start_target("--http-stall-timeout", "300ms")
    sql = f"SELECT range AS unread FROM {ENDLESS}"
    host, port = server.http_address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(f"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                     f"Content-Length: {len(sql)}\r\n\r\n{sql}".encode())
        server.wait_until(lambda: state_of(server, sql) == "cancelled", "the statement is ended")
    server.assert_unharmed()


def test_an_upload_that_falls_silent_is_ended_and_leaves_nothing(start_target):
    server = start_target("--flight-upload-idle-timeout", "300ms")
    table = pa.table({"i": list(range(1000))})
    client = flight.FlightClient(server.flight_uri)
    writer, reader = client.do_put(flight.FlightDescriptor.for_path("silent"), table.schema,
                                   BOUND)
    writer.write_table(table)
    assert reader.read() is None
    with pytest.raises((pa.ArrowException, flight.FlightError)):
        writer.close()
    assert "upload_idle_timeout" in error_of(server, "INGEST")
    server.assert_unharmed()


def test_a_body_that_falls_silent_is_ended_and_leaves_nothing(start_target):
    server = start_target("--http-stall-timeout", "300ms")
    body = table_bytes(pa.table({"i": list(range(100_000))}))
    host, port = server.http_address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(b"POST /v1/ingest/silent HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Type: application/vnd.apache.arrow.stream\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body[: len(body) // 2])
        assert b" 408 " in line.recv(4096).split(b"\r\n")[0]
    server.assert_unharmed()


def test_a_request_that_takes_too_long_is_ended(start_target):
    server = start_target("--http-request-timeout", "300ms")
    answer = requests.post(server.http_url + "/v1/query", timeout=60, json={
        "sql": "SELECT count(*) FROM range(10000000) a, range(10000000) b"})
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "deadline_exceeded"
    server.assert_unharmed()


def test_an_open_transaction_ends_with_its_session(start_target):
    server = start_target("--session-idle-timeout", "1s")
    with FlightSqlClient(server.flight_uri) as client:
        transaction = client.begin()
        client.update("DELETE FROM canary", transaction)
        server.wait_until(lambda: "closing an idle session" in server.log(),
                          "the idle session is closed")
        with pytest.raises(pa.ArrowException):
            client.end(transaction, commit=True)
    server.assert_unharmed()


def test_a_put_that_commits_as_it_goes_says_what_is_safe_when_it_falls_silent(start_target):
    server = start_target("--flight-upload-idle-timeout", "300ms")
    table = pa.table({"i": list(range(1000))})
    command = json.dumps({"stream_name": "half", "commit_rows": 1000}).encode()
    client = flight.FlightClient(server.flight_uri)
    writer, reader = client.do_put(flight.FlightDescriptor.for_command(command), table.schema,
                                   BOUND)
    writer.write_table(table)
    assert json.loads(reader.read().to_pybytes())["rows"] == 1000
    assert reader.read() is None
    with pytest.raises((pa.ArrowException, flight.FlightError)):
        writer.close()
    assert "1000 rows were committed" in error_of(server, "INGEST")
    with FlightSqlClient(server.flight_uri) as other:
        assert other.rows("SELECT count(*) FROM half") == [(1000,)]
        other.update("DROP TABLE half")
    server.assert_unharmed()
