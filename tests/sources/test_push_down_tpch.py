"""The 22 TPC-H queries over PostgreSQL's tables answer as over DuckDB's own."""

import decimal
import math

import adbc_driver_flightsql.dbapi as adbc
import duckdb
import pytest

from outside_servers import PostgreSql
from pintail_server import CHECKOUT, Server

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
# So many of the queries have a part that PostgreSQL computes.
PUSHED_AT_LEAST = 15


@pytest.fixture(scope="module")
def local():
    """DuckDB with the data at scale 0.01."""
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{CHECKOUT / '.deps/duckdb/extensions/tpch.duckdb_extension'}'")
        connection.execute("CALL dbgen(sf = 0.01)")
        yield connection


@pytest.fixture(scope="module")
def cursor(local):
    with PostgreSql() as postgresql, Server() as server:
        with adbc.connect(server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"ATTACH '{postgresql.words}' AS outside (TYPE postgres)")
            for table in TABLES:
                cursor.adbc_ingest(f"local_{table}", local.execute(f"FROM {table}").to_arrow_table(), mode="create")
                cursor.execute(f"CREATE TABLE outside.public.{table} AS SELECT * FROM local_{table}")
            cursor.execute("USE outside.public")
            yield cursor


def _same(a, b):
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(float(a), float(b), rel_tol=1e-9)
    if isinstance(a, decimal.Decimal) or isinstance(b, decimal.Decimal):
        return decimal.Decimal(a) == decimal.Decimal(b)
    return a == b


@pytest.mark.timeout(600)
def test_all_queries_have_duckdbs_answers(local, cursor):
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
    assert len(pushed) >= PUSHED_AT_LEAST, pushed
