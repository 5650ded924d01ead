"""Row 13: the 22 TPC-H queries at scale 1 over Flight SQL, against DuckDB in process."""

import json
import os
import subprocess
import sys
import tempfile
import time

import flight_sql
import processes
import pyarrow.flight as flight
from measure import Ratio, Row, Series, interleave, median

WORKER = processes.PEERS / "duckdb_worker.py"


class Worker:
    """DuckDB in a process of its own; runs SQL files of queries when told to."""

    def __init__(self, database: str):
        self.process = subprocess.Popen(
            [sys.executable, WORKER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, queries) -> float:
        self.process.stdin.write(json.dumps(queries) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.rows = answer["rows"]
        return answer["seconds"]


def over_flight(client, queries, expected):
    start = time.perf_counter()
    rows = [flight_sql.read(client, flight_sql.statement_query(sql))[0] for sql in queries]
    taken = time.perf_counter() - start
    assert rows == expected, (rows, expected)
    return taken


def make_database(path: str) -> list:
    """TPC-H at scale 1 in the file; the 22 queries."""
    import duckdb
    import duckdb_extension_tpch
    import pathlib

    folder = pathlib.Path(duckdb_extension_tpch.__file__).parent
    with duckdb.connect(path) as connection:
        connection.execute(f"LOAD '{next(folder.rglob('*.duckdb_extension'))}'")
        connection.execute("CALL dbgen(sf = 1)")
        return [row[0] for row in connection.execute("SELECT query FROM tpch_queries() ORDER BY query_nr").fetchall()]


def run(runs, warmups):
    with tempfile.TemporaryDirectory() as folder:
        ours_path, local_path = os.path.join(folder, "ours.duckdb"), os.path.join(folder, "local.duckdb")
        queries = make_database(ours_path)
        with open(ours_path, "rb") as source, open(local_path, "wb") as copy:
            while chunk := source.read(1 << 24):
                copy.write(chunk)
        worker = Worker(local_path)
        try:
            with processes.pintail(database=ours_path) as ours:
                client = flight.connect(f"grpc://{ours.address['flight'][0]}")
                worker.run(queries)
                seconds = interleave(
                    {
                        "pintail": lambda: over_flight(client, queries, worker.rows),
                        "duckdb in process": lambda: worker.run(queries),
                    },
                    runs,
                    warmups,
                )
                peaks = {"pintail": ours.pid, "duckdb in process": worker.process.pid}
                series = [
                    Series(name, values, peak_bytes=processes.memory_bytes(peaks[name], "VmHWM"))
                    for name, values in seconds.items()
                ]
        finally:
            processes.stop(worker.process)
    by_name = {s.contender: median(s) for s in series}
    yield Row(
        "13",
        "TPC-H scale 1, all 22 queries one after the other",
        "database file, pages cached; answers read as Arrow; seconds for the 22",
        series,
        [
            Ratio(
                "pintail / duckdb in process",
                by_name["pintail"] / by_name["duckdb in process"],
                1.05,
                at_least=False,
            )
        ],
    )
