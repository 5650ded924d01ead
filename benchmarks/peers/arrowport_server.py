"""Arrowport 0.1.0 as it is installed from PyPI, on a loopback port of its own.

Its start calls INSTALL arrow, for which DuckDB has no such extension any more: that call is
stubbed, everything else is as released. A count of rows is added as a Flight action, so that
a run can be checked. Prints one JSON line with its ports.
"""

import json
import os
import socket
import threading

import duckdb


class WithoutInstall:
    """A DuckDB connection whose install and load of an extension do nothing."""

    def __init__(self, connection):
        self._connection = connection

    def install_extension(self, name):
        pass

    def load_extension(self, name):
        pass

    def __getattr__(self, name):
        return getattr(self._connection, name)


real_connect = duckdb.connect
duckdb.connect = lambda *args, **kwargs: WithoutInstall(real_connect(*args, **kwargs))
os.environ["ARROWPORT_LOG_LEVEL"] = "ERROR"

import uvicorn  # noqa: E402
from arrowport.api.app import app  # noqa: E402
from arrowport.core.db import db_manager  # noqa: E402
from arrowport.core.flight import FlightServer  # noqa: E402
from pyarrow import flight  # noqa: E402


class Counted(FlightServer):
    def do_action(self, context, action):
        with db_manager.get_connection() as connection:
            result = connection.execute(action.body.to_pybytes().decode()).fetchone()
        return [flight.Result(json.dumps(result).encode())]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


flight_server = Counted(host="127.0.0.1", port=0)
http_port = free_port()
config = uvicorn.Config(app, host="127.0.0.1", port=http_port, log_level="error")
server = uvicorn.Server(config)
original_startup = server.startup


async def announce(*args, **kwargs):
    await original_startup(*args, **kwargs)
    ports = {"flight": flight.FlightServerBase.port.__get__(flight_server), "http": http_port}
    print(json.dumps({"pid": os.getpid(), **ports}), flush=True)


server.startup = announce
threading.Thread(target=flight.FlightServerBase.serve, args=(flight_server,), daemon=True).start()
server.run()
