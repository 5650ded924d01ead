"""pintail.remote on sources of type adbc: a statement in the source's own SQL is run once, and only where it may be."""

import sqlite3

import adbc_driver_flightsql.dbapi as adbc
import pytest


@pytest.fixture
def pg(postgres, fresh_server, rest_of):
    """A server whose source `pg` is PostgreSQL, by ADBC."""
    postgres.sql("DROP SCHEMA public CASCADE")
    postgres.sql("CREATE SCHEMA public")
    postgres.sql("CREATE SEQUENCE numbers")
    postgres.sql("CREATE TABLE t (i int)")
    rest = rest_of(fresh_server)
    rest.sql(f"CREATE SOURCE pg TYPE adbc (connection '{postgres.uri}')")
    rest.outside, rest.server = postgres, fresh_server
    return rest


def test_a_statement_runs_once(pg):
    call = "SELECT n FROM pintail.remote('pg', 'SELECT nextval(''numbers'') AS n')"
    assert pg.sql(call) == [{"n": 1}]
    assert pg.sql(call) == [{"n": 2}]
    with adbc.connect(pg.server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(call)
        assert cursor.fetchall() == [(3,)]
    assert pg.sql("FROM pintail.remote('pg', 'INSERT INTO t VALUES (61) RETURNING i')") == [{"i": 61}]
    pg.sql("EXPLAIN FROM pintail.remote('pg', 'INSERT INTO t VALUES (62) RETURNING i')")
    assert pg.outside.sql("SELECT i FROM t") == [(61,)]


def test_it_sees_what_the_open_transaction_has_changed(pg):
    with adbc.connect(pg.server.flight_uri) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO pg.public.t VALUES (5)")
        cursor.execute("SELECT n FROM pintail.remote('pg', 'SELECT count(*) AS n FROM t')")
        assert cursor.fetchone() == (1,)
        connection.rollback()
    assert pg.outside.sql("SELECT count(*) FROM t") == [(0,)]


def test_a_read_only_source_is_only_read(pg):
    pg.sql(f"CREATE SOURCE quiet TYPE adbc (connection '{pg.outside.uri}', read_only true)")
    assert pg.sql("FROM pintail.remote('quiet', 'SELECT 7 AS n; -- seven')") == [{"n": 7}]
    for statement in ("INSERT INTO t VALUES (1) RETURNING i", "SELECT 1 AS n; DELETE FROM t", "SELECT 1 AS n) AS x; DELETE FROM t; SELECT * FROM (SELECT 2"):
        refused = pg.post("/v1/query", json={"sql": f"FROM pintail.remote('quiet', '{statement}')"})
        assert refused.status_code == 403 and "read_only false" in refused.text, refused.text
    for statement in ("WITH x AS (INSERT INTO t VALUES (1) RETURNING i) SELECT i FROM x", "SELECT 1 AS n INTO made"):
        assert pg.post("/v1/query", json={"sql": f"FROM pintail.remote('quiet', '{statement}')"}).status_code >= 400, statement
    assert pg.outside.sql("SELECT count(*) FROM t") == [(0,)]


def test_columns_that_come_with_the_rows(fresh_server, rest_of, tmp_path):
    path = tmp_path / "file.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (i integer, s text)")
        connection.execute("INSERT INTO t VALUES (1, 'one')")
    connection.close()
    rest = rest_of(fresh_server)
    rest.sql(f"CREATE SOURCE lite TYPE adbc (connection '{path}', driver sqlite)")
    assert rest.sql("FROM pintail.remote('lite', 'SELECT i, s FROM t')") == [{"i": 1, "s": "one"}]
    refused = rest.post("/v1/query", json={"sql": "FROM pintail.remote('lite', 'INSERT INTO t VALUES (2, ''two'') RETURNING i')"})
    assert refused.status_code == 501, refused.text
    assert rest.sql("SELECT count(*) AS n FROM lite.main.t") == [{"n": 1}]
