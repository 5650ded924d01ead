"""Row 3: one-row puts by 1, 8 and 32 writers, each row durable when it is acknowledged.

Every server gets the quickest writers there are for it, so that the servers are what is measured: a C++
program for Flight, DuckDB's own client for quack, pgbench for PostgreSQL. How fast the Flight writers are
at most is shown by the same writers on a Flight server that does nothing but answer.
"""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import flight_sql
import processes
import pyarrow as pa
import pyarrow.flight as flight
import quack_server
import shapes
from measure import Ratio, Row, Series, interleave, median, percentile

SECONDS = 1  # of one run
FLIGHT_PROCESSES = 2  # quickest of 1, 2, 4 and 8 over both forms together
QUACK_PROCESSES = 8  # in each only one thread at a time runs Python
GOAL_WRITERS = 8
STREAMS_GOAL = 10_000  # acknowledgements a second
TABLE = "small_puts"
COLUMNS = "id BIGINT, float_col DOUBLE PRECISION, int_col BIGINT, str_col VARCHAR, bool_col BOOLEAN, timestamp_col {}"
INSERT = f"INSERT INTO {TABLE} VALUES (0, 0.5, 7, 'str_0', true, '2023-11-14 22:13:20')"
COUNT = f"SELECT count(*) FROM {TABLE}"
CALLS, STREAMS = "a call each", "open streams"


class Writers:
    """Processes that write until a moment when they are told to; `latencies` are the seconds of all their puts."""

    def __init__(self, command, writers, most_processes):
        number = min(writers, most_processes)
        self.latencies = []
        self.processes = [
            subprocess.Popen(
                [str(part) for part in (*command, writers // number)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            for _ in range(number)
        ]  # fmt: skip

    def wait_until_ready(self):
        for process in self.processes:
            line = process.stdout.readline()
            assert line == "ready\n", (process.args, line)

    def write(self):
        """How many puts were acknowledged, and how many a second within the time."""
        until = time.monotonic() + SECONDS
        for process in self.processes:
            process.stdin.write(f"{until}\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in self.processes]
        seconds = [s for answer in answers for s in answer["seconds"]]
        self.latencies += seconds
        return len(seconds), sum(answer["in_time"] for answer in answers) / SECONDS

    def stop(self):
        for process in self.processes:
            process.stdin.close()
            process.wait()
            process.stdout.close()


class Pgbench:
    """PostgreSQL's own load generator, as writers: a connection each, one prepared INSERT in autocommit."""

    def __init__(self, address, folder, writers):
        self.latencies = []
        self.log = pathlib.Path(folder) / "pgbench"
        script = self.log.with_suffix(".sql")
        script.write_text(INSERT + ";\n")
        self.command = [
            *postgresql_command(address, "pgbench"), "-n", "-M", "prepared", "-f", script, "-T", str(SECONDS),
            "-c", str(writers), "-j", str(min(writers, FLIGHT_PROCESSES)), "--log", f"--log-prefix={self.log}", "postgres",
        ]  # fmt: skip

    def wait_until_ready(self):
        pass

    def write(self):
        told = subprocess.run(self.command, check=True, capture_output=True, text=True).stdout
        for log in self.log.parent.glob(f"{self.log.name}.[0-9]*"):
            # A line a transaction: client, number, microseconds, …
            self.latencies += [int(line.split()[2]) / 1e6 for line in log.read_text().splitlines()]
            log.unlink()
        added = int(re.search(r"actually processed: (\d+)", told)[1])
        return added, float(re.search(r"tps = ([\d.]+) \(without initial connection time\)", told)[1])

    def stop(self):
        pass


def postgresql_command(address, program):
    return [f"{address['programs']}/{program}", "-h", "127.0.0.1", "-p", str(address["port"]), "-U", address["user"]]


class Servers:
    """All servers with an empty table in database files of their own.

    By contender: `writers` makes its writers, `counts` asks for its rows, `pids` is what its memory is told by.
    """

    def __init__(self, stack):
        self.folder, cluster = (stack.enter_context(processes.disk_folder()) for _ in range(2))
        self.ours = stack.enter_context(processes.pintail(database=f"{self.folder}/ours.duckdb"))
        self.quack = stack.enter_context(processes.quack(f"{self.folder}/quack.duckdb"))
        self.postgresql = stack.enter_context(processes.postgresql(cluster))
        self.sink = stack.enter_context(processes.flight_peer())
        self.client = flight.connect(f"grpc://{self.ours.address['flight'][0]}")
        self.quack_client = quack_server.connect(self.quack.address)
        self.row_file = f"{self.folder}/row.arrow"
        row = shapes.a6(1)
        with pa.ipc.new_stream(self.row_file, row.schema) as file:
            file.write_table(row)
        create = f"CREATE TABLE {TABLE} ({COLUMNS})"
        flight_sql.fetch(self.client, create.format("TIMESTAMP_NS"))
        self.ask_quack(create.format("TIMESTAMP_NS"))
        self.ask_postgresql(create.format("TIMESTAMP"))

        ours, sink = f"grpc://{self.ours.address['flight'][0]}", f"grpc://127.0.0.1:{self.sink.address['port']}"
        stream = json.dumps({"stream_name": TABLE, "commit_rows": 1})
        self.writers = {
            f"pintail, {CALLS}": self.flight_writers(ours, "call", "path", TABLE),
            f"pintail, {STREAMS}": self.flight_writers(ours, "stream", "command", stream),
            "quack": self.quack_writers,
            "postgresql": lambda writers: Pgbench(self.postgresql.address, self.folder, writers),
            f"sink, {CALLS}": self.flight_writers(sink, "call", "path", "sink"),
            f"sink, {STREAMS}": self.flight_writers(sink, "stream", "path", "acknowledge"),
        }
        self.counts = {
            f"pintail, {CALLS}": self.count_ours,
            f"pintail, {STREAMS}": self.count_ours,
            "quack": lambda: self.ask_quack(COUNT)[0],
            "postgresql": lambda: int(self.ask_postgresql(COUNT)),
        }
        # PostgreSQL is many processes that share memory, so it has no figure.
        self.pids = {
            f"pintail, {CALLS}": self.ours.pid,
            f"pintail, {STREAMS}": self.ours.pid,
            "quack": self.quack.pid,
            f"sink, {CALLS}": self.sink.pid,
            f"sink, {STREAMS}": self.sink.pid,
        }

    def flight_writers(self, uri, form, kind, descriptor):
        command = [os.environ["PINTAIL_FLIGHT_WRITER"], uri, form, kind, descriptor, self.row_file]
        return lambda writers: Writers(command, writers, FLIGHT_PROCESSES)

    def quack_writers(self, writers):
        command = [sys.executable, processes.PEERS / "quack_writer.py", json.dumps(self.quack.address), INSERT]
        return Writers(command, writers, QUACK_PROCESSES)

    def count_ours(self):
        return flight_sql.fetch(self.client, COUNT)[0][0].as_py()

    def ask_quack(self, sql):
        return self.quack_client.execute(f"CALL quack_query_by_name('remote', $${sql}$$)").fetchone()

    def ask_postgresql(self, sql):
        command = [*postgresql_command(self.postgresql.address, "psql"), "-Atc", sql, "postgres"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def run(self, name, writers) -> float:
        """Seconds an acknowledgement, all writers together; every acknowledged row is counted afterwards."""
        count = self.counts.get(name, lambda: None)
        before = count()
        acknowledged, rate = writers.write()
        after = count()
        assert before is None or after - before == acknowledged, (name, after - before, acknowledged)
        return 1 / rate

    def measure(self, number, runs, warmups):
        """The rates of all contenders with so many writers, and the seconds of their single puts."""
        with contextlib.ExitStack() as stack:
            writers = {name: make(number) for name, make in self.writers.items()}
            for group in writers.values():
                stack.callback(group.stop)
            for group in writers.values():
                group.wait_until_ready()
            actions = {name: lambda name=name: self.run(name, writers[name]) for name in writers}
            seconds = interleave(actions, runs, warmups)
        series = [Series(name, values, 1, "rows/s", self.peak(name)) for name, values in seconds.items()]
        return series, {name: sorted(group.latencies) for name, group in writers.items()}

    def peak(self, name):
        return processes.memory_bytes(self.pids[name], "VmHWM") if name in self.pids else None


def ratios(series, latencies, writers):
    rates = {s.contender: median(s) for s in series}
    for form in (CALLS, STREAMS):
        for peer in ("quack", "postgresql"):
            goal = 2.0 if writers == GOAL_WRITERS else None
            yield Ratio(f"pintail, {form} / {peer}", rates[f"pintail, {form}"] / rates[peer], goal)
    goal = STREAMS_GOAL if writers >= GOAL_WRITERS else None
    yield Ratio(f"pintail, {STREAMS}: acknowledgements/s", rates[f"pintail, {STREAMS}"], goal)
    for form in (CALLS, STREAMS):
        yield Ratio(f"pintail / sink, {form}", rates[f"pintail, {form}"] / rates[f"sink, {form}"], None)
    for name, values in latencies.items():
        yield Ratio(f"{name}: p99 of an acknowledgement, ms", percentile(values, 99) * 1e3, None)


def run(runs, warmups):
    with contextlib.ExitStack() as stack:
        servers = Servers(stack)
        for letter, writers in (("a", 1), ("b", 8), ("c", 32)):
            series, latencies = servers.measure(writers, runs, warmups)
            yield Row(
                f"3{letter}",
                f"one-row puts by {writers} writer{'s' if writers > 1 else ''}, each durable at its acknowledgement",
                "database files, fsync before the acknowledgement; the same a6 row each time into one table, a connection"
                " a writer; writers: a C++ Flight client, DuckDB's client (quack_query_by_name), pgbench (prepared); the"
                " sink keeps nothing and shows what the Flight writers can do",
                series,
                list(ratios(series, latencies, writers)),
            )
