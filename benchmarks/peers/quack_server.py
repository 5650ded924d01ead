"""DuckDB with the quack extension, serving a database file on a free loopback port."""

import json
import os
import pathlib
import signal
import socket
import sys

import duckdb
import duckdb_extension_httpfs
import duckdb_extension_quack

TOKEN = "benchmark"


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Loads quack, and httpfs on which its client stands, from their PyPI packages."""
    for package in (duckdb_extension_httpfs, duckdb_extension_quack):
        folder = pathlib.Path(package.__file__).parent
        connection.execute(f"LOAD '{next(folder.rglob('*.duckdb_extension'))}'")


def connect(address: dict) -> duckdb.DuckDBPyConnection:
    """A client of the server with that address, which it has attached as `remote`."""
    connection = duckdb.connect()
    load_extensions(connection)
    connection.execute(f"CREATE SECRET (TYPE quack, TOKEN '{address['token']}')")
    connection.execute(f"ATTACH 'quack:localhost:{address['port']}' AS remote")
    return connection


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    database = duckdb.connect(sys.argv[1])
    load_extensions(database)
    port = free_port()
    database.execute(f"CALL quack_serve('quack:localhost:{port}', token = '{TOKEN}')")
    print(json.dumps({"pid": os.getpid(), "port": port, "token": TOKEN}), flush=True)
    signal.sigwait([signal.SIGTERM])
