"""Row 2t: queries over rows that have just arrived, against the same rows in the table.

A server that acknowledges before it appends to its table answers from both. Each run puts the rows
into a new table and asks at once after the acknowledgement; the other table was filled the same way,
then checkpointed. Where nothing waits outside of the table, the two differ by the checkpoint only.
"""

import contextlib
import os
import statistics
import time
from functools import partial

import flight_sql
import processes
import pyarrow.flight as flight
import shapes
from measure import Ratio, Row, Series, interleave, median
from row01_put import put

ROWS = 2_000_000
BATCH_ROWS = 65_536
# Options that let all rows of a put wait outside of the table. The server begins to move them at once.
FLAGS = ("--ingest-tail-commit-size", "256MiB", "--ingest-tail-size", "1GiB")
QUERIES = {
    "aggregates": "SELECT count(*), sum(int_col), avg(float_col), max(timestamp_col), max(str_col) FROM {} WHERE bool_col",
    "groups": "SELECT int_col, count(*), sum(float_col), min(id) FROM {} GROUP BY int_col",
    "SELECT *": "SELECT * FROM {}",
}
CHECK = "SELECT count(*)::BIGINT, sum(id)::BIGINT, sum(int_col)::BIGINT, count(*) FILTER (bool_col) FROM {}"


def rows_of(client, sql):
    return flight_sql.read(client, flight_sql.statement_query(sql))[0]


def ask(client, query, table, expected) -> float:
    sql = query.format(table)
    start = time.perf_counter()
    rows = rows_of(client, sql)
    taken = time.perf_counter() - start
    assert rows == expected, (sql, rows, expected)
    return taken


def fill(client, name, table):
    put(client, flight.FlightDescriptor.for_path(name), table, BATCH_ROWS)


def rows_that_wait(client):
    return flight_sql.fetch(client, "SELECT coalesce(sum(tail_rows), 0)::BIGINT FROM pintail.streams")[0][0].as_py()


def ask_tail(client, query, table, expected, checked, waiting) -> float:
    """Puts, asks once, checks what is there, and leaves nothing behind. Adds the rows that wait when it asks to `waiting`."""
    fill(client, "bench_tail", table)
    waiting.append(rows_that_wait(client))
    taken = ask(client, query, "bench_tail", expected)
    assert flight_sql.fetch(client, CHECK.format("bench_tail")).equals(checked)
    flight_sql.fetch(client, "DROP TABLE bench_tail")
    flight_sql.fetch(client, "CHECKPOINT")
    os.sync()
    return taken


def run(runs, warmups):
    table = shapes.a6(ROWS)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(processes.disk_folder())
        server = stack.enter_context(processes.pintail(*FLAGS, database=f"{folder}/ours.duckdb"))
        client = flight.connect(f"grpc://{server.address['flight'][0]}")
        fill(client, "bench_table", table)
        flight_sql.fetch(client, "CHECKPOINT")
        checked = flight_sql.fetch(client, CHECK.format("bench_table"))
        assert checked[0][0].as_py() == ROWS, checked
        actions = {}
        waiting = []
        for name, query in QUERIES.items():
            expected = rows_of(client, query.format("bench_table"))
            actions[f"pintail, {name}, table"] = partial(ask, client, query, "bench_table", expected)
            actions[f"pintail, {name}, tail"] = partial(ask_tail, client, query, table, expected, checked, waiting)
        seconds = interleave(actions, runs, warmups)
        peak = processes.memory_bytes(server.pid, "VmHWM")
    series = [Series(name, values, peak_bytes=peak) for name, values in seconds.items()]
    by_name = {s.contender: median(s) for s in series}
    yield Row(
        "2t",
        "queries over 2 M a6 rows at once after their acknowledgement, and when they are in the table",
        "database file, pages cached, fsync before the acknowledgement; 47 bytes a row;"
        f" put in batches of {BATCH_ROWS:,} rows; of them {statistics.median(waiting):,.0f} in the tail when it is asked (median)",
        series,
        [
            Ratio(
                f"{name}: tail / table",
                by_name[f"pintail, {name}, tail"] / by_name[f"pintail, {name}, table"],
                1.2,
                at_least=False,
            )
            for name in QUERIES
        ],
    )
