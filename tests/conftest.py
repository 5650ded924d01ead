"""Fixtures: servers, and their logs beside a failure."""

import os
import pathlib

import adbc_driver_flightsql.dbapi as adbc
import pytest
import requests

from flight_sql import FlightSqlClient
from pintail_server import Server
from raw_flight import RawFlight

_LOG_TAIL_CHARACTERS = 2000


class Rest:
    """HTTP calls to one server."""

    def __init__(self, server):
        self.url = server.http_url
        self.session = requests.Session()

    def get(self, path, **options):
        return self.session.get(self.url + path, timeout=60, **options)

    def post(self, path, **options):
        return self.session.post(self.url + path, timeout=120, **options)

    def sql(self, sql, parameters=None):
        """The rows of a query as a list of objects."""
        body = {"sql": sql}
        if parameters is not None:
            body["parameters"] = parameters
        answer = self.post("/v1/query", json=body, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            for server in value if isinstance(value, list) else [value]:
                if isinstance(server, Server) and server.log_path.exists():
                    tail = server.log()[-_LOG_TAIL_CHARACTERS:]
                    report.sections.append((f"log of the server in `{name}`", tail))
    return report


@pytest.fixture(scope="session")
def shared_server():
    """One server for tests that leave each other alone: use names of your own in it."""
    with Server() as server:
        yield server


@pytest.fixture
def server(shared_server):
    """The shared server, known to be running at the start and at the end of the test."""
    yield shared_server
    assert shared_server.process.poll() is None, f"the server died:\n{shared_server.log()}"


@pytest.fixture
def start_server():
    """A function that starts a server of one's own, ended after the test."""
    started = []

    def start(*options, **named):
        server = Server(*options, **named)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def fresh_server(start_server):
    """A server of the test's own, in memory."""
    return start_server()


@pytest.fixture
def connect(server):
    """A function that opens ADBC connections to the shared server."""
    opened = []

    def open_connection(uri=None, **options):
        options.setdefault("autocommit", True)
        connection = adbc.connect(uri or server.flight_uri, **options)
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        connection.close()


@pytest.fixture
def cursor(connect):
    with connect().cursor() as cursor:
        yield cursor


@pytest.fixture
def flight_client(server):
    with FlightSqlClient(server.flight_uri) as client:
        yield client


@pytest.fixture
def raw_flight(server):
    with RawFlight(server.flight_address) as raw:
        yield raw


@pytest.fixture
def rest(server):
    return Rest(server)


@pytest.fixture
def rest_of():
    """A function that makes the REST client of a server."""
    return Rest


_names = iter(range(1_000_000))


@pytest.fixture
def table_name(request):
    """A table name that no other test uses."""
    words = "".join(c if c.isalnum() else "_" for c in request.node.name)[:40].strip("_")
    return f"{words}_{next(_names)}".lower()


@pytest.fixture(scope="session")
def needed_setting():
    """A function that gives a variable which the test run must set."""

    def setting(name, meaning):
        value = os.environ.get(name)
        assert value, f"set {name}: {meaning} (make test does)"
        assert pathlib.Path(value).exists(), f"{name}={value} does not exist"
        return value

    return setting
