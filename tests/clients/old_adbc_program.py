"""Run by an old Python ADBC driver (0.8): the metrics client's INSERT and its queries.

Arguments: the server's URI, then what to do. Prints what it read as JSON.
"""

import json
import sys

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa

INSERT = (
    "INSERT INTO metrics (metric_id, timestamp, value_running_window_sum,"
    " value_running_window_avg, value_running_window_count) VALUES (?, ?, ?, ?, ?)"
)
RANGE = (
    "SELECT * FROM metrics WHERE timestamp >= ? AND timestamp <= ?"
    " AND metric_id IN (?, ?) ORDER BY timestamp ASC"
)


def insert(connection):
    with connection.cursor() as cursor:
        for row in [("cpu", 1_700_000_000_000_000_000, 10.0, 5.0, 2),
                    ("mem", 1_700_000_001_000_000_000, 20.0, 4.0, 5)]:
            cursor.execute(INSERT, row)


def read(connection):
    with connection.cursor() as cursor:
        # This client computes with floats, so its times arrive as doubles.
        cursor.execute(RANGE, (1.6e18, 1.8e18, "cpu", "mem"))
        table = cursor.fetch_arrow_table()
        assert table.schema.field("timestamp").type == pa.int64()
        return table.to_pylist()


def main():
    uri, what = sys.argv[1:]
    connection = adbc.connect(uri)
    try:
        result = insert(connection) if what == "insert" else read(connection)
    finally:
        connection.close()
    print(json.dumps({"driver": adbc_driver_flightsql.__version__, "result": result}))


main()
