"""What an upload may change of a table that is there: by default, and by each policy."""

import threading

import pyarrow as pa
import pytest
import requests

from flight_sql import FlightSqlClient
from ipc_messages import table_bytes

ARROW = "application/vnd.apache.arrow.stream"
WRITERS = 8
ROUNDS = 5


def put(server, name, table, policy=None):
    query = f"?schema_policy={policy}" if policy else ""
    return requests.post(f"{server.http_url}/v1/ingest/{name}{query}", data=table_bytes(table),
                         timeout=60, headers={"Content-Type": ARROW})


def columns(client, name):
    return client.rows(f"SELECT column_name, column_type, \"null\" FROM (DESCRIBE {name})")


NUMBERS = pa.table({"n": pa.array([1, None, 3], pa.int32())})


@pytest.fixture
def numbers(server, table_name):
    """A table with a number that may be null and three rows."""
    assert put(server, table_name, NUMBERS).status_code == 200
    return table_name


def test_a_new_column_is_added_and_null_in_the_rows_that_were_there(server, flight_client, numbers):
    more = pa.table({"n": pa.array([4], pa.int32()), "s": ["new"]})
    assert put(server, numbers, more).status_code == 200
    assert columns(flight_client, numbers) == [("n", "INTEGER", "YES"), ("s", "VARCHAR", "YES")]
    assert flight_client.rows(f"SELECT n, s FROM {numbers} ORDER BY rowid") == [
        (1, None), (None, None), (3, None), (4, "new")]


def test_an_added_column_may_be_left_out_again(server, flight_client, numbers):
    never_null = pa.schema([pa.field("n", pa.int32()), pa.field("s", pa.string(), nullable=False)])
    more = pa.table({"n": pa.array([4], pa.int32()), "s": ["new"]}, schema=never_null)
    assert put(server, numbers, more).status_code == 200
    assert put(server, numbers, NUMBERS).status_code == 200
    assert flight_client.rows(f"SELECT count(*), count(s) FROM {numbers}") == [(7, 1)]


def test_a_number_is_widened_and_keeps_its_values(server, flight_client, numbers):
    assert put(server, numbers, pa.table({"n": pa.array([1 << 40], pa.int64())})).status_code == 200
    assert columns(flight_client, numbers) == [("n", "BIGINT", "YES")]
    assert flight_client.rows(f"SELECT n FROM {numbers} ORDER BY rowid") == [
        (1,), (None,), (3,), (1 << 40,)]


def test_what_does_not_fit_is_refused_with_both_schemas(server, flight_client, numbers):
    answer = put(server, numbers, pa.table({"n": ["text"]}))
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert "The table has: n int32" in message and "The data has: n string" in message
    assert columns(flight_client, numbers) == [("n", "INTEGER", "YES")]
    assert flight_client.rows(f"SELECT count(*) FROM {numbers}") == [(3,)]


@pytest.mark.parametrize("table", [
    pa.table({"n": pa.array([4], pa.int32()), "s": ["new"]}),
    pa.table({"n": pa.array([1 << 40], pa.int64())}),
    pa.table({"other": [1]}),
], ids=["another column", "a wider number", "the column missing"])
def test_strict_changes_nothing(server, flight_client, numbers, table):
    answer = put(server, numbers, table, "strict")
    assert answer.status_code == 400
    assert "strict" in answer.json()["error"]["message"]
    assert columns(flight_client, numbers) == [("n", "INTEGER", "YES")]
    assert flight_client.rows(f"SELECT count(*) FROM {numbers}") == [(3,)]
    assert put(server, numbers, NUMBERS, "strict").status_code == 200


def test_coerce_casts_all_values_or_takes_none(server, flight_client, numbers):
    assert put(server, numbers, pa.table({"n": ["4", "5"]}), "coerce").status_code == 200
    assert put(server, numbers, pa.table({"n": ["6", "seven"]}), "coerce").status_code == 400
    assert columns(flight_client, numbers) == [("n", "INTEGER", "YES")]
    assert flight_client.rows(f"SELECT n FROM {numbers} ORDER BY rowid") == [
        (1,), (None,), (3,), (4,), (5,)]


def test_a_declared_stream_keeps_its_policy(start_server, tmp_path):
    (tmp_path / "pintail.toml").write_text(
        '[[streams]]\nname = "kept"\ntarget_table = "kept"\nschema_policy = "strict"\n')
    server = start_server("--config", str(tmp_path / "pintail.toml"))
    assert put(server, "kept", NUMBERS).status_code == 200
    assert put(server, "kept", pa.table({"n": pa.array([4], pa.int32()), "s": ["new"]})
               ).status_code == 400
    with FlightSqlClient(server.flight_uri) as client:
        assert columns(client, "kept") == [("n", "INTEGER", "YES")]


def test_concurrent_writers_that_change_one_table_all_succeed(server, flight_client, table_name):
    """Each brings a column of its own, and every second one a wider number."""
    failures = []

    def write(number):
        kind = pa.int64() if number % 2 else pa.int32()
        for _ in range(ROUNDS):
            answer = put(server, table_name, pa.table(
                {"n": pa.array([number], kind), f"c{number}": [str(number)]}))
            if answer.status_code != 200:
                failures.append(answer.text)

    writers = [threading.Thread(target=write, args=[number]) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    counts = ", ".join(f"count(c{number})" for number in range(WRITERS))
    assert flight_client.rows(f"SELECT count(*), sum(n), {counts} FROM {table_name}") == [
        (WRITERS * ROUNDS, sum(range(WRITERS)) * ROUNDS, *[ROUNDS] * WRITERS)]
