"""Row 1: DoPut of a million six-column rows until a SELECT sees them, in memory."""

import json
from functools import partial

import flight_sql
import processes
import pyarrow.flight as flight
import shapes
from measure import Ratio, Row, Series, interleave, median

ROWS = 1_000_000
BATCH_ROWS = 65_536


def put(client, descriptor, table, batch_rows):
    writer, metadata = client.do_put(descriptor, table.schema)
    writer.write_table(table, batch_rows)
    writer.done_writing()
    while metadata.read() is not None:
        pass
    writer.close()


def put_pintail(client, table, batch_rows):
    """Each run fills a table of its own, checks its count, and drops it after the clock."""
    put(client, flight.FlightDescriptor.for_path("bench_a6"), table, batch_rows)
    count = flight_sql.fetch(client, "SELECT count(*) FROM bench_a6")[0][0].as_py()
    assert count == table.num_rows, count


def put_arrowport(client, table, batch_rows):
    descriptor = flight.FlightDescriptor.for_command(json.dumps({"stream_name": "benchmark"}).encode())
    writer, _ = client.do_put(descriptor, table.schema)
    writer.write_table(table, batch_rows)
    writer.close()
    select = flight.Action("query", b"SELECT count(*) FROM benchmark")
    count = json.loads(next(iter(client.do_action(select))).body.to_pybytes())[0]
    assert count == table.num_rows, count


def put_sink(client, table, batch_rows):
    put(client, flight.FlightDescriptor.for_path("sink"), table, batch_rows)


def timed(action, undo):
    """The action's own seconds; what undoes it is not counted."""
    import time

    def run():
        start = time.perf_counter()
        action()
        taken = time.perf_counter() - start
        undo()
        return taken

    return run


def drop_pintail(client):
    flight_sql.fetch(client, "DROP TABLE bench_a6")


def drop_arrowport(client):
    list(client.do_action(flight.Action("query", b"DROP TABLE benchmark")))


def run(runs, warmups):
    table = shapes.a6(ROWS)
    with processes.pintail() as ours, processes.arrowport() as port, processes.flight_peer() as sink:
        pintail = flight.connect(f"grpc://{ours.address['flight'][0]}")
        arrowport = flight.connect(f"grpc://127.0.0.1:{port.address['flight']}")
        raw = flight.connect(f"grpc://127.0.0.1:{sink.address['port']}")
        for number, batch_rows in (("1a", BATCH_ROWS), ("1b", ROWS)):
            seconds = interleave(
                {
                    "pintail": timed(partial(put_pintail, pintail, table, batch_rows), partial(drop_pintail, pintail)),
                    "arrowport": timed(
                        partial(put_arrowport, arrowport, table, batch_rows), partial(drop_arrowport, arrowport)
                    ),
                    "sink": partial(put_sink, raw, table, batch_rows),
                },
                runs,
                warmups,
            )
            peaks = {"pintail": ours, "arrowport": port, "sink": sink}
            series = [
                Series(name, values, ROWS, "rows/s", processes.memory_bytes(peaks[name].pid, "VmHWM"))
                for name, values in seconds.items()
            ]
            by_name = {s.contender: median(s) for s in series}
            goals = (3.0, 0.6) if number == "1a" else (1.5, 0.8)
            yield Row(
                number,
                f"DoPut of 1 M a6 rows until a SELECT sees them, batches of {batch_rows:,} rows",
                "in memory, no durability; 47 bytes a row; uncompressed on the wire",
                series,
                [
                    Ratio("pintail / arrowport", by_name["pintail"] / by_name["arrowport"], goals[0]),
                    Ratio("pintail / sink", by_name["pintail"] / by_name["sink"], goals[1]),
                ],
            )
