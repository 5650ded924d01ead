"""What keeps a server from starting is said in a line a person can act on."""

import os
import pathlib
import socket
import stat

import duckdb
import pytest

from flight_sql import FlightSqlClient
from pintail_server import Server, StartError, run_pintail


def refused(*options, **named):
    """The exit code and the output of a server that must not start."""
    with pytest.raises(StartError) as caught:
        Server(*options, **named)
    assert caught.value.code == 1 or caught.value.code == 2, caught.value.output
    return caught.value.output


@pytest.mark.parametrize("door", ["flight", "http"])
def test_a_port_in_use(door):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = "http" if door == "flight" else "flight"
        output = refused(f"--{door}-listen", f"127.0.0.1:{port}", f"--{other}-listen",
                         "127.0.0.1:0", listen=False)
    assert f"127.0.0.1:{port}" in output
    assert "use" in output


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
@pytest.mark.parametrize("door", ["flight", "http"])
def test_an_address_that_is_not_loopback(door, address):
    other = "http" if door == "flight" else "flight"
    output = refused(f"--{door}-listen", address, f"--{other}-listen", "127.0.0.1:0",
                     listen=False)
    lines = [line for line in output.splitlines() if line.strip()]
    assert len(lines) == 1, output
    assert address.rsplit(":", 1)[0].strip("[]") in output
    assert "authentication" in output


def test_a_folder_that_cannot_be_written(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    if os.geteuid() == 0:
        # Nothing is unwritable to root, but a file is no folder to anyone.
        path = tmp_path / "a file"
        path.write_text("")
        output = refused(database=path / "hot.duckdb")
    else:
        path = folder
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        output = refused(database=folder / "hot.duckdb")
    assert str(path) in output


def test_a_file_of_another_program(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, this is no database at all.\n" * 500)
    output = refused(database=path)
    assert "letter.txt" in output
    assert "it is not a DuckDB database" in output
    assert path.read_text().startswith("Dear Sir"), "the file was changed"


def test_a_file_of_a_newer_version(tmp_path):
    path = tmp_path / "newer.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE t AS SELECT 1")
    content = bytearray(path.read_bytes())
    # The storage version stands behind the checksum and the magic bytes of the main header.
    assert content[8:12] == b"DUCK"
    content[12:20] = (9999).to_bytes(8, "little")
    path.write_bytes(content)
    output = refused(database=path)
    assert "newer.duckdb" in output
    assert "9999" in output and "Use a newer version of this program" in output
    assert path.read_bytes() == bytes(content), "the file was changed"


def test_a_file_that_another_server_has_open(tmp_path, start_server):
    start_server(database=tmp_path / "shared.duckdb")
    output = refused(database=tmp_path / "shared.duckdb")
    assert "shared.duckdb" in output
    assert "has it open" in output


def test_a_truncated_file(tmp_path):
    path = tmp_path / "short.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE t AS SELECT range FROM range(100000)")
    content = path.read_bytes()
    path.write_bytes(content[:5000])
    output = refused(database=path)
    assert "short.duckdb" in output
    assert path.read_bytes() == content[:5000]


def test_missing_folders_are_made(tmp_path, start_server):
    server = start_server(database=tmp_path / "a" / "b" / "hot.duckdb")
    assert (tmp_path / "a" / "b" / "hot.duckdb").exists()
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows("SELECT 1") == [(1,)]


def test_a_broken_ready_file_path():
    done = run_pintail("serve", "--database", ":memory:", "--flight-listen", "127.0.0.1:0",
                       "--http-listen", "127.0.0.1:0", "--ready-file", "/no/such/folder/ready")
    assert done.returncode == 1
    assert "/no/such/folder/ready" in done.stderr


def test_the_ready_file_tells_what_is_listened_on(start_server):
    server = start_server()
    assert server.ready["version"]
    assert pathlib.Path(f"/proc/{server.pid}").exists()
    for address in (server.flight_address, server.http_address):
        host, port = address.rsplit(":", 1)
        assert host == "127.0.0.1" and int(port) > 0
        socket.create_connection((host, int(port)), timeout=10).close()


def test_several_listeners_of_each_kind(start_server):
    server = start_server("--flight-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0")
    assert len(server.ready["flight"]) == 2 and len(server.ready["http"]) == 2
    for address in server.ready["flight"]:
        with FlightSqlClient(f"grpc://{address}") as client:
            assert client.rows("SELECT 1") == [(1,)]
