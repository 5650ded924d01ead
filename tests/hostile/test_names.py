"""Names that want to be more than names: everywhere they are quoted or refused."""

import json
import re

import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

import flight_sql as fs
from flight_sql import FlightSqlClient
from ipc_messages import table_bytes

SEEDS = [
    'x"; DROP TABLE canary; --', "x'; DROP TABLE canary; --", "x; DROP TABLE canary",
    '"', '""', "'", "''", "`", "\\", "\\'", '\\"', "$$", "$1", "?", ":x", "@x", "%", "_", "*",
    "a.b", "a.b.c", "main.canary", '"main"."canary"', "memory.main.canary", ".", "..", "...",
    "../../etc/passwd", "/etc/passwd", "C:\\x", "file.csv", "x.parquet", "https://example.org/x",
    "s3://b/k", "read_csv('x')", "(SELECT 1)", "canary UNION SELECT 1", "canary--", "canary/*",
    "*/ DROP TABLE canary /*", "select", "SELECT", "table", "order", "null", "NULL", "true",
    "pintail.streams", "information_schema.tables", "duckdb_tables()", "temp.x",
    "%s%s%s%n", "%00", "%2e%2e%2f", "{{7*7}}", "${jndi:x}", "`id`", "$(id)", "|id", "&id", ";id",
    "<script>alert(1)</script>", "a\tb", "a\nb", "a\r\nb", "a\x0bb", "a\x01b", "a\x7fb",
    " ", "  a", "a  ", "\u00a0", "\u200b", "\u202e", "\ufeff", "é", "e\u0301", "鴨", "🦆", "ﬁ", "İ", "ß",
    "A" * 63, "A" * 64, "A" * 255, "A" * 4000, "🦆" * 300, "0", "1", "-1", "1e9", "0x1F", "1abc",
    "a-b", "a+b", "a=b", "a b", "a,b", "a;b", "a|b", "a#b", "a&b", "a/b", "a\\b", "(a)", "[a]",
    "{a}", "<a>", "a?b", "a!b", "a@b", "a:b", "a::b", "a~b", "a^b", "a%b", "a'b", 'a"b', "a`b",
]
SUFFIXED = [seed + suffix for seed in SEEDS[:35] for suffix in ("\u0000x", '"', "'")]
NAMES = list(dict.fromkeys([*SEEDS, *SUFFIXED]))[:200]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def test_there_are_enough_names():
    assert len(NAMES) == 200


def drop_new_tables(server):
    """Removes what the names made, each by its quoted name."""
    with FlightSqlClient(server.flight_uri) as client:
        for schema, name in client.rows(
                "SELECT schema_name, table_name FROM duckdb_tables()"
                " WHERE table_name NOT IN ('canary', 'metrics')"):
            client.update(f"DROP TABLE {quoted(schema)}.{quoted(name)}")


@pytest.fixture
def cleaned(target):
    yield target
    drop_new_tables(target)


def contents(client, name):
    return client.query(f"SELECT * FROM {quoted(name)}").to_pydict()


DATA = pa.table({"i": [1]})


def check(server, put, refusals):
    """Each name is taken as a name, or refused."""
    taken = 0
    with FlightSqlClient(server.flight_uri) as client:
        for name in NAMES:
            try:
                put(client, name)
            except refusals:
                continue
            taken += 1
    server.assert_unharmed(allow_new_tables=True)
    assert taken > 50, "hardly any name was taken: does it work at all?"


def test_stream_names_over_rest(cleaned):
    def put(client, name):
        answer = requests.post(
            f"{cleaned.http_url}/stream/{requests.utils.quote(name, safe='')}", timeout=30,
            json=stream_body("plain_target"))
        if answer.status_code != 200:
            assert 400 <= answer.status_code < 500, (name, answer.text)
            raise ValueError
        assert answer.json()["stream"] == name

    check(cleaned, put, ValueError)


def stream_body(target):
    import base64

    return {"config": {"target_table": target}, "batch": {
        "arrow_schema": base64.b64encode(DATA.schema.serialize()).decode(),
        "data": base64.b64encode(table_bytes(DATA)).decode()}}


def test_target_tables_over_rest(cleaned):
    def put(client, name):
        answer = requests.post(f"{cleaned.http_url}/stream/x", timeout=30,
                               json=stream_body(name))
        if answer.status_code != 200:
            assert 400 <= answer.status_code <= 500, (name, answer.text)
            assert "detail" in answer.json()
            raise ValueError

    check(cleaned, put, ValueError)


def test_tables_in_the_path_over_rest(cleaned):
    def put(client, name):
        answer = requests.post(
            f"{cleaned.http_url}/v1/ingest/{requests.utils.quote(name, safe='')}", timeout=30,
            data=table_bytes(DATA),
            headers={"Content-Type": "application/vnd.apache.arrow.stream"})
        if answer.status_code != 200:
            assert 400 <= answer.status_code < 500, (name, answer.text)
            raise ValueError
        shown = requests.get(
            f"{cleaned.http_url}/v1/tables/{requests.utils.quote(name, safe='')}", timeout=30)
        assert shown.status_code == 200, (name, shown.text)

    check(cleaned, put, ValueError)


def test_stream_names_over_flight(cleaned):
    def put(client, name):
        client_put(client, flight.FlightDescriptor.for_command(
            json.dumps({"stream_name": name}).encode()))

    check(cleaned, put, (pa.ArrowException, UnicodeError))


def client_put(client, descriptor):
    writer, reader = client.flight.do_put(descriptor, DATA.schema)
    writer.write_table(DATA)
    writer.done_writing()
    reader.read()
    writer.close()


def test_tables_in_the_path_over_flight(cleaned):
    def put(client, name):
        # Two parts, so that no dot in the name parts it further.
        client_put(client, flight.FlightDescriptor.for_path("main", name))
        # Names that differ by case alone are one table.
        assert set(contents(client, name)["i"]) == {1}, name

    check(cleaned, put, (pa.ArrowException, UnicodeError))


def test_tables_of_statement_ingest(cleaned):
    def put(client, name):
        client.ingest(fs.statement_ingest(name, fs.NOT_EXIST_CREATE, fs.EXISTS_REPLACE), DATA)
        assert contents(client, name) == {"i": [1]}, name

    check(cleaned, put, (pa.ArrowException, UnicodeError))


def test_column_names(cleaned):
    def put(client, name):
        client.ingest(fs.statement_ingest("odd_columns", fs.NOT_EXIST_CREATE,
                                          fs.EXISTS_REPLACE),
                      pa.table({name: [1], "plain": [2]}))
        assert client.query("SELECT * FROM odd_columns").to_pydict() == {name: [1], "plain": [2]}
        # … and when it is added to a table that is there.
        client.ingest(fs.statement_ingest("plain_columns", fs.NOT_EXIST_CREATE,
                                          fs.EXISTS_REPLACE), pa.table({"plain": [1]}))
        client.ingest(fs.statement_ingest("plain_columns", fs.NOT_EXIST_FAIL,
                                          fs.EXISTS_APPEND), pa.table({name: [2]}))

    check(cleaned, put, (pa.ArrowException, UnicodeError))


def test_patterns_of_metadata(target):
    with FlightSqlClient(target.flight_uri) as client:
        for name in NAMES:
            try:
                for command in (fs.get_tables(table=name), fs.get_tables(schema=name),
                                fs.get_tables(catalog=name), fs.get_tables(types=[name]),
                                fs.get_db_schemas(name, name), fs.get_primary_keys(name),
                                fs.get_imported_keys(name, name, name)):
                    client.get(command)
            except (pa.ArrowInvalid, pa.ArrowKeyError):
                pass  # refused; anything else is no answer to an odd name


def test_session_options(target):
    with FlightSqlClient(target.flight_uri) as client:
        for name in NAMES:
            try:
                client.set_session_options({name: "x"})
                client.set_session_options({"time_zone": name})
                client.set_session_options({"schema": name})
            except (pa.ArrowInvalid, pa.ArrowKeyError):
                pass


def test_names_stand_escaped_in_the_metrics(cleaned):
    names = ['a"b', "a\\b", "a\nb", "a{b}", 'a"} 1\nother{x="y']
    for name in names:
        answer = requests.post(
            f"{cleaned.http_url}/stream/{requests.utils.quote(name, safe='')}",
            timeout=30, json=stream_body("plain_target"))
        assert answer.status_code == 200, answer.text
    seen = set()
    for line in requests.get(cleaned.http_url + "/metrics", timeout=30).text.split("\n"):
        if not line or line.startswith("#"):
            continue
        whole = re.fullmatch(r'[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(.*)\})? \S+', line)
        assert whole, line
        labels = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"', whole[1] or "")
        assert ",".join(f'{label}="{value}"' for label, value in labels) == (whole[1] or "")
        seen |= {re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)
                 for label, value in labels if label == "stream"}
    assert seen >= set(names)
