"""A producer that streams for as long as it likes and knows at every moment what is safe.

The stream commits every 10,000 rows. Each commit is acknowledged with the number of rows
that are durable so far; a producer that reads these can forget everything before, and after a
break goes on from there.

    pip install pyarrow
    python stream_producer.py

PINTAIL_URL says where the server is (default grpc://127.0.0.1:50051).
"""

import json
import os

import pyarrow as pa
import pyarrow.flight as flight

URL = os.environ.get("PINTAIL_URL", "grpc://127.0.0.1:50051")
SCHEMA = pa.schema([("sensor", pa.int32()), ("reading", pa.float64())])
BATCH_ROWS = 5_000
BATCHES = 10


def batch(number):
    start = number * BATCH_ROWS
    return pa.record_batch([
        pa.array([(start + i) % 8 for i in range(BATCH_ROWS)], pa.int32()),
        pa.array([(start + i) / 10 for i in range(BATCH_ROWS)], pa.float64()),
    ], schema=SCHEMA)


client = flight.FlightClient(URL)
descriptor = flight.FlightDescriptor.for_command(
    json.dumps({"stream_name": "streamed_readings", "commit_rows": 10_000}).encode())
writer, acknowledgements = client.do_put(descriptor, SCHEMA)

for number in range(BATCHES):
    writer.write_batch(batch(number))
    if number % 2 == 1:
        # Two batches are 10,000 rows: a commit is due, and its acknowledgement on the way.
        safe = json.loads(acknowledgements.read().to_pybytes())
        print(f"commit {safe['commit']}: {safe['rows']} rows are safe")

writer.done_writing()
while acknowledgements.read() is not None:
    pass
writer.close()
client.close()
