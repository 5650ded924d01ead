"""Values that sources and DuckDB treat differently come out as DuckDB has them, and statements that change a source may read from it."""

import contextlib

import adbc_driver_flightsql.dbapi as adbc
import pytest

from outside_servers import PostgreSql
from pintail_server import Server
from sources.push_down_sources import same_rows

QUERIES = [
    "SELECT c, count(*) FROM {t} GROUP BY c",  # char(5): spaces at its end
    "SELECT count(*) FROM {t} WHERE c = 'ab'",
    "SELECT min(c), max(c) FROM {t}",
    "SELECT n > 1, count(*), sum(n), avg(n) FROM {t} GROUP BY ALL",  # numeric without precision
    "SELECT max(x), min(x), count(*) FROM {t} WHERE x >= 1",  # NaN and infinity
    "SELECT count(*) FROM {t} WHERE x = x AND r <= r",
    "SELECT max(r), min(r) FROM {t}",
    "SELECT z, count(*) FROM {t} GROUP BY z",  # timestamptz
    "SELECT count(*), max(z) FROM {t} WHERE z > TIMESTAMPTZ '2020-06-01 00:00:00+02'",
    "SELECT year(d), month(d), day(d), count(*) FROM {t} GROUP BY ALL",  # infinity, 44 BC
    "SELECT year(s), hour(s), count(*) FROM {t} GROUP BY ALL",
    # As texts: Python has neither infinity nor years before the first.
    "SELECT y::VARCHAR, q::VARCHAR, n FROM (SELECT date_trunc('year', s) AS y, date_trunc('quarter', s) AS q, count(*) AS n FROM {t} GROUP BY ALL)",
    "SELECT m::VARCHAR, a::VARCHAR, b::VARCHAR FROM (SELECT date_trunc('month', d) AS m, max(d) AS a, min(d) AS b FROM {t} GROUP BY ALL)",
    "SELECT ok, count(*), count(ok) FROM {t} GROUP BY ok",
    "SELECT count(*) FROM {t} WHERE ok OR NOT ok",
    "SELECT u, count(*) FROM {t} GROUP BY u",
    "SELECT count(DISTINCT u) FROM {t} WHERE u > '00000000-0000-0000-0000-000000000001'",
    "SELECT j, count(*) FROM {t} GROUP BY j",  # jsonb
    "SELECT count(*) FROM {t} WHERE j = '{{\"a\": 1}}'",
    "SELECT sum(b), avg(b), max(b) FROM {t}",  # more than 64 bits
    "SELECT sum(b) + 1, sum(b) * 2 FROM {t}",
    "SELECT e, count(*) FROM {t} GROUP BY e",  # an enum
    "SELECT max(length(l)), sum(length(l)) FROM {t}",
    "SELECT l, count(*) FROM {t} WHERE l LIKE '%_\\%' GROUP BY l",
    "SELECT \"Odd \"\"name\", count(*) FROM {t} GROUP BY ALL",
]

# Of type adbc: what PostgreSQL has in types of its own, and all above but the sums of a numeric without precision, which is a text.
ADBC_QUERIES = [query for query in QUERIES if "sum(n)" not in query] + [
    "SELECT min(e), max(e), count(*) FROM {t} WHERE e < 'ok'",  # an enum has another order there
    "SELECT count(*) FROM {t} WHERE e = 'none'",  # and other texts are an error
    "SELECT i, count(*) FROM {t} WHERE i = '10.0.0.1/32' GROUP BY i",
    "SELECT count(*) FROM {t} WHERE n = 'x' OR n = '1.5'",
    "SELECT count(*) FROM {t} WHERE m > '1'",
    "SELECT c, length(c) FROM {t} WHERE c IN ('ab', 'AB')",
    "SELECT r FROM {t} WHERE r = 0.1::FLOAT",
]


@pytest.fixture(scope="module")
def cursor():
    with PostgreSql() as server:
        server.sql("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')")
        server.sql('CREATE TABLE t (c char(5), n numeric, x double precision, r real, z timestamptz, d date, s timestamp, ok boolean, u uuid, '
                   'j jsonb, b bigint, e mood, l text, "Odd ""name" int)')
        server.sql("""INSERT INTO t VALUES
            ('ab', 1.5, 'NaN', 0.1, '2020-06-01 00:00:00+00', 'infinity', 'infinity', true, '00000000-0000-0000-0000-000000000001',
             '{"a": 1}', 9223372036854775807, 'sad', 'a\\b', 1),
            ('ab ', 1.25, 'Infinity', 'NaN', '2020-06-01 02:00:00+02', '0044-03-15 BC', '0044-03-15 10:11:12.9 BC', false,
             'ffffffff-0000-0000-0000-000000000001', '{"a":1}', 9223372036854775807, 'ok', 'é\\', 1),
            ('', 0.1, 0, '-0', '2021-01-01 00:00:00+00', '2020-02-29', '2020-02-29 23:59:59.999999', null, null, '[1, 2]', -1, 'happy', '', 2),
            (null, 1e10, '-0', 1.5, null, '-infinity', '-infinity', true, null, null, 9223372036854775807, 'sad', null, null),
            ('AB', null, null, null, '1999-12-31 23:59:59+00', null, null, null, null, '"x"', null, null, 'née_%', 3)""")
        with Server() as pintail, adbc.connect(pintail.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"ATTACH '{server.words}' AS outside (TYPE postgres)")
            cursor.execute("CREATE TABLE t AS SELECT * FROM outside.public.t")
            # The driver reads infinite times as others.
            server.sql("CREATE TABLE finite AS SELECT c, n, x, r, z, CASE WHEN isfinite(d) THEN d END AS d, CASE WHEN isfinite(s) THEN s END AS s, "
                       "ok, u, j, b, e, l, \"Odd \"\"name\", '10.0.0.1'::inet AS i, '1.5'::money AS m FROM t")
            cursor.execute(f"CREATE SOURCE driven TYPE adbc (connection '{server.uri}')")
            cursor.execute("CREATE TABLE finite AS SELECT * FROM driven.public.finite")
            cursor.server = server
            yield cursor


def rows(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchall()


def plan(cursor, sql):
    return rows(cursor, "EXPLAIN " + sql)[0][1]


def check(cursor, query, local, outside):
    def text(row):  # NaN is not equal to itself in Python
        return [str(value) if isinstance(value, float) else value for value in row]

    here, there = (list(map(text, rows(cursor, query.format(t=table)))) for table in [local, outside])
    assert same_rows(here, there), (here, there, plan(cursor, query.format(t=outside)))


@pytest.mark.parametrize("query", QUERIES)
def test_values_are_duckdbs(cursor, query):
    check(cursor, query, "t", "outside.public.t")


@pytest.mark.parametrize("query", ADBC_QUERIES)
def test_values_by_adbc_are_duckdbs(cursor, query):
    check(cursor, query, "finite", "driven.public.finite")


@contextlib.contextmanager
def table_of(cursor, name, count):
    cursor.execute(f"CREATE TABLE outside.public.{name} AS SELECT i::INTEGER AS i, i % 3 AS k FROM range({count}) n(i)")
    try:
        yield f"outside.public.{name}"
    finally:
        cursor.execute(f"DROP TABLE outside.public.{name}")


def test_a_source_may_be_changed_by_what_is_read_from_it(cursor):
    with table_of(cursor, "numbers", 100) as table:
        insert = f"INSERT INTO {table} SELECT 1000 + count(*), k FROM {table} GROUP BY k"
        assert "Statement:" in plan(cursor, insert)
        cursor.execute(insert)
        assert rows(cursor, f"SELECT count(*), max(i) FROM {table}") == [(103, 1034)]
        delete = f"DELETE FROM {table} WHERE i IN (SELECT max(i) FROM {table} GROUP BY k)"
        assert "Statement:" in plan(cursor, delete)
        cursor.execute(delete)
        assert rows(cursor, f"SELECT count(*), max(i) FROM {table}")[0][0] < 103
        update = f"UPDATE {table} SET k = (SELECT count(*) FROM {table}) WHERE i = 5"
        assert "Statement:" in plan(cursor, update)
        cursor.execute(update)
        assert rows(cursor, f"SELECT max(k) > 90 FROM {table}") == [(True,)]
        cursor.execute(f"CREATE TABLE outside.public.copied AS SELECT k, count(*) AS n FROM {table} GROUP BY k")
        assert rows(cursor, "SELECT sum(n) > 90 FROM outside.public.copied") == [(True,)]
        cursor.execute("DROP TABLE outside.public.copied")


def test_local_tables_are_filled_from_a_pushed_statement(cursor):
    with table_of(cursor, "filling", 30) as table:
        cursor.execute(f"CREATE TABLE filled AS SELECT k, sum(i) AS s FROM {table} GROUP BY k")
        assert rows(cursor, "SELECT * FROM filled ORDER BY k") == [(0, 135), (1, 145), (2, 155)]
        assert rows(cursor, "SELECT typeof(s), typeof(k) FROM filled LIMIT 1") == [("HUGEINT", "BIGINT")]


def test_a_prepared_statement_is_run_again_after_others_have_written(cursor):
    with table_of(cursor, "changing", 10) as table:
        query = f"SELECT count(*) FROM {table} WHERE i >= ?"
        for expected in [8, 9, 10]:
            cursor.execute(query, (2,))
            assert cursor.fetchall() == [(expected,)]
            cursor.server.sql("INSERT INTO changing VALUES (50, 0)")


def test_a_source_that_does_not_take_the_statement_says_what_to_do(cursor):
    with table_of(cursor, "leaving", 10) as table:
        assert rows(cursor, f"SELECT count(*) FROM {table}") == [(10,)]
        cursor.server.sql("ALTER TABLE leaving RENAME COLUMN i TO j")
        with pytest.raises(adbc.Error, match='source "outside" did not take.*SET pintail_push_down = false'):
            cursor.execute(f"SELECT sum(i) FROM {table}")
        cursor.server.sql("ALTER TABLE leaving RENAME COLUMN j TO i")
