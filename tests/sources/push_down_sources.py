"""The same two tables in PostgreSQL, MariaDB, SQLite and in the server itself, for the tests of push-down."""

import contextlib
import math
import os
import sqlite3
import tempfile

import adbc_driver_flightsql.dbapi as adbc

from outside_servers import MariaDb, PostgreSql
from pintail_server import Server
from sources.push_down_queries import rows_of_items, rows_of_shops

ROWS = 400
ITEMS = "id, shop, name, price, amount, big, weight, sold, day"


def _fill(connection, mark, seed):
    items = ", ".join([mark] * 9)
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO items VALUES ({items})", rows_of_items(seed, ROWS))
        cursor.executemany(f"INSERT INTO shops VALUES ({mark}, {mark}, {mark})", rows_of_shops(seed))


@contextlib.contextmanager
def filled_postgresql(seed):
    with PostgreSql() as server:
        # A collation in which texts neither compare nor are equal by their bytes.
        server.sql("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false)")
        server.sql("CREATE TABLE items (id int, shop smallint, name text COLLATE loose, price numeric(10, 2), amount int, big bigint, "
                   "weight double precision, sold timestamp, day date)")
        server.sql('CREATE TABLE shops (id int, city varchar(20) COLLATE "en-x-icu", rate numeric(4, 3))')
        with server.connect() as connection:
            _fill(connection, "%s", seed)
        yield server


@contextlib.contextmanager
def postgresql(seed):
    with filled_postgresql(seed) as server:
        yield f"ATTACH '{server.words}' AS outside (TYPE postgres)", "outside.public."


@contextlib.contextmanager
def adbc_postgresql(seed):
    with filled_postgresql(seed) as server:
        yield f"CREATE SOURCE outside TYPE adbc (connection '{server.uri}')", "outside.public."


@contextlib.contextmanager
def mariadb(seed):
    with MariaDb() as server:
        server.sql("CREATE TABLE items (id int, shop smallint, name varchar(40), price decimal(10, 2), amount int, big bigint, "
                   "weight double, sold datetime(6), day date) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci")
        server.sql("CREATE TABLE shops (id int, city varchar(20), rate decimal(4, 3)) DEFAULT CHARSET utf8mb4")
        with server.connect() as connection:
            _fill(connection, "%s", seed)
        yield f"ATTACH '{server.words}' AS outside (TYPE mysql)", "outside.shop."


@contextlib.contextmanager
def filled_sqlite(seed):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shop.db")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE items (id integer, shop integer, name text COLLATE NOCASE, price real, amount integer, big integer, "
                               "weight real, sold text, day text)")
            connection.execute("CREATE TABLE shops (id integer, city text COLLATE RTRIM, rate real)")
            connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows_of_items(seed, ROWS))
            connection.executemany("INSERT INTO shops VALUES (?, ?, ?)", rows_of_shops(seed))
            connection.commit()
        yield path


@contextlib.contextmanager
def sqlite(seed):
    with filled_sqlite(seed) as path:
        yield f"ATTACH '{path}' AS outside (TYPE sqlite)", "outside.main."


@contextlib.contextmanager
def adbc_sqlite(seed):
    with filled_sqlite(seed) as path:
        yield f"CREATE SOURCE outside TYPE adbc (connection '{path}', driver sqlite)", "outside.main."


@contextlib.contextmanager
def adbc_pintail(seed):
    """Another server of ours, whose SQL is DuckDB's."""
    with Server() as other:
        with adbc.connect(other.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE items (id INTEGER, shop SMALLINT, name VARCHAR COLLATE NOCASE, price DECIMAL(10, 2), amount INTEGER, "
                           "big BIGINT, weight DOUBLE, sold TIMESTAMP, day DATE)")
            cursor.execute("CREATE TABLE shops (id INTEGER, city VARCHAR, rate DECIMAL(4, 3))")
            for table, rows in [("items", rows_of_items(seed, ROWS)), ("shops", rows_of_shops(seed))]:
                cursor.execute(f"INSERT INTO {table} VALUES " + ", ".join(f"({', '.join(map(_literal, row))})" for row in rows))
        yield f"CREATE SOURCE outside TYPE adbc (connection '{other.flight_uri}', driver flightsql)", "outside.main."


def _literal(value):
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


KINDS = {"postgresql": postgresql, "mariadb": mariadb, "sqlite": sqlite, "adbc-postgresql": adbc_postgresql, "adbc-sqlite": adbc_sqlite,
         "adbc-pintail": adbc_pintail}


class Sides:
    """A server with the source attached, and its rows copied into tables of its own."""

    def __init__(self, kind, attach, prefix, cursor):
        self.kind, self.prefix, self.cursor = kind, prefix, cursor
        self.run(attach)
        if kind == "mariadb":
            # What the extension pushes itself compares by the columns' collations.
            for setting in ["mysql_experimental_filter_pushdown", "mysql_aggregate_pushdown_enabled", "mysql_order_pushdown_enabled"]:
                self.run(f"SET {setting} = false")
        self.switch(False)
        for table in ["items", "shops"]:
            self.run(f"CREATE TABLE {table} AS SELECT * FROM {prefix}{table}")
        self.switch(True)

    def run(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def switch(self, on):
        self.run(f"SET pintail_push_down = {'true' if on else 'false'}")

    def outside(self, query):
        return self.run(query.format(items=self.prefix + "items", shops=self.prefix + "shops"))

    def inside(self, query):
        return self.run(query.format(items="items", shops="shops"))

    def plan(self, query):
        return "\n".join(row[1] for row in self.run("EXPLAIN " + query.format(items=self.prefix + "items", shops=self.prefix + "shops")))


@contextlib.contextmanager
def sides(kind, seed):
    with KINDS[kind](seed) as (attach, prefix), Server() as server:
        with adbc.connect(server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            yield Sides(kind, attach, prefix, cursor)


def _key(row):
    # Doubles that differ in their last digits are sorted alike.
    return [(value is not None, f"{value:.6e}" if isinstance(value, float) else repr(value)) for value in row]


def same_rows(left, right):
    """Whether the rows are the same in any order; doubles may have been added up in another order."""
    if len(left) != len(right):
        return False
    for one, other in zip(sorted(left, key=_key), sorted(right, key=_key)):
        for a, b in zip(one, other):
            if isinstance(a, float) and isinstance(b, float):
                if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9):
                    return False
            elif a != b or type(a) is not type(b):
                return False
    return True
