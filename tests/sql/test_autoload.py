"""A statement that needs an extension of the bundle loads it by itself."""

import functools
import http.server
import threading

import pytest

from flight_sql import FlightSqlClient

LOADED = "SELECT loaded FROM duckdb_extensions() WHERE extension_name = 'httpfs'"


@pytest.fixture
def web_folder(tmp_path):
    """A folder and the address under which a web server on loopback shows it."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_of_the_web_is_read(fresh_server, web_folder):
    folder, address = web_folder
    (folder / "birds.csv").write_text("bird,count\npintail,3\nteal,4\n")
    with FlightSqlClient(fresh_server.flight_uri) as client:
        assert client.rows(LOADED) == [(False,)]
        assert client.rows(f"FROM read_csv('{address}/birds.csv')") == [("pintail", 3), ("teal", 4)]
        assert client.rows(LOADED) == [(True,)]
