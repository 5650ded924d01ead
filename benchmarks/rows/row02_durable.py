"""Row 2: DoPut into a database file, durable at the acknowledgement.

A burst is one put of five million rows. The sustained form is more than 4 GB in puts of a million
rows, one after the other: what a server holds back from its table in a burst it has to work off there.
"""

import contextlib
import dataclasses
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial

import flight_sql
import processes
import pyarrow as pa
import pyarrow.flight as flight
import shapes
from measure import Ratio, Row, Series, interleave, median, percentile
from row01_put import put, timed

BATCH_ROWS = 65_536
BURST_ROWS = 5_000_000
SUSTAINED_ROWS = 1_000_000  # a put
SUSTAINED_BYTES = 4 << 30
SUSTAINED_RUNS = 2
TABLE = "bench_durable"
DESCRIPTOR = flight.FlightDescriptor.for_path(TABLE)
SHAPES = {"a6": (shapes.a6, 47), "d5": (shapes.d5, 37)}
CONDITIONS = (
    "database file, fsync before the acknowledgement; {} bytes a row, about half of them compress well;"
    " batches of {:,} rows, uncompressed on the wire"
)


@dataclasses.dataclass
class Contender:
    server: processes.Server
    client: flight.FlightClient
    ask: Callable  # SQL to the first row of its answer, None without one

    def put(self, table: pa.Table) -> None:
        put(self.client, DESCRIPTOR, table, BATCH_ROWS)

    def check(self, rows: int) -> None:
        count = self.ask(f"SELECT count(*) FROM {TABLE}")[0]
        assert count == rows, (self.server.name, count, rows)

    def clean(self) -> None:
        """Leaves nothing behind that would work, or be written, in the other's run."""
        self.ask(f"DROP TABLE {TABLE}")
        self.ask("CHECKPOINT")
        os.sync()


def ask_pintail(client, sql):
    rows = flight_sql.fetch(client, sql).to_pylist()
    return list(rows[0].values()) if rows else None


def ask_peer(client, sql):
    return json.loads(next(iter(client.do_action(flight.Action("query", sql.encode())))).body.to_pybytes())


@contextlib.contextmanager
def pintail(folder):
    with processes.pintail(database=f"{folder}/ours.duckdb") as server:
        client = flight.connect(f"grpc://{server.address['flight'][0]}")
        yield Contender(server, client, partial(ask_pintail, client))


@contextlib.contextmanager
def duckdb_flight(folder):
    with processes.duckdb_flight(f"{folder}/peer.duckdb") as server:
        client = flight.connect(f"grpc://127.0.0.1:{server.address['port']}")
        yield Contender(server, client, partial(ask_peer, client))


PEER = "duckdb, pyarrow Flight"
CONTENDERS = {"pintail": pintail, PEER: duckdb_flight}


def burst(number, shape, runs, warmups):
    make, row_bytes = SHAPES[shape]
    table = make(BURST_ROWS)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(processes.disk_folder())
        contenders = {name: stack.enter_context(start(folder)) for name, start in CONTENDERS.items()}

        def undo(contender):
            contender.check(BURST_ROWS)
            contender.clean()

        actions = {name: timed(partial(c.put, table), partial(undo, c)) for name, c in contenders.items()}
        seconds = interleave(actions, runs, warmups)
        series = [
            Series(name, values, BURST_ROWS, "rows/s", processes.memory_bytes(contenders[name].server.pid, "VmHWM"))
            for name, values in seconds.items()
        ]
    return Row(
        number,
        f"DoPut of 5 M {shape} rows until the durable acknowledgement",
        CONDITIONS.format(row_bytes, BATCH_ROWS),
        series,
        [Ratio(f"pintail / {PEER}", median(series[0]) / median(series[1]), 2.5)],
    )


@dataclasses.dataclass
class Sustained:
    """What the sustained runs of one contender have shown."""

    acknowledgements: list = dataclasses.field(default_factory=list)  # seconds of each put, all runs
    slowdowns: list = dataclasses.field(default_factory=list)  # a run: the last quarter's rate over the first's
    peak_bytes: int = 0

    def run(self, start, table, puts) -> float:
        """A new server and a new file; seconds from the first put to the last acknowledgement."""
        with processes.disk_folder() as folder, start(folder) as contender:
            moments = [time.perf_counter()]
            for _ in range(puts):
                contender.put(table)
                moments.append(time.perf_counter())
            contender.check(puts * table.num_rows)
            self.peak_bytes = max(self.peak_bytes, processes.memory_bytes(contender.server.pid, "VmHWM"))
        os.sync()
        self.acknowledgements += [after - before for before, after in zip(moments, moments[1:])]
        quarter = puts // 4
        self.slowdowns.append((moments[quarter] - moments[0]) / (moments[-1] - moments[-1 - quarter]))
        return moments[-1] - moments[0]

    def figures(self, name, p99_goal) -> list:
        p99 = percentile(sorted(self.acknowledgements), 99) * 1e3
        # The slowdown has no goal: a burst may be faster than what can go on for long. The rate over the whole has one.
        return [
            Ratio(f"{name}: acknowledgement of a put, p99, ms", p99, p99_goal, at_least=False),
            Ratio(f"{name}: rate of the last quarter / of the first", statistics.median(self.slowdowns), None),
        ]


def sustained(number, shape, runs):
    make, row_bytes = SHAPES[shape]
    table = make(SUSTAINED_ROWS)
    puts = SUSTAINED_BYTES // (row_bytes * SUSTAINED_ROWS) + 1
    shown = {name: Sustained() for name in CONTENDERS}
    actions = {name: partial(shown[name].run, start, table, puts) for name, start in CONTENDERS.items()}
    # Long enough to be its own warm-up.
    seconds = interleave(actions, min(runs, SUSTAINED_RUNS), 0)
    series = [
        Series(name, values, puts * SUSTAINED_ROWS, "rows/s", shown[name].peak_bytes) for name, values in seconds.items()
    ]
    return Row(
        number,
        f"{puts} DoPuts of 1 M {shape} rows one after the other, each durable at its acknowledgement",
        CONDITIONS.format(row_bytes, BATCH_ROWS)
        + "; the same million rows each time; an acknowledgement counts from the beginning of its put",
        series,
        [
            Ratio(f"pintail / {PEER}", median(series[0]) / median(series[1]), 1.0),
            *shown["pintail"].figures("pintail", 500),
            *shown[PEER].figures(PEER, None),
        ],
    )


def run(runs, warmups):
    yield burst("2a", "a6", runs, warmups)
    yield burst("2b", "d5", runs, warmups)
    yield sustained("2c", "a6", runs)
    yield sustained("2d", "d5", runs)
