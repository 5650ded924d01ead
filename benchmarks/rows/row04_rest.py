"""Row 4: a million six-column rows as base64 Arrow IPC over REST, and as a raw body."""

import base64
import json
from functools import partial

import processes
import pyarrow as pa
import requests
import shapes
from measure import Ratio, Row, Series, interleave, median

ROWS = 1_000_000


def ipc_stream(table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, 65_536)
    return sink.getvalue().to_pybytes()


def post_stream(session, url, body):
    answer = session.post(f"{url}/stream/benchmark", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows_processed"] == ROWS


def post_raw(session, url, body):
    answer = session.post(
        f"{url}/v1/ingest/benchmark_raw", data=body, headers={"Content-Type": "application/vnd.apache.arrow.stream"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"] == ROWS


def run(runs, warmups):
    table = shapes.a6(ROWS)
    stream = ipc_stream(table)
    body = json.dumps(
        {
            "config": {"target_table": "benchmark_table"},
            "batch": {
                "arrow_schema": base64.b64encode(table.schema.serialize()).decode(),
                "data": base64.b64encode(stream).decode(),
            },
        }
    ).encode()
    with processes.pintail() as ours, processes.arrowport() as port:
        session = requests.Session()
        pintail = f"http://{ours.address['http'][0]}"
        arrowport = f"http://127.0.0.1:{port.address['http']}"
        seconds = interleave(
            {
                "pintail": partial(post_stream, session, pintail, body),
                "arrowport": partial(post_stream, session, arrowport, body),
                "pintail, raw body": partial(post_raw, session, pintail, stream),
            },
            runs,
            warmups,
        )
        peaks = {"arrowport": port.pid}
        series = [
            Series(name, values, ROWS, "rows/s", processes.memory_bytes(peaks.get(name, ours.pid), "VmHWM"))
            for name, values in seconds.items()
        ]
    by_name = {s.contender: median(s) for s in series}
    yield Row(
        "4",
        "POST of 1 M a6 rows, base64 Arrow IPC in JSON, appended again and again",
        "in memory, no durability; 47 bytes a row; uncompressed",
        series,
        [
            Ratio("pintail / arrowport", by_name["pintail"] / by_name["arrowport"], 4.0),
            Ratio("raw body / base64", by_name["pintail, raw body"] / by_name["pintail"], 1.0),
        ],
    )
