"""Pintail over HTTP, with nothing but requests and pyarrow.

    pip install requests pyarrow
    python rest_quickstart.py

PINTAIL_HTTP says where the server is (default http://127.0.0.1:8000).
"""

import os

import pyarrow as pa
import requests

HTTP = os.environ.get("PINTAIL_HTTP", "http://127.0.0.1:8000")
ARROW = "application/vnd.apache.arrow.stream"

orders = pa.table({"id": [1, 2, 3], "item": ["duck", "goose", "duck"], "price": [3.5, 9.0, 4.0]})

# Arrow goes in as an IPC stream; Parquet, CSV and NDJSON do too, by their Content-Type.
sink = pa.BufferOutputStream()
with pa.ipc.new_stream(sink, orders.schema) as writer:
    writer.write_table(orders)
answer = requests.post(f"{HTTP}/v1/ingest/orders", params={"mode": "replace"},
                       data=sink.getvalue().to_pybytes(), headers={"Content-Type": ARROW})
answer.raise_for_status()
print("rows taken:", answer.json()["rows"])

# The answer's format is the one that is asked for.
answer = requests.post(
    f"{HTTP}/v1/query",
    json={"sql": "SELECT item, sum(price) AS total FROM orders WHERE price < $most"
                 " GROUP BY item ORDER BY item",
          "parameters": {"most": 10}},
    headers={"Accept": "application/json"})
print(answer.json())

answer = requests.post(f"{HTTP}/v1/query", data="SELECT * FROM orders ORDER BY id",
                       headers={"Content-Type": "text/plain", "Accept": ARROW})
print(pa.ipc.open_stream(answer.content).read_all().to_pydict())

# An error has a code for programs and a message for people.
answer = requests.post(f"{HTTP}/v1/query", json={"sql": "SELECT * FROM oders"})
print(answer.status_code, answer.json()["error"]["code"])
