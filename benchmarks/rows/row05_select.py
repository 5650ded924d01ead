"""Row 5: SELECT * of ten million rows of four eight-byte numbers."""

import os
import tempfile
from functools import partial

import duckdb
import flight_sql
import processes
import pyarrow.flight as flight
import quack_server
import shapes
from measure import Ratio, Row, Series, interleave, median

ROWS = 10_000_000
BYTES = ROWS * 32


def read_flight(client, descriptor):
    rows, _ = flight_sql.read(client, descriptor)
    assert rows == ROWS, rows


def read_duckdb(connection, relation):
    rows = sum(batch.num_rows for batch in connection.execute(f"SELECT * FROM {relation}").to_arrow_reader(32_768))
    assert rows == ROWS, rows


def run(runs, warmups):
    numbers = shapes.num4(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("ours.duckdb", "quack.duckdb", "local.duckdb")]
        for path in files:
            with duckdb.connect(path) as connection:
                connection.execute("CREATE TABLE num4 AS SELECT * FROM numbers")
        with processes.pintail(database=files[0]) as ours, processes.flight_peer() as echo, processes.quack(
            files[1]
        ) as quack:
            pintail = flight.connect(f"grpc://{ours.address['flight'][0]}")
            raw = flight.connect(f"grpc://127.0.0.1:{echo.address['port']}")
            writer, _ = raw.do_put(flight.FlightDescriptor.for_path("num4"), numbers.schema)
            writer.write_table(numbers, 24_576)
            writer.close()
            local = duckdb.connect(files[2], read_only=True)
            seconds = interleave(
                {
                    "pintail": partial(read_flight, pintail, flight_sql.statement_query("SELECT * FROM num4")),
                    "flight echo": partial(read_flight, raw, flight.FlightDescriptor.for_path("num4")),
                    "quack": partial(read_duckdb, quack_server.connect(quack.address), "remote.num4"),
                    "duckdb in process": partial(read_duckdb, local, "num4"),
                },
                runs,
                warmups,
            )
            pids = {"pintail": ours.pid, "flight echo": echo.pid, "quack": quack.pid}
            series = [
                Series(
                    name,
                    values,
                    BYTES,
                    "B/s",
                    processes.memory_bytes(pids[name], "VmHWM") if name in pids else None,
                )
                for name, values in seconds.items()
            ]
    by_name = {s.contender: median(s) for s in series}
    yield Row(
        "5",
        "SELECT * of 10 M × four eight-byte numbers",
        "database file, pages cached; 32 bytes a row, random; batches of 768 KiB; one stream",
        series,
        [
            Ratio("pintail / flight echo", by_name["pintail"] / by_name["flight echo"], 0.85),
            Ratio("pintail / quack", by_name["pintail"] / by_name["quack"], 4.0),
        ],
    )
