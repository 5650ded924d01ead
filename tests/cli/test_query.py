"""`pintail query`: every format, parameters, sources of SQL, exit codes."""

import io
import json
import os
import stat
import threading

import pyarrow as pa
import pyarrow.parquet
import pytest

SQL = "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL ORDER BY a"
ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_a_table_is_the_default(pintail):
    done = pintail("query", SQL)
    assert done.returncode == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[0].split("|")[0].strip() == "a"
    assert [cell.strip() for cell in lines[2].split("|")] == ["1", "x"]
    assert "(2 rows)" in done.stdout


def test_csv(pintail):
    assert pintail("query", SQL, "--format", "csv").stdout == "a,b\n1,x\n2,\n"


def test_csv_quotes_what_needs_it(pintail):
    done = pintail("query", """SELECT 'a"b' AS q, 'c,d' AS c, 'e
f' AS n, '' AS e""", "--format", "csv")
    assert done.stdout == 'q,c,n,e\n"a""b","c,d","e\nf",""\n'


def test_json(pintail):
    assert json.loads(pintail("query", SQL, "--format", "json").stdout) == ROWS


def test_ndjson(pintail):
    done = pintail("query", SQL, "--format", "ndjson")
    assert [json.loads(line) for line in done.stdout.splitlines()] == ROWS


def test_arrow(pintail):
    done = pintail("query", SQL, "--format", "arrow", text=False)
    assert pa.ipc.open_stream(done.stdout).read_all().to_pylist() == ROWS


def test_arrow_file(pintail):
    done = pintail("query", SQL, "--format", "arrow-file", text=False)
    assert pa.ipc.open_file(done.stdout).read_all().to_pylist() == ROWS


def test_parquet(pintail):
    done = pintail("query", SQL, "--format", "parquet", text=False)
    assert pa.parquet.read_table(io.BytesIO(done.stdout)).to_pylist() == ROWS


@pytest.mark.parametrize("ending", ["csv", "json", "ndjson", "parquet", "arrow", "arrows"])
def test_the_format_follows_the_outputs_name(pintail, tmp_path, ending):
    path = tmp_path / f"out.{ending}"
    done = pintail("query", SQL, "--output", path)
    assert done.returncode == 0 and done.stdout == "", done.stderr
    data = path.read_bytes()
    if ending == "csv":
        assert data == b"a,b\n1,x\n2,\n"
    elif ending == "json":
        assert json.loads(data) == ROWS
    elif ending == "ndjson":
        assert [json.loads(line) for line in data.splitlines()] == ROWS
    elif ending == "parquet":
        assert pa.parquet.read_table(path).to_pylist() == ROWS
    else:
        opened = pa.ipc.open_file(data) if ending == "arrow" else pa.ipc.open_stream(data)
        assert opened.read_all().to_pylist() == ROWS


def test_a_failed_query_leaves_no_output_file(pintail, tmp_path):
    done = pintail("query", "SELECT (range || 'x')::INTEGER FROM range(100000) WHERE range > 99998",
                   "--output", tmp_path / "out.csv")
    assert done.returncode == 1
    assert not (tmp_path / "out.csv").exists()


def test_all_types_can_be_written(pintail):
    sql = ("SELECT 1::UTINYINT AS a, 2.5::FLOAT AS b, 1.25::DECIMAL(5,2) AS c, true AS d,"
           " DATE '2024-02-29' AS e, TIME '12:34:56' AS f, TIMESTAMP '2024-02-29 12:34:56' AS g,"
           " [1, NULL] AS h, {'x': 1} AS i, MAP {'k': 1} AS j, 'ab'::BLOB AS k,"
           " INTERVAL '1 day' AS l, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID AS m, NULL AS n")
    for form in ("table", "csv", "json", "ndjson", "arrow", "arrow-file", "parquet"):
        if form == "parquet":
            sql = sql.replace("INTERVAL '1 day' AS l, ", "")
        done = pintail("query", sql, "--format", form, text=False)
        assert done.returncode == 0, (form, done.stderr)
        assert done.stdout
    done = pintail("query", "SELECT INTERVAL '1 day' AS i", "--format", "parquet")
    assert done.returncode == 1 and "interval" in done.stderr
    row = json.loads(pintail("query", sql, "--format", "json").stdout)[0]
    assert (row["a"], row["b"], row["d"], row["h"], row["i"]) == (1, 2.5, True, [1, None], {"x": 1})
    assert row["e"] == "2024-02-29"


def test_parameters_by_position_and_by_name(pintail):
    done = pintail("query", "SELECT ?::INTEGER + ?::INTEGER AS s", "--param", "40", "--param", "2",
                   "--format", "csv")
    assert done.stdout == "s\n42\n"
    done = pintail("query", "SELECT $who || '!' AS s, $n AS n", "--param", "who=duck", "--param",
                   "n=null", "--format", "csv")
    assert done.stdout == "s,n\nduck!,\n"


def test_text_that_looks_like_sql_stays_text(pintail):
    done = pintail("query", "SELECT ? AS s", "--param", "'; DROP TABLE metrics; --", "--format",
                   "csv")
    assert done.returncode in (0, 2)
    assert pintail("query", "SELECT count(*) FROM metrics").returncode == 0


def test_sql_from_standard_input_and_from_a_file(pintail, tmp_path):
    assert pintail("query", "-", "--format", "csv", input="SELECT 7 AS n").stdout == "n\n7\n"
    (tmp_path / "q.sql").write_text("SELECT 8 AS n;\nSELECT 9 AS n;\n")
    assert pintail("query", "-f", tmp_path / "q.sql", "--format", "csv").stdout == "n\n9\n"


def test_a_change_tells_its_rows_on_standard_error(pintail, table_name):
    done = pintail("query", f"CREATE TABLE {table_name} AS SELECT range AS i FROM range(3)")
    assert done.returncode == 0 and done.stdout == ""
    done = pintail("query", f"DELETE FROM {table_name}")
    assert (done.stdout, "3 rows changed" in done.stderr) == ("", True), done.stderr


def test_the_url_can_be_a_flag(server, pintail):
    done = pintail("query", "SELECT 1 AS n", "--url", server.flight_uri, "--format", "csv",
                   env={"PINTAIL_URL": "grpc://127.0.0.1:1"})
    assert done.stdout == "n\n1\n"


def test_failures_exit_with_1_and_speak_on_standard_error(pintail):
    for arguments, message in [
        (["query", "SELEC 1"], "syntax error"),
        (["query", "SELECT * FROM no_such_table"], "no_such_table"),
        (["query", "SELECT 1", "--url", "grpc://127.0.0.1:1"], "127.0.0.1:1"),
        (["query", "-f", "/no/such/file.sql"], "cannot read /no/such/file.sql"),
        (["query", "-f", "/tmp"], "cannot read /tmp"),
    ]:
        done = pintail(*arguments)
        assert done.returncode == 1, (arguments, done.stdout, done.stderr)
        assert done.stdout == ""
        assert message in done.stderr


def test_mistakes_exit_with_2(pintail):
    for arguments in (["query"], ["query", "SELECT 1", "--format", "xml"],
                      ["query", "SELECT 1", "--no-such-flag"], ["nonsense"], [],
                      ["query", "SELECT ?, $a", "--param", "1", "--param", "a=2"],
                      ["query", "SELECT 1", "--url", "ftp://x"]):
        done = pintail(*arguments)
        assert done.returncode == 2, (arguments, done.returncode, done.stderr)
        assert done.stdout == ""
        assert done.stderr


def test_a_closed_pipe_ends_it_quietly(server):
    import subprocess

    from pintail_server import clean_environment, program

    process = subprocess.Popen(
        [program(), "query", "SELECT range FROM range(10000000)", "--format", "csv"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=clean_environment({"PINTAIL_URL": server.flight_uri}))
    process.stdout.readline()
    process.stdout.close()
    process.stderr.read()
    process.wait(60)
    assert process.returncode in (0, 1, -13, 141)


LATE_ERROR = "SELECT (range || 'x')::INTEGER FROM range(100000) WHERE range > 99998"


def test_a_failed_query_leaves_the_file_that_was_there(pintail, tmp_path):
    (tmp_path / "out.csv").write_text("kept\n")
    assert pintail("query", LATE_ERROR, "--output", tmp_path / "out.csv").returncode == 1
    assert (tmp_path / "out.csv").read_text() == "kept\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_an_output_file_keeps_its_permissions_and_links(pintail, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    assert pintail("query", "SELECT 1 AS n", "--output", tmp_path / "link.csv").returncode == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "n\n1\n"
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "real.csv"]


@pytest.mark.parametrize("sql, text", [("SELECT 1 AS n", b"n\n1\n"), (LATE_ERROR, None)])
def test_a_pipe_is_written_in_place_and_stays(pintail, tmp_path, sql, text):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    done = pintail("query", sql, "--output", pipe)
    reader.join(30)
    assert stat.S_ISFIFO(pipe.stat().st_mode), "it was replaced or removed"
    if text is not None:
        assert (done.returncode, read) == (0, [text]), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.csv"]


def test_an_output_that_cannot_be_written_is_named(pintail, tmp_path):
    for path, why in ((tmp_path / "no/such/out.csv", "No such file"), ("/dev/full", "No space")):
        done = pintail("query", SQL, "--format", "csv", "--output", path)
        assert done.returncode == 1
        assert str(path) in done.stderr and why in done.stderr


def test_an_unknown_ending_is_refused_unless_the_format_is_said(pintail, tmp_path):
    done = pintail("query", SQL, "--output", tmp_path / "t.xyz")
    assert done.returncode == 2 and "t.xyz" in done.stderr and "--format" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert pintail("query", SQL, "--output", tmp_path / "t.xyz", "--format", "csv").returncode == 0
    assert (tmp_path / "t.xyz").read_text() == "a,b\n1,x\n2,\n"
    assert pintail("query", SQL, "--output", tmp_path / "t.txt").returncode == 0
    assert "(2 rows)" in (tmp_path / "t.txt").read_text()
