"""Row 15: memory over the table's own while ten million rows come in by DoPut.

The table's own memory is what the process holds when the put is done, less what it held
before; what it held at its peak beyond that is the cost of taking the data in.
"""

import json

import flight_sql
import processes
import pyarrow.flight as flight
import shapes
from measure import Ratio, Row, Series

MIB = 1 << 20
CHUNK_ROWS = 1_000_000
BATCH_ROWS = 65_536


def overhead(server, client, descriptor, rows, chunk) -> float:
    """Streams `rows` rows in one put; the peak over what stays, in bytes."""
    writer, metadata = client.do_put(descriptor, chunk.schema)
    processes.reset_peak(server.pid)
    for _ in range(rows // CHUNK_ROWS):
        writer.write_table(chunk, BATCH_ROWS)
    writer.done_writing()
    while metadata.read() is not None:
        pass
    writer.close()
    return float(processes.memory_bytes(server.pid, "VmHWM") - processes.memory_bytes(server.pid))


def ours(rows, chunk):
    with processes.pintail() as server:
        client = flight.connect(f"grpc://{server.address['flight'][0]}")
        over = overhead(server, client, flight.FlightDescriptor.for_path("memory_test"), rows, chunk)
        count = flight_sql.fetch(client, "SELECT count(*) FROM memory_test")[0][0].as_py()
        assert count == rows, count
        return over


def arrowport(rows, chunk):
    with processes.arrowport() as server:
        client = flight.connect(f"grpc://127.0.0.1:{server.address['flight']}")
        descriptor = flight.FlightDescriptor.for_command(json.dumps({"stream_name": "memory_test"}).encode())
        return overhead(server, client, descriptor, rows, chunk)


def run(runs, warmups):
    chunk = shapes.a6(CHUNK_ROWS)
    series = []
    for name, measure, rows in (
        ("pintail, 10 M rows", ours, 10_000_000),
        ("pintail, 20 M rows", ours, 20_000_000),
        ("arrowport, 10 M rows", arrowport, 10_000_000),
    ):
        # A new server each time, so there is nothing to warm up; three tell the spread.
        values = [measure(rows, chunk) / MIB for _ in range(min(runs, 3))]
        series.append(Series(name, values, unit="MiB"))
    medians = [sorted(s.seconds)[len(s.seconds) // 2] for s in series]
    yield Row(
        "15",
        "memory over the table's own during a DoPut",
        f"in memory; 47 bytes a row; batches of {BATCH_ROWS:,} rows; peak less what stays",
        series,
        [
            Ratio("pintail, MiB at 10 M rows", medians[0], 64, at_least=False),
            Ratio("growth from 10 M to 20 M rows, MiB", medians[1] - medians[0], 64, at_least=False),
        ],
    )
