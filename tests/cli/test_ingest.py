"""`pintail ingest`: every kind of file, standard input, modes, failures."""

import pyarrow as pa
import pyarrow.parquet
import pytest

from flight_sql import FlightSqlClient
from ipc_messages import file_bytes, table_bytes
from pintail_server import Server, run_pintail

TABLE = pa.table({"i": [1, 2, 3], "s": ["a", "b", None]})
NDJSON = b'{"i": 1, "s": "a"}\n{"i": 2, "s": "b"}\n{"i": 3, "s": null}\n'


def write(path):
    if path.suffix == ".parquet":
        pa.parquet.write_table(TABLE, path)
    elif path.suffix == ".arrow":
        path.write_bytes(file_bytes(TABLE))
    elif path.suffix == ".arrows":
        path.write_bytes(table_bytes(TABLE))
    elif path.suffix == ".csv":
        path.write_bytes(b"i,s\n1,a\n2,b\n3,\n")
    else:
        path.write_bytes(NDJSON)
    return path


@pytest.fixture
def rows(server):
    def read(table):
        with FlightSqlClient(server.flight_uri) as client:
            return client.query(f"SELECT * FROM {table} ORDER BY i").to_pylist()

    return read


@pytest.mark.parametrize("ending", ["parquet", "arrow", "arrows", "csv", "ndjson", "jsonl"])
def test_every_kind_of_file(pintail, rows, table_name, tmp_path, ending):
    done = pintail("ingest", write(tmp_path / f"data.{ending}"), "--table", table_name)
    assert done.returncode == 0, done.stderr
    assert "3" in done.stderr + done.stdout
    found = rows(table_name)
    assert [row["i"] for row in found] == [1, 2, 3]
    assert [row["s"] or None for row in found] == ["a", "b", None]


def test_several_files_into_one_table(pintail, rows, table_name, tmp_path):
    paths = [write(tmp_path / "a.parquet"), write(tmp_path / "b.csv")]
    assert pintail("ingest", *paths, "--table", table_name).returncode == 0
    assert len(rows(table_name)) == 6


@pytest.mark.parametrize("form, data", [
    ("arrow", table_bytes(TABLE)), ("ndjson", NDJSON), ("csv", b"i,s\n1,a\n2,b\n3,\n")])
def test_standard_input(pintail, rows, table_name, form, data):
    done = pintail("ingest", "-", "--format", form, "--table", table_name, input=data)
    assert done.returncode == 0, done.stderr
    assert len(rows(table_name)) == 3


def test_modes(pintail, rows, table_name, tmp_path):
    path = write(tmp_path / "data.parquet")
    assert pintail("ingest", path, "--table", table_name, "--mode", "append").returncode == 1
    assert pintail("ingest", path, "--table", table_name, "--mode", "create").returncode == 0
    assert pintail("ingest", path, "--table", table_name, "--mode", "create").returncode == 1
    assert pintail("ingest", path, "--table", table_name, "--mode", "append").returncode == 0
    assert len(rows(table_name)) == 6
    assert pintail("ingest", path, "--table", table_name, "--mode", "replace").returncode == 0
    assert len(rows(table_name)) == 3


@pytest.mark.parametrize("form, data", [
    ("csv", b"i,n,price,zip,day,u,v\n1,3,1.10,00123,2026-01-01,"
            b'6ba7b810-9dad-11d1-80b4-00c04fd430c8,"[1,2,3]"\n'),
    ("ndjson", b'{"i": 1, "n": 3, "price": 1.10, "zip": "00123", "day": "2026-01-01",'
               b' "u": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "v": [1, 2, 3]}\n')])
def test_text_is_read_as_the_types_of_the_table(pintail, server, table_name, form, data):
    odd = f'"odd.{table_name}"'
    with FlightSqlClient(server.flight_uri) as client:
        client.update(f"CREATE TABLE {odd} (i INTEGER PRIMARY KEY, n SMALLINT, "
                      "price DECIMAL(10,2), zip VARCHAR, day DATE, u UUID, v FLOAT[3])")
        done = pintail("ingest", "-", "--format", form, "--table", odd, input=data)
        assert done.returncode == 0, done.stderr
        assert client.rows(f"SELECT i, n, price::VARCHAR, zip, day::VARCHAR, v::VARCHAR, "
                           f"typeof(n), typeof(price) FROM {odd}") == [
            (1, 3, "1.10", "00123", "2026-01-01", "[1.0, 2.0, 3.0]", "SMALLINT",
             "DECIMAL(10,2)")]


@pytest.mark.parametrize("data, parts", [
    (b"i,n\n1,3\n2,x\n", ["row 2", '"n"', "SMALLINT", "'x'"]),
    (b"i,u\n1,nobody\n", ["row 1", '"u"', "UUID", "nobody"])])
def test_text_that_does_not_parse_is_named(pintail, server, table_name, data, parts):
    with FlightSqlClient(server.flight_uri) as client:
        client.update(f"CREATE TABLE {table_name} (i INTEGER PRIMARY KEY, n SMALLINT, u UUID)")
    done = pintail("ingest", "-", "--format", "csv", "--table", table_name, input=data)
    assert done.returncode == 1
    for part in parts:
        assert part.encode() in done.stderr


def test_no_progress_bar_where_there_is_no_terminal(pintail, table_name, tmp_path):
    done = pintail("ingest", write(tmp_path / "data.csv"), "--table", table_name)
    assert "\r" not in done.stderr and "\x1b" not in done.stderr


@pytest.mark.parametrize("name, content, message", [
    ("missing.csv", None, "missing.csv"),
    ("broken.parquet", b"PAR1 nothing", "broken.parquet"),
    ("broken.arrow", b"nothing", "broken.arrow"),
    ("broken.ndjson", b'{"i": \n', "broken.ndjson"),
])
def test_failures_exit_with_1_and_leave_nothing(pintail, table_name, tmp_path, name, content,
                                                message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = pintail("ingest", path, "--table", table_name)
    assert done.returncode == 1, done.stderr
    assert message in done.stderr
    assert pintail("query", f"SELECT * FROM {table_name}").returncode == 1


def test_mistakes_exit_with_2(pintail, tmp_path):
    path = write(tmp_path / "data.csv")
    odd = tmp_path / "data.xyz"
    odd.write_bytes(b"x")
    for arguments in (["ingest"], ["ingest", path, "--table", "t", "--mode", "sideways"],
                      ["ingest", odd, "--table", "t"],
                      ["ingest", "-", "--table", "t"]):
        done = pintail(*arguments, input=b"")
        assert done.returncode == 2, (arguments, done.stderr)


def test_a_large_file_is_streamed(pintail, server, table_name, tmp_path):
    path = tmp_path / "large.parquet"
    pa.parquet.write_table(pa.table({"i": list(range(1_000_000))}), path)
    assert pintail("ingest", path, "--table", table_name).returncode == 0
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows(f"SELECT count(*), sum(i)::BIGINT FROM {table_name}") == [
            (1_000_000, 499_999_500_000)]


def test_arrow_writes_no_lines_of_its_own(table_name, tmp_path):
    """Its library warns on standard error, past the log, when a status is thrown away."""
    with Server() as server:
        environment = {"PINTAIL_URL": server.flight_uri}
        path = write(tmp_path / "data.arrow")
        told = "".join(run_pintail(*arguments, env=environment).stderr for arguments in (
            ("ingest", path, "--table", table_name),
            ("ingest", path, "--table", table_name, "--mode", "append"),
            ("query", f"SELECT * FROM {table_name}"),
            ("query", "SELECT * FROM missing"),
        ))
        server.terminate()
        assert server.wait() == 0
        assert "missing" in told
        assert "cpp/src/arrow" not in told + server.log()


def test_a_schema_policy_can_be_said(pintail, server, table_name, tmp_path):
    (tmp_path / "first.csv").write_text("i\n1\n")
    (tmp_path / "second.csv").write_text("i,more\n2,x\n")
    assert pintail("ingest", tmp_path / "first.csv", "--table", table_name).returncode == 0
    strict = pintail("ingest", tmp_path / "second.csv", "--table", table_name,
                     "--schema-policy", "strict")
    assert strict.returncode == 1 and "more" in strict.stderr
    assert pintail("ingest", tmp_path / "second.csv", "--table", table_name,
                   "--schema-policy", "add_columns").returncode == 0
    (tmp_path / "third.csv").write_text("i,more\n3,7\n")
    assert pintail("ingest", tmp_path / "third.csv", "--table", table_name,
                   "--schema-policy", "coerce").returncode == 0
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows(f"SELECT * FROM {table_name} ORDER BY i") == [
            (1, None), (2, "x"), (3, "7")]
    assert pintail("ingest", tmp_path / "first.csv", "--table", table_name,
                   "--schema-policy", "sideways").returncode == 2


def test_tabs_between_fields(pintail, rows, table_name, tmp_path):
    (tmp_path / "tabs.tsv").write_text("i\tname\n1\ta,b\n")
    (tmp_path / "tabs.txt").write_text("i\tname\n2\tc\n")
    assert pintail("ingest", tmp_path / "tabs.tsv", "--table", table_name).returncode == 0
    for number, delimiter in enumerate(["\\t", "tab", "\t"]):
        done = pintail("ingest", tmp_path / "tabs.txt", "--table", table_name, "--format", "csv",
                       "--delimiter", delimiter)
        assert done.returncode == 0, done.stderr
        assert len(rows(table_name)) == number + 2


@pytest.mark.parametrize("mode", ["create_or_append", "create_append", "create-or-append"])
def test_modes_are_taken_in_every_spelling(pintail, rows, table_name, tmp_path, mode):
    (tmp_path / "a.csv").write_text("i\n1\n")
    done = pintail("ingest", tmp_path / "a.csv", "--table", table_name, "--mode", mode)
    assert done.returncode == 0, done.stderr
    assert len(rows(table_name)) == 1


def test_errors_name_a_file_once_and_standard_input_in_words(pintail, table_name):
    done = pintail("ingest", "nosuch.csv", "--table", table_name)
    assert done.stderr == "error: nosuch.csv: cannot be read: No such file or directory\n"
    done = pintail("ingest", "-", "--format", "parquet", "--table", table_name, input="no")
    assert done.returncode == 1
    assert done.stderr.startswith("error: standard input: ")
