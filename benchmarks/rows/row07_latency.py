"""Row 7: the latency of a hundred-row answer, by two Flight calls and by one REST call.

There is no answer cache yet: Pintail plans and runs the query every time, so this row shows
what the cache will have to save.
"""

import json
import re
import socket
import time
from functools import partial

import flight_sql
import processes
import pyarrow as pa
import pyarrow.flight as flight
from measure import Ratio, Row, Series, interleave, median

CALLS = 200  # timed together: one counted run
SQL = "SELECT id, value FROM hundred ORDER BY id"


def flight_calls(client, descriptor):
    start = time.perf_counter()
    for _ in range(CALLS):
        rows, _ = flight_sql.read(client, descriptor)
        assert rows == 100
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


def run(runs, warmups):
    table = pa.table({"id": range(100), "value": [float(i) for i in range(100)]})
    with processes.pintail() as ours, processes.flight_peer() as echo:
        pintail = flight.connect(f"grpc://{ours.address['flight'][0]}")
        raw = flight.connect(f"grpc://127.0.0.1:{echo.address['port']}")
        for client, path in ((pintail, "hundred"), (raw, "hundred")):
            writer, metadata = client.do_put(flight.FlightDescriptor.for_path(path), table.schema)
            writer.write_table(table)
            writer.done_writing()
            while metadata.read() is not None:
                pass
            writer.close()
        rest = RestClient(ours.address["http"][0])
        seconds = interleave(
            {
                "pintail, Flight SQL": partial(flight_calls, pintail, flight_sql.statement_query(SQL)),
                "flight echo": partial(flight_calls, raw, flight.FlightDescriptor.for_path("hundred")),
                "pintail, REST": rest.calls,
            },
            runs,
            warmups,
        )
    series = [Series(name, values) for name, values in seconds.items()]
    by_name = {s.contender: median(s) for s in series}
    yield Row(
        "7",
        "an answer of 100 rows, run each time (no cache yet)",
        f"in memory; means of {CALLS} calls on one open connection",
        series,
        [
            Ratio(
                "pintail / flight echo, two calls",
                by_name["pintail, Flight SQL"] / by_name["flight echo"],
                1.15,
                at_least=False,
            ),
            Ratio("REST, µs", by_name["pintail, REST"] * 1e6, 150, at_least=False),
        ],
    )
