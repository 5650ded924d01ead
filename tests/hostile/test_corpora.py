"""Files that fuzzers found to hurt Arrow, Parquet and CSV readers, and files of many writers.

They lie outside the project; PINTAIL_CORPORA names the folder. Without it only the one test
runs that says so: the crafted streams of test_lies.py are made by the tests themselves.
"""

import os
import pathlib

import pyarrow as pa
import pytest

import ipc_messages
from arrow_types.sample_values import comparable
from flight_sql import FlightSqlClient
from hostile.doors import WAYS, Refusal, by_put, by_rest, by_statement_ingest

FOLDER = os.environ.get("PINTAIL_CORPORA")
MEDIA_TYPES = {
    "arrow-ipc-stream": "application/vnd.apache.arrow.stream",
    "arrow-ipc-file": "application/vnd.apache.arrow.file",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
}
# Why a gold file may be refused: DuckDB has no place for what is in it. A part of the file's
# name, and what the message then says.
UNSUPPORTED = [
    ("decimal256", "at most 38 digits"),
    ("duplicate_fieldnames", "two columns are called"),
    ("union", "two columns are called"),
    ("interval", "nanoseconds more"),
    ("interval", "in microseconds, and row"),
    ("datetime", "nanoseconds more"),
]


def files(*folders):
    if not FOLDER:
        return []
    found = [path for folder in folders for path in sorted((pathlib.Path(FOLDER) / folder).iterdir())]
    assert found, f"PINTAIL_CORPORA={FOLDER} holds no {folders}"
    return [pytest.param(path, id=f"{path.parent.name}-{path.name[-24:]}") for path in found]


def test_where_the_corpora_are():
    if not FOLDER:
        print("PINTAIL_CORPORA is not set: only the crafted hostile streams are run")
    else:
        assert pathlib.Path(FOLDER).is_dir()


def drop(server, table):
    with FlightSqlClient(server.flight_uri) as client:
        client.update(f"DROP TABLE IF EXISTS {table}")


def counted(server, table):
    with FlightSqlClient(server.flight_uri) as client:
        return client.rows(f"SELECT count(*) FROM {table}")[0][0]


def check_refused_or_whole(server, table, put):
    """Refused for its contents, with nothing left behind, or taken whole."""
    try:
        rows = put()
    except Refusal as refusal:
        assert refusal.kind in ("invalid_argument", "resource_exhausted"), refusal
        assert refusal.message
        return
    if rows is not None:
        assert counted(server, table) == rows
    drop(server, table)


@pytest.mark.parametrize("path", files(*MEDIA_TYPES))
def test_a_malformed_file_over_rest(target, table_name, path):
    media_type = MEDIA_TYPES[path.parent.name]
    check_refused_or_whole(
        target, table_name, lambda: by_rest(target, table_name, path.read_bytes(), media_type))


@pytest.mark.parametrize("path", files("arrow-ipc-stream", "arrow-ipc-file"))
def test_a_malformed_file_over_flight(target, table_name, path):
    data = path.read_bytes()
    if path.parent.name == "arrow-ipc-file":
        data = data[8:]
    for way in (by_put, by_statement_ingest):
        check_refused_or_whole(target, table_name, lambda: way(target, table_name, data))


def gold_table(path):
    data = path.read_bytes()
    reader = pa.ipc.open_file(data) if path.suffix == ".arrow_file" else pa.ipc.open_stream(data)
    return reader.read_all()


def is_valid(table):
    """Whether Arrow itself holds the values for right: some generators wrote decimals of too
    many digits, and dates with a time of day."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


# Types that pyarrow can name and has no values of; the engine's own tests look at them.
WITHOUT_VALUES = ("month_interval", "day_time_interval")


def values(column):
    return [repr(comparable(value)) for value in column.to_pylist()]


@pytest.mark.parametrize("path", files("gold"))
def test_a_gold_file_comes_back_equal(target, table_name, path):
    kind = "arrow-ipc-file" if path.suffix == ".arrow_file" else "arrow-ipc-stream"
    gold = gold_table(path)
    try:
        rows = by_rest(target, table_name, path.read_bytes(), MEDIA_TYPES[kind])
    except Refusal as refusal:
        assert refusal.kind == "invalid_argument"
        listed = any(part in path.name and reason in refusal.message
                     for part, reason in UNSUPPORTED)
        assert listed or not is_valid(gold), refusal
        return
    assert rows == gold.num_rows
    with FlightSqlClient(target.flight_uri) as client:
        found = client.query(f"SELECT * FROM {table_name}")
    drop(target, table_name)
    assert found.column_names == gold.column_names
    for name in gold.column_names:
        if str(gold.schema.field(name).type) in WITHOUT_VALUES:
            assert len(found.column(name)) == gold.num_rows
            continue
        assert values(found.column(name)) == values(gold.column(name)), name
