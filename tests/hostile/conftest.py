"""A server that is attacked, and proof that it stays itself."""

import pytest

from flight_sql import FlightSqlClient
from pintail_server import Server

CANARY = [(index, f"canary {index}") for index in range(100)]


class Target(Server):
    """A server with a canary table that nothing may touch."""

    def __init__(self, *options, **named):
        super().__init__(*options, **named)
        with FlightSqlClient(self.flight_uri) as client:
            client.update("CREATE TABLE canary AS SELECT range AS i, 'canary ' || range AS s"
                          " FROM range(100)")
            self._tables = self._list(client)

    def _list(self, client):
        return client.rows("SELECT table_schema, table_name FROM information_schema.tables"
                           " WHERE table_schema <> 'pintail' ORDER BY ALL")

    def assert_unharmed(self, allow_new_tables=False):
        """Alive, answering, the canary as it was, no table that was not there."""
        import requests

        assert self.process.poll() is None, f"the server died:\n{self.log()[-3000:]}"
        assert requests.get(self.http_url + "/ready", timeout=30).status_code == 200
        with FlightSqlClient(self.flight_uri) as client:
            assert client.rows("SELECT * FROM canary ORDER BY i") == CANARY
            if not allow_new_tables:
                assert self._list(client) == self._tables


@pytest.fixture(scope="module")
def attacked_server():
    with Target() as server:
        yield server


@pytest.fixture
def target(attacked_server):
    yield attacked_server
    attacked_server.assert_unharmed()


@pytest.fixture
def start_target():
    started = []

    def start(*options, **named):
        started.append(Target(*options, **named))
        return started[-1]

    yield start
    for server in started:
        server.stop()
