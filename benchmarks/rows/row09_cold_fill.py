"""Row 9: two million rows from PostgreSQL into Pintail's copy of the table, against an ADBC fetch, DuckDB's
postgres extension and COPY TO."""

import contextlib
import subprocess
import sys
import time

import adbc_driver_postgresql.dbapi as adbc
import flight_sql
import processes
import psycopg
import pyarrow.flight as flight
import shapes
from measure import Ratio, Row, Series, interleave, median

ROWS = 2_000_000


def refresh(client):
    start = time.perf_counter()
    rows = flight_sql.fetch(client, "SELECT * FROM pintail.refresh('d5_copy')").to_pylist()[0]["rows"]
    assert rows == ROWS, rows
    return time.perf_counter() - start


def fetch(cursor):
    start = time.perf_counter()
    cursor.execute("SELECT * FROM d5")
    assert cursor.fetch_arrow_table().num_rows == ROWS
    return time.perf_counter() - start


def copy_out(connection):
    start = time.perf_counter()
    size = 0
    with connection.cursor() as cursor, cursor.copy("COPY d5 TO STDOUT (FORMAT BINARY)") as copy:
        for part in copy:
            size += len(part)
    assert size > ROWS * 37
    return time.perf_counter() - start


class Extension:
    """DuckDB with its postgres extension, in a process of its own."""

    def __init__(self, uri):
        self.process = subprocess.Popen(
            [sys.executable, processes.PEERS / "duckdb_postgres_worker.py", uri],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self):
        self.process.stdin.write("CREATE OR REPLACE TABLE d5 AS SELECT * FROM pg.public.d5\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def run(runs, warmups):
    with contextlib.ExitStack() as stack:
        cluster = processes.postgresql(stack.enter_context(processes.disk_folder()))
        uri = processes.postgresql_uri(stack.enter_context(cluster))
        connection = stack.enter_context(adbc.connect(uri, autocommit=True))
        cursor = stack.enter_context(connection.cursor())
        cursor.adbc_ingest("d5", shapes.d5(ROWS), mode="create")
        cursor.execute("VACUUM ANALYZE d5")
        copied = '[[cache.tables]]\nname = "d5_copy"\nsource = "pg.public.d5"\nrefresh = "on_demand"\n'
        source = stack.enter_context(processes.source_file("pg", "postgres", uri, copied))
        ours = stack.enter_context(processes.pintail("--config", source))
        client = flight.connect(f"grpc://{ours.address['flight'][0]}")
        raw = stack.enter_context(psycopg.connect(uri))
        extension = Extension(uri)
        stack.callback(processes.stop, extension.process)
        seconds = interleave(
            {
                "pintail, copy of the table": lambda: refresh(client),
                "adbc fetch": lambda: fetch(cursor),
                "duckdb, postgres extension": extension.run,
                "COPY TO, read and dropped": lambda: copy_out(raw),
            },
            runs,
            warmups,
        )
    series = [Series(name, values, amount=ROWS, unit="rows/s") for name, values in seconds.items()]
    by_name = {s.contender: median(s) for s in series}
    ours, peer = by_name["pintail, copy of the table"], by_name["adbc fetch"]
    yield Row(
        "9",
        "cold fill: a table of 2 M rows from PostgreSQL",
        "d5, on a disk, pages cached; Pintail and DuckDB in memory; the ADBC fetch stays Arrow in its client",
        series,
        [Ratio("pintail / adbc fetch", ours / peer, 2), Ratio("pintail / duckdb extension", ours / by_name["duckdb, postgres extension"], None)],
    )
