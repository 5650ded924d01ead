"""From a client's cancel, or its sudden end, to the end of its statement in the server.

Each statement is cut off at ten places spread over its length, because what DuckDB cannot
interrupt is a stage of a statement, not the whole. The server's log tells when a statement
has ended, which is after the last of DuckDB's threads has left it.
"""

import contextlib
import json
import os
import pathlib
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import flight_sql
import processes
import pyarrow.flight as flight
from measure import Ratio, Row, Series

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 120

# 10 M rows: a key that is unique, one of 1,000 groups, a number, a text.
TABLES = (
    "CREATE TABLE big AS SELECT hash(i) AS k, i % 1000 AS g, (i * 7919) % 1000003 AS v, 'text ' || i % 100000 AS t"
    " FROM range(10000000) s(i)"
)

QUERIES = {
    "cross join": "SELECT sum(a.range * b.range % 7) FROM range(20000) a, range(30000) b",
    "sort": "SELECT k, t FROM big ORDER BY t, k",
    "hash join": "SELECT count(*) FROM big a JOIN big b USING (k) WHERE a.v + b.v > 0 AND a.t || b.t <> ''",
    "window": "SELECT sum(w) FROM (SELECT sum(v) OVER (PARTITION BY g ORDER BY k ROWS 100 PRECEDING) AS w FROM big)",
    "group by": "SELECT sum(n) FROM (SELECT k, t, count(*) AS n FROM big GROUP BY k, t)",
    "median": "SELECT median(k), quantile_cont(v, 0.9) FROM big",
    "list": "SELECT len(list(t ORDER BY t)) FROM big",
    "long result": "SELECT * FROM big a, range(10)",
}

CHANGES = {
    "CREATE TABLE AS": "CREATE TABLE made AS SELECT * FROM big ORDER BY t",
    "UPDATE": "UPDATE big SET v = v + 1, t = t || '.' WHERE g < 500",
    "CREATE INDEX": "CREATE INDEX made ON big (k)",
    "COPY TO csv": "COPY (SELECT * FROM big) TO '{folder}/made.csv'",
    "COPY TO parquet": "COPY (SELECT * FROM big) TO '{folder}/made.parquet'",
}

# Runs one statement; is cancelled by a line, or dies.
CLIENT = """
import sys, threading
import pyarrow.flight as flight
sys.path.insert(0, sys.argv[1])
import flight_sql
client = flight.connect(sys.argv[2])
client.wait_for_available()
print("begins", flush=True)
info = client.get_flight_info(flight_sql.statement_query(sys.argv[3]))
reader = client.do_get(info.endpoints[0].ticket)
threading.Thread(target=lambda: (sys.stdin.readline(), reader.cancel()), daemon=True).start()
try:
    while True:
        reader.read_chunk()
except (flight.FlightError, StopIteration):
    pass
"""


class StatementEnds:
    """The ends of statements as the server's log tells them: (moment, statement, outcome)."""

    def __init__(self):
        self._output, self.log = os.pipe()
        self._ends = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with os.fdopen(self._output) as lines:
            for line in lines:
                now = time.perf_counter()
                event = json.loads(line)
                if event["message"] in ("statement ended", "slow statement"):
                    self._ends.put((now, event["sql"], event["status"]))

    def of(self, mark):
        """The end of the statement that has the mark in its text."""
        while True:
            moment, sql, outcome = self._ends.get(timeout=LIMIT_SECONDS)
            if mark in sql:
                return moment, outcome


class Cuts:
    """Statements that are begun and cut off, one after the other, on one server."""

    def __init__(self, server, ends):
        self.server = server
        self.ends = ends
        self.uri = f"grpc://{server.address['flight'][0]}"
        self.marks = iter(range(1_000_000))
        self.busy_afterwards = 0.0

    def begin(self, sql):
        """A client that has just asked for the statement, and the statement's mark."""
        mark = f"/* cut {next(self.marks)} */"
        verb, rest = sql.split(" ", 1)
        command = [sys.executable, "-c", CLIENT, str(BENCHMARKS), self.uri, f"{verb} {mark} {rest}"]
        client = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert client.stdout.readline() == "begins\n"
        return client, mark

    def length(self, sql) -> float:
        client, mark = self.begin(sql)
        start = time.perf_counter()
        end, outcome = self.ends.of(mark)
        client.communicate()
        assert outcome == "ok", (sql, outcome)
        return end - start

    def cut(self, sql, after, cancel) -> float | None:
        """Seconds from the cut to the end; None when the statement was faster."""
        client, mark = self.begin(sql)
        time.sleep(after)
        start = time.perf_counter()
        if cancel:
            # A client that is through is found out below.
            with contextlib.suppress(BrokenPipeError):
                os.write(client.stdin.fileno(), b"\n")
        else:
            client.kill()
        end, outcome = self.ends.of(mark)
        busy = processes.processor_seconds(self.server.pid)
        client.communicate()
        if outcome == "ok" or end < start:
            return None
        time.sleep(0.2)
        self.busy_afterwards = max(self.busy_afterwards, processes.processor_seconds(self.server.pid) - busy)
        return end - start


def measure(cuts, name, sql, undo, runs):
    """A series for each way to cut the statement off."""
    length = cuts.length(sql)
    undo()
    print(f"   {name}: {length:.2f} s when left alone", flush=True)
    for way in ("cancel", "disconnect") if name in QUERIES else ("disconnect",):
        seconds = []
        for run in range(runs):
            taken = cuts.cut(sql, length * (run + 0.5) / runs, way == "cancel")
            undo()
            if taken is not None:
                seconds.append(taken)
        yield Series(f"{name}, {way}", seconds)


def run(runs, warmups):
    ends = StatementEnds()
    series = []
    with tempfile.TemporaryDirectory(prefix="pintail-cuts-") as folder:
        flags = ("--log-format", "json", "--log-levels", "gateway=debug")
        with processes.pintail(*flags, log=ends.log) as server:
            client = flight.connect(f"grpc://{server.address['flight'][0]}")

            def undo():
                for statement in ("DROP TABLE IF EXISTS made", "DROP INDEX IF EXISTS made"):
                    flight_sql.fetch(client, statement)

            flight_sql.fetch(client, TABLES)
            cuts = Cuts(server, ends)
            for name, sql in QUERIES.items():
                series.extend(measure(cuts, name, sql, lambda: None, runs))
            for name, sql in CHANGES.items():
                series.extend(measure(cuts, name, sql.format(folder=folder), undo, runs))
    series = [s for s in series if s.seconds]
    slowest = max(series, key=lambda s: max(s.seconds))
    yield Row(
        "cancel",
        "from a cancel, or the end of the client, to the end of the statement",
        f"in memory, 10 M rows; cut off at {runs} places; at most {cuts.busy_afterwards * 1e3:.0f} ms of processor time"
        " in the 200 ms after the end",
        series,
        [
            Ratio("middle of all, ms", statistics.median(t for s in series for t in s.seconds) * 1e3, 100, at_least=False),
            Ratio(f"slowest of all ({slowest.contender}), ms", max(slowest.seconds) * 1e3, 100, at_least=False),
        ],
    )
