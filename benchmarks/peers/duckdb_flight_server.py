"""An Arrow Flight server over an on-disk DuckDB, as one writes it in an afternoon with pyarrow.

Each DoPut is one transaction of one INSERT that pulls the batches as they come; the call ends, and
so acknowledges, after DuckDB's commit. The table is made by the first. Checkpoints and the write-ahead
log are as DuckDB has them. An action "query" runs SQL and answers with the first row, so that a run can
be checked. Prints one JSON line with its port.
"""

import json
import os
import sys

import duckdb
import pyarrow.flight as flight


class DuckDBFlightServer(flight.FlightServerBase):
    def __init__(self, database: str):
        super().__init__("grpc://127.0.0.1:0")
        self._database = duckdb.connect(database)

    def do_put(self, context, descriptor, reader, writer):
        table = descriptor.path[0].decode()
        with self._database.cursor() as connection:
            columns = reader.schema.empty_table()  # noqa: F841 (DuckDB finds both by their names)
            batches = reader.to_reader()  # noqa: F841
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM columns")
            connection.execute(f"INSERT INTO {table} FROM batches")

    def do_action(self, context, action):
        with self._database.cursor() as connection:
            row = connection.execute(action.body.to_pybytes().decode()).fetchone()
        return [flight.Result(json.dumps(row).encode())]


if __name__ == "__main__":
    server = DuckDBFlightServer(sys.argv[1])
    print(json.dumps({"pid": os.getpid(), "port": server.port}), flush=True)
    server.serve()
