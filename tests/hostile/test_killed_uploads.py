"""An upload that is cut, by the end of its client or by a limit, leaves all of it or nothing.

For the first, a helper process forks a client for each upload, before gRPC has started in
it, and kills it as soon as it has written a chosen number of batches: while it goes on
writing, so that the end falls between messages, inside one, or after the last.
"""

import os
import pathlib
import random
import subprocess
import sys

import grpc
import pyarrow as pa
import pytest

from flight_sql import FlightSqlClient
from ipc_messages import table_bytes
from raw_flight import RawFlight, descriptor_for_path, flight_data

TESTS = pathlib.Path(__file__).parent.parent
UPLOADS = 30
BATCHES = 30

CLIENTS = f"""
import os, signal, sys
import pyarrow as pa, pyarrow.flight as flight

def upload(uri, table, rows, progress):
    client = flight.FlightClient(uri)
    batch = pa.record_batch([pa.array(range(rows), pa.int64())], names=["i"])
    writer, reader = client.do_put(flight.FlightDescriptor.for_path(table), batch.schema)
    for _ in range({BATCHES}):
        writer.write_batch(batch)
        os.write(progress, b".")
    writer.done_writing()
    os.write(progress, b"e")
    while reader.read() is not None:
        pass
    os.write(progress, b"a")

for line in sys.stdin:
    uri, table, rows, until = line.split()
    reading, writing = os.pipe()
    client = os.fork()
    if client == 0:
        os.close(reading)
        signal.alarm(60)  # so that one that hangs ends too
        try:
            upload(uri, table, int(rows), writing)
        finally:
            os._exit(0)
    os.close(writing)
    seen = b""
    while len(seen) < int(until) and (piece := os.read(reading, 1)):
        seen += piece
    os.kill(client, signal.SIGKILL)
    os.waitpid(client, 0)
    while piece := os.read(reading, 4096):
        seen += piece
    os.close(reading)
    print(seen.decode() or "-", flush=True)
"""


def rows_of(client, table):
    """How many rows the table has; 0 when it is not there."""
    there = client.rows("SELECT count(*) FROM information_schema.tables"
                        f" WHERE table_name = '{table}'")
    return client.rows(f"SELECT count(*) FROM {table}")[0][0] if there == [(1,)] else 0


def running_uploads(client):
    return client.rows("SELECT count(*) FROM pintail.statements"
                       " WHERE verb = 'INGEST' AND state = 'running'")[0][0]


def test_a_killed_client_leaves_all_or_nothing(start_target):
    server = start_target()
    chance = random.Random(20)
    helper = subprocess.Popen([sys.executable, "-c", CLIENTS], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True,
                              # A process that forks has to have one thread.
                              env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    uploads = {}
    with helper, FlightSqlClient(server.flight_uri) as client:
        for number in range(UPLOADS):
            table, rows = f"killed_{number}", chance.choice([1, 1_000, 20_000])
            # The two last are the end of the stream and the acknowledgement.
            until = chance.randint(1, BATCHES + 2)
            helper.stdin.write(f"{server.flight_uri} {table} {rows} {until}\n")
            helper.stdin.flush()
            uploads[table] = (rows * BATCHES, helper.stdout.readline().strip())
        helper.stdin.close()
        server.wait_until(lambda: running_uploads(client) == 0, "all uploads have ended")
        kept = {table: rows_of(client, table) for table in uploads}
    cut = 0
    for table, (rows, progress) in uploads.items():
        # Whether the stream was ended is unsure between its last batch and the answer.
        unsure = progress.count(".") == BATCHES
        expected = (rows,) if "a" in progress else (0, rows) if unsure else (0,)
        assert kept[table] in expected, (table, kept[table], expected, progress)
        cut += not unsure
    assert 0 < cut < UPLOADS, "the clients were not killed at different points"
    server.assert_unharmed(allow_new_tables=True)


def parts(rows):
    """The IPC messages of one column: metadata and body of the schema and of a batch."""
    messages = pa.ipc.MessageReader.open_stream(table_bytes(pa.table({"i": list(range(rows))})))
    return [(each.metadata.to_pybytes(), each.body.to_pybytes() if each.body else b"")
            for each in messages]


def test_a_message_that_is_too_long_takes_those_before_it_along(start_target):
    server = start_target("--flight-max-message", "64KiB")
    schema, batch = parts(1_000)
    _, too_long = parts(100_000)
    with FlightSqlClient(server.flight_uri) as client:
        for number in range(10):
            table = f"too_long_{number}"
            with RawFlight(server.flight_address) as raw, pytest.raises(grpc.RpcError) as refused:
                raw.do_put([flight_data(*schema, descriptor_for_path(table)),
                            flight_data(*batch), flight_data(*too_long)])
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            server.wait_until(lambda: running_uploads(client) == 0, "the upload has ended")
            assert rows_of(client, table) == 0
    server.assert_unharmed()
