"""Row 7: the latency of a hundred-row answer from the cache, by two Flight calls, by one, and by one REST call; beside
a Flight server that sends the same rows from memory, and a GET of the same bytes from Redis."""

import contextlib
import json
import pathlib
import re
import socket
import sqlite3
import tempfile
import time
from functools import partial

import flight_sql
import processes
import pyarrow as pa
import pyarrow.flight as flight
from measure import Ratio, Row, Series, interleave, median

CALLS = 200  # timed together: one counted run
SQL = "SELECT id, value FROM src.main.hundred ORDER BY id"


def flight_calls(client, descriptor):
    start = time.perf_counter()
    for _ in range(CALLS):
        rows, _ = flight_sql.read(client, descriptor)
        assert rows == 100
    return (time.perf_counter() - start) / CALLS


def ticket_calls(client):
    """One call: the statement is in the ticket."""
    ticket = flight.Ticket(flight_sql.statement_query(SQL).command)
    start = time.perf_counter()
    for _ in range(CALLS):
        assert sum(chunk.data.num_rows for chunk in client.do_get(ticket)) == 100
    return (time.perf_counter() - start) / CALLS


class RedisClient:
    """One kept connection that gets a value."""

    def __init__(self, address, value: bytes):
        self.socket = socket.create_connection(("127.0.0.1", address["port"]))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.size = len(value)
        self.socket.sendall(b"*3\r\n$3\r\nSET\r\n$6\r\nanswer\r\n$%d\r\n%s\r\n" % (len(value), value))
        assert self.socket.recv(64) == b"+OK\r\n"

    def calls(self):
        whole = len(f"${self.size}\r\n") + self.size + 2
        start = time.perf_counter()
        for _ in range(CALLS):
            self.socket.sendall(b"*2\r\n$3\r\nGET\r\n$6\r\nanswer\r\n")
            got = 0
            while got < whole:
                got += len(self.socket.recv(65_536))
        return (time.perf_counter() - start) / CALLS


class RestClient:
    """One kept-alive connection and a prepared request, so that the server is what is timed."""

    def __init__(self, address: str):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps({"sql": SQL}).encode()
        self.request = (
            f"POST /v1/query HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
            f"Accept: application/vnd.apache.arrow.stream\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    @staticmethod
    def _whole(answer: bytes) -> bool:
        head, gap, body = answer.partition(b"\r\n\r\n")
        if not gap:
            return False
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        return len(body) == int(length[1]) if length else body.endswith(b"0\r\n\r\n")

    def call(self) -> bytes:
        """Sends the request and reads the answer to its end, by its length or to its last chunk."""
        self.socket.sendall(self.request)
        answer = b""
        while not self._whole(answer):
            part = self.socket.recv(65_536)
            assert part, answer[:200]
            answer += part
        assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        return answer

    def calls(self):
        start = time.perf_counter()
        for _ in range(CALLS):
            self.call()
        return (time.perf_counter() - start) / CALLS


def make_source(path: str) -> pa.Table:
    """A SQLite file with the hundred rows; the rows."""
    rows = [(i, float(i)) for i in range(100)]
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE hundred (id BIGINT, value DOUBLE)")
        connection.executemany("INSERT INTO hundred VALUES (?, ?)", rows)
    return pa.table({"id": [i for i, _ in rows], "value": [value for _, value in rows]})


def fill(client, table):
    """Gives the echo what it is to send."""
    writer, metadata = client.do_put(flight.FlightDescriptor.for_path("hundred"), table.schema)
    writer.write_table(table)
    writer.done_writing()
    while metadata.read() is not None:
        pass
    writer.close()


def run(runs, warmups):
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pintail-bench-"))
        path = str(pathlib.Path(folder) / "hundred.sqlite")
        table = make_source(path)
        config = stack.enter_context(processes.source_file("src", "sqlite", path))
        ours = stack.enter_context(processes.pintail("--config", config, "--cache-min-cost", "0ms", "--cache-ttl", "1h"))
        echo = stack.enter_context(processes.flight_peer())
        redis = stack.enter_context(processes.redis())
        pintail = flight.connect(f"grpc://{ours.address['flight'][0]}")
        raw = flight.connect(f"grpc://127.0.0.1:{echo.address['port']}")
        fill(raw, table)
        rest = RestClient(ours.address["http"][0])
        rest.call()
        assert b"pintail-cache: hit" in rest.call().lower()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        seconds = interleave(
            {
                "pintail, Flight SQL": partial(flight_calls, pintail, flight_sql.statement_query(SQL)),
                "flight echo": partial(flight_calls, raw, flight.FlightDescriptor.for_path("hundred")),
                "pintail, one call": partial(ticket_calls, pintail),
                "pintail, REST": rest.calls,
                "redis, GET": RedisClient(redis.address, sink.getvalue().to_pybytes()).calls,
            },
            runs,
            warmups,
        )
    series = [Series(name, values) for name, values in seconds.items()]
    by_name = {s.contender: median(s) for s in series}
    yield Row(
        "7",
        "an answer of 100 rows from the cache",
        f"the rows are in SQLite; means of {CALLS} calls on one open connection",
        series,
        [
            Ratio(
                "pintail / flight echo, two calls",
                by_name["pintail, Flight SQL"] / by_name["flight echo"],
                1.15,
                at_least=False,
            ),
            Ratio("one call, µs", by_name["pintail, one call"] * 1e6, 200, at_least=False),
            Ratio("REST, µs", by_name["pintail, REST"] * 1e6, 150, at_least=False),
        ],
    )
