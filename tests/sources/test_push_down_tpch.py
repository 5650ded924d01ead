"""The 22 TPC-H queries over a source's tables answer as over DuckDB's own."""

import contextlib
import decimal
import math
import pathlib
import sqlite3
import tempfile

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pytest

from outside_servers import PostgreSql
from pintail_server import CHECKOUT, Server

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]


@pytest.fixture(scope="module")
def local():
    """DuckDB with the data at scale 0.01."""
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{CHECKOUT / '.deps/duckdb/extensions/tpch.duckdb_extension'}'")
        connection.execute("CALL dbgen(sf = 0.01)")
        yield connection


@contextlib.contextmanager
def postgresql():
    with PostgreSql() as server:
        yield f"ATTACH '{server.words}' AS outside (TYPE postgres)", "outside.public"


@contextlib.contextmanager
def adbc_postgresql():
    with PostgreSql() as server:
        yield f"CREATE SOURCE outside TYPE adbc (connection '{server.uri}')", "outside.public"


@contextlib.contextmanager
def adbc_sqlite():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "tpch.sqlite")
        sqlite3.connect(path).close()
        yield f"CREATE SOURCE outside TYPE adbc (connection '{path}', driver sqlite)", "outside.main"


# So many of the queries have a part that the source computes. SQLite has the dates and
# decimals as texts, which are cast here.
SOURCES = {"postgresql": (postgresql, 15), "adbc-postgresql": (adbc_postgresql, 15), "adbc-sqlite": (adbc_sqlite, 1)}


@pytest.fixture(scope="module", params=SOURCES)
def pushed_cursor(request, local):
    """A cursor that finds the tables in the source, and how many queries it has a part in at least."""
    source, at_least = SOURCES[request.param]
    with source() as (attach, schema), Server() as server:
        with adbc.connect(server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(attach)
            for table in TABLES:
                cursor.adbc_ingest(f"local_{table}", local.execute(f"FROM {table}").to_arrow_table(), mode="create")
                if request.param != "adbc-sqlite":
                    cursor.execute(f"CREATE TABLE {schema}.{table} AS SELECT * FROM local_{table}")
                    continue
                columns = [(name, type) for name, type, *_ in local.execute(f"DESCRIBE {table}").fetchall()]
                stored = ", ".join(f"{name}::{'VARCHAR' if type.startswith(('DECIMAL', 'DATE')) else type} AS {name}" for name, type in columns)
                cursor.execute(f"CREATE TABLE {schema}.{table} AS SELECT {stored} FROM local_{table}")
                read = ", ".join(f"{name}::{type} AS {name}" for name, type in columns)
                cursor.execute(f"CREATE VIEW {table} AS SELECT {read} FROM {schema}.{table}")
            if request.param != "adbc-sqlite":
                cursor.execute(f"USE {schema}")
            yield cursor, at_least


def _same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(float(a), float(b), rel_tol=1e-9)
    if isinstance(a, decimal.Decimal) or isinstance(b, decimal.Decimal):
        return decimal.Decimal(a) == decimal.Decimal(b)
    return a == b


@pytest.mark.timeout(600)
def test_all_queries_have_duckdbs_answers(local, pushed_cursor):
    cursor, at_least = pushed_cursor
    pushed = []
    for number, query in local.execute("SELECT query_nr, query FROM tpch_queries() ORDER BY 1").fetchall():
        expected = local.execute(query).fetchall()
        cursor.execute(query)
        rows = cursor.fetchall()
        assert len(rows) == len(expected), number
        for row, other in zip(rows, expected):
            assert all(map(_same, row, other)), (number, row, other)
        cursor.execute("EXPLAIN " + query)
        if "Statement:" in cursor.fetchall()[0][1]:
            pushed.append(number)
    assert len(pushed) >= at_least, pushed
