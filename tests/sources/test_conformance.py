"""One suite for every type of source that can be started here: what each promises is the same whoever keeps the rows."""

import contextlib
import datetime
import decimal
import sqlite3

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pytest

from outside_servers import Redis

ROWS = 5_000  # more than one vector, and more than one batch of most drivers


class Kind:
    """A type of source: how a server gets one, and what it cannot do."""

    def __init__(self, source, schema, decimals=True, whole_seconds=False, transactions=True):
        self.source, self.schema = source, schema
        self.decimals, self.whole_seconds, self.transactions = decimals, whole_seconds, transactions


@contextlib.contextmanager
def attached_postgres(request, _):
    postgres = request.getfixturevalue("postgres")
    fresh(postgres)
    yield Kind(f"TYPE postgres (connection '{postgres.uri}')", "public")


@contextlib.contextmanager
def adbc_postgres(request, _):
    postgres = request.getfixturevalue("postgres")
    fresh(postgres)
    yield Kind(f"TYPE adbc (connection '{postgres.uri}')", "public")


def fresh(postgres):
    postgres.sql("DROP SCHEMA public CASCADE")
    postgres.sql("CREATE SCHEMA public")


@contextlib.contextmanager
def mysql(request, _):
    mariadb = request.getfixturevalue("mariadb")
    for (name,) in mariadb.sql("SHOW TABLES"):
        mariadb.sql(f"DROP TABLE `{name}`")
    # The extension makes columns of DATETIME, which counts seconds.
    yield Kind(f"TYPE mysql (connection '{mariadb.words}')", "shop", whole_seconds=True)


@contextlib.contextmanager
def sqlite(_, folder):
    sqlite3.connect(folder / "file.sqlite").close()
    yield Kind(f"TYPE sqlite (connection '{folder / 'file.sqlite'}')", "main", decimals=False)


@contextlib.contextmanager
def adbc_sqlite(_, folder):
    path = folder / "adbc.sqlite"
    sqlite3.connect(path).close()
    yield Kind(f"TYPE adbc (connection '{path}', driver sqlite)", "main", decimals=False)


@contextlib.contextmanager
def duckdb_file(_, folder):
    yield Kind(f"TYPE duckdb (connection '{folder / 'file.duckdb'}')", "main")


@contextlib.contextmanager
def another_pintail(request, _):
    other = request.getfixturevalue("start_server")()
    yield Kind(f"TYPE adbc (connection '{other.flight_uri}', driver flightsql)", "main")


@contextlib.contextmanager
def redis(_, __):
    with Redis() as server:
        yield Kind(f"TYPE redis (connection '{server.uri}')", "main", transactions=False)


@pytest.fixture(params=[attached_postgres, adbc_postgres, mysql, sqlite, adbc_sqlite, duckdb_file, another_pintail, redis],
                ids=lambda kind: kind.__name__)
def kind(request, tmp_path):
    with request.param(request, tmp_path) as kind:
        yield kind


@pytest.fixture
def sql(kind, fresh_server, rest_of):
    """Runs a statement on a server whose source `src` is of the kind."""
    rest = rest_of(fresh_server)
    rest.sql(f"CREATE SOURCE src {kind.source}")
    rest.schema = f"src.{kind.schema}"
    return rest


def fill(sql, rows=ROWS):
    sql.sql("CREATE TABLE here AS SELECT i::BIGINT AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE i * 1.5::DOUBLE END AS value,"
            f" 'größe_' || (i % 100) AS word FROM range({rows}) r(i)")
    sql.sql(f"CREATE TABLE {sql.schema}.t AS FROM here")


def test_rows_that_went_there_come_back(sql):
    fill(sql)
    totals = "SELECT count(*) AS n, sum(id)::BIGINT AS ids, count(value) AS filled, sum(value) AS value, count(DISTINCT word) AS words FROM "
    assert sql.sql(totals + sql.schema + ".t") == sql.sql(totals + "here")
    assert sql.sql(f"SELECT count(*) AS n FROM (FROM {sql.schema}.t EXCEPT FROM here)") == [{"n": 0}]


def test_conditions_limits_and_joins_are_answered_as_at_home(sql):
    fill(sql)
    there = sql.schema + ".t"
    for query in (
        "SELECT * FROM {} WHERE id = 4711",
        "SELECT id FROM {} WHERE id IN (1, 2, 99999) ORDER BY id",
        "SELECT id, value FROM {} WHERE value IS NULL AND id BETWEEN 100 AND 200 ORDER BY id",
        "SELECT word, count(*) AS n FROM {} WHERE id % 2 = 0 GROUP BY word ORDER BY word",
        "SELECT id FROM {} ORDER BY value DESC NULLS LAST, id LIMIT 5",
        "SELECT count(*) AS n FROM {} t JOIN here h ON h.id = t.id + 1 WHERE h.word = 'größe_7'",
        "SELECT count(*) AS n FROM {0} a JOIN {0} b ON a.id = b.id WHERE a.id < 1000",
        "SELECT id FROM {} WHERE word = 'größe_3' AND id < 500 ORDER BY id",
    ):
        assert sql.sql(query.format(there)) == sql.sql(query.format("here")), query


def test_metadata_lists_it(sql):
    fill(sql, 3)
    columns = sql.sql("SELECT column_name FROM information_schema.columns WHERE table_catalog = 'src' AND table_name = 't'"
                      " ORDER BY ordinal_position")
    assert columns == [{"column_name": name} for name in ("id", "value", "word")]


def test_insert_update_and_delete(sql):
    fill(sql, 100)
    there = sql.schema + ".t"
    sql.sql(f"INSERT INTO {there} (id, word) VALUES (1000, 'new'), (1001, NULL)")
    sql.sql(f"UPDATE {there} SET word = 'changed' WHERE id = 1000")
    sql.sql(f"DELETE FROM {there} WHERE id = 1001")
    sql.sql(f"DELETE FROM {there} WHERE id IN (0, 1, 2)")
    assert sql.sql(f"SELECT id, value, word FROM {there} WHERE id >= 1000") == [{"id": 1000, "value": None, "word": "changed"}]
    assert sql.sql(f"SELECT count(*) AS n, min(id) AS first FROM {there}") == [{"n": 98, "first": 3}]


def test_a_transaction_that_is_rolled_back_leaves_nothing_where_there_are_any(sql, kind, fresh_server):
    fill(sql, 10)
    with adbc.connect(fresh_server.flight_uri) as connection, connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {sql.schema}.t (id) VALUES (77)")
        cursor.execute(f"SELECT count(*) FROM {sql.schema}.t")
        assert cursor.fetchone() == (11,)
        connection.rollback()
    assert sql.sql(f"SELECT count(*) AS n FROM {sql.schema}.t") == [{"n": 10 if kind.transactions else 11}]


def test_values_keep_their_types(sql, kind, fresh_server):
    sql.sql("CREATE TABLE v AS SELECT 1::BIGINT AS id, 12345678901234567.89::DECIMAL(19,2) AS n, DATE '2024-02-29' AS d,"
            " TIMESTAMP '2024-02-29 23:59:59.123456' AS ts, true AS b, -9223372036854775807::BIGINT AS low, 0.1::DOUBLE AS f")
    columns = "id, b::BOOLEAN AS b, low, f" if not kind.decimals else "id, n, d, ts, b::BOOLEAN AS b, low, f"
    sql.sql(f"CREATE TABLE {sql.schema}.v AS SELECT * {'EXCLUDE (n, d, ts)' if not kind.decimals else ''} FROM v")
    with adbc.connect(fresh_server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {sql.schema}.v")
        row = cursor.fetch_arrow_table().to_pylist()[0]
    expected = {"id": 1, "n": decimal.Decimal("12345678901234567.89"), "d": datetime.date(2024, 2, 29),
                "ts": datetime.datetime(2024, 2, 29, 23, 59, 59, 123456), "b": True, "low": -9223372036854775807, "f": 0.1}
    if kind.whole_seconds:
        expected["ts"] = expected["ts"].replace(microsecond=0)
    assert row == {name: expected[name] for name in row}


def test_flight_ingest_goes_there(sql, kind, fresh_server):
    fill(sql, 1)
    data = pa.table({"id": pa.array(range(1, 2_001), pa.int64()), "value": [0.5] * 2_000, "word": ["w"] * 2_000})
    with adbc.connect(fresh_server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("t", data, mode="append", catalog_name="src", db_schema_name=kind.schema) == 2_000
    assert sql.sql(f"SELECT count(*) AS n FROM {sql.schema}.t WHERE word = 'w'") == [{"n": 2_000}]


def test_what_is_not_there_is_told_by_name(sql):
    refused = sql.post("/v1/query", json={"sql": f"SELECT * FROM {sql.schema}.nowhere"})
    assert refused.status_code in (400, 404) and "nowhere" in refused.text


def test_a_read_only_source_takes_no_changes(sql, kind, fresh_server):
    fill(sql, 10)
    there = sql.schema + ".t"

    def alter(words):
        sql.sql(f"ALTER SOURCE src SET ({words})")
        # Sessions that have read it may keep it attached a moment longer.
        ask = {"json": {"sql": f"SELECT id FROM {there}"}}
        fresh_server.wait_until(lambda: sql.post("/v1/query", **ask).status_code == 200, "the source to be attached again")

    alter("read_only true")
    assert sql.sql(f"SELECT count(*) AS n, sum(id)::BIGINT AS ids FROM {there}") == [{"n": 10, "ids": 45}]
    for change in (
        f"INSERT INTO {there} (id) VALUES (77)",
        f"UPDATE {there} SET word = 'x' WHERE id = 1",
        f"DELETE FROM {there} WHERE id = 1",
        f"CREATE TABLE {sql.schema}.made (id BIGINT)",
        f"CREATE TABLE {sql.schema}.made AS SELECT 1::BIGINT AS id",
        f"DROP TABLE {there}",
    ):
        refused = sql.post("/v1/query", json={"sql": change})
        assert refused.status_code == 403, (change, refused.text)
        error = refused.json()["error"]
        assert error["code"] == "permission_denied" and '"src"' in error["message"] and "read_only false" in error["message"], change
    data = pa.table({"id": pa.array([88], pa.int64()), "value": [0.5], "word": ["w"]})
    with adbc.connect(fresh_server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        with pytest.raises(adbc.Error, match="read_only false"):
            cursor.adbc_ingest("t", data, mode="append", catalog_name="src", db_schema_name=kind.schema)
    alter("read_only false")
    assert sql.sql(f"SELECT count(*) AS n, sum(id)::BIGINT AS ids FROM {there}") == [{"n": 10, "ids": 45}]
