"""Copies of a real PostgreSQL's tables: refreshes, failures, writes, restarts, readers."""

import threading

import adbc_driver_flightsql.dbapi as adbc
import pytest

from outside_servers import PostgreSql


@pytest.fixture(scope="module")
def postgres():
    with PostgreSql() as server:
        yield server


@pytest.fixture
def shop(postgres):
    """The source, with a new table `orders` of three rows."""
    if postgres.process.poll() is not None:
        postgres.start()
    postgres.sql("DROP TABLE IF EXISTS orders CASCADE")
    postgres.sql("CREATE TABLE orders (id BIGINT, price NUMERIC(10, 2), note TEXT, at TIMESTAMP)")
    postgres.sql(
        "INSERT INTO orders SELECT i, i * 10, 'n' || i, now() AT TIME ZONE 'UTC' - i * interval '1 hour' FROM generate_series(1, 3) i"
    )
    return postgres


class Copied:
    """A server with copies of `shop`, its sessions, and short ways to ask it."""

    def __init__(self, server, rest, source):
        self.server = server
        self.rest = rest(server)
        self.source = source
        self.run(f"ATTACH '{source.words}' AS shop (TYPE postgres)")

    def run(self, sql):
        return self.rest.sql(sql)

    def value(self, sql):
        (row,) = self.run(sql)
        (value,) = row.values()
        return value

    def copy(self, name="orders"):
        (row,) = self.run(f"SELECT * FROM pintail.copies WHERE name = '{name}'")
        return row

    def wait_for(self, what, name="orders", seconds=60):
        """The copy's row, once `what(row)` is true."""

        def found():
            row = self.copy(name)
            return row if what(row) else None

        return self.server.wait_until(found, f"the copy {name}; it is {self.copy(name)}", seconds)

    def reads_copy(self, sql):
        return "pintail_copies" in str(self.run("EXPLAIN (FORMAT json) " + sql))


@pytest.fixture
def copied(start_server, rest_of, shop, tmp_path):
    """A function that starts a server with the `[[cache.tables]]` of these texts."""

    def start(*tables, **options):
        config = tmp_path / "pintail.toml"
        config.write_text("".join(f"[[cache.tables]]\n{table}\n" for table in tables))
        server = start_server("--config", config, **options)
        return Copied(server, rest_of, shop)

    return start


ORDERS = 'name = "orders"\nsource = "shop.public.orders"\n'
SUM = "SELECT sum(price)::BIGINT AS s FROM shop.public.orders"


def fresh(row):
    return row["state"] == "fresh"


def test_statements_are_answered_by_the_copy_also_while_the_source_is_down(copied, shop):
    pintail = copied(ORDERS)
    pintail.wait_for(fresh)
    assert pintail.copy()["rows"] == 3
    assert pintail.reads_copy(SUM)
    shop.sql("UPDATE orders SET price = 1000")  # behind our back
    assert pintail.value(SUM) == 60
    shop.stop()
    assert pintail.value(SUM) == 60
    joined = pintail.run(
        "SELECT o.note FROM shop.public.orders o JOIN (SELECT max(id) AS id FROM shop.public.orders) m USING (id)"
    )
    assert joined == [{"note": "n3"}]


def test_an_interval_brings_what_was_changed(copied, shop):
    pintail = copied(ORDERS + 'interval = "200ms"')
    pintail.wait_for(fresh)
    shop.sql("UPDATE orders SET price = 1")
    pintail.server.wait_until(lambda: pintail.value(SUM) == 3, "the new prices")


def test_append_fetches_new_rows_only(copied, shop):
    pintail = copied(ORDERS + 'refresh = "append"\nappend_column = "id"\ninterval = "200ms"')
    pintail.wait_for(fresh)
    shop.sql("UPDATE orders SET price = 1000 WHERE id = 1")
    shop.sql("INSERT INTO orders VALUES (4, 40, 'n4', now()), (0, 5, 'late', now())")
    pintail.wait_for(lambda row: row["rows"] == 4)
    assert pintail.value(SUM) == 100


def test_on_demand_waits_for_the_first_statement(copied):
    pintail = copied(ORDERS + 'refresh = "on_demand"')
    assert pintail.copy()["state"] == "empty"
    assert pintail.value(SUM) == 60
    pintail.wait_for(fresh)
    assert pintail.reads_copy(SUM)


def test_windows_filters_and_columns(copied):
    pintail = copied(
        'name = "recent"\nsource = "shop.public.orders"\ntime_column = "at"\ndata_window = "150m"\ncolumns = ["id", "at"]',
        'name = "cheap"\nsource = "shop.public.orders"\nfilter = "price < 15"',
    )
    for name in ("recent", "cheap"):
        pintail.wait_for(fresh, name)
    assert pintail.run("SELECT id FROM pintail_copies.recent ORDER BY id") == [{"id": 1}, {"id": 2}]
    assert pintail.value("SELECT note FROM pintail_copies.cheap") == "n1"
    assert not pintail.reads_copy(SUM)
    assert pintail.value(SUM) == 60


def test_a_refresh_that_fails_leaves_the_old_rows(copied, shop):
    pintail = copied(ORDERS + 'interval = "200ms"')
    pintail.wait_for(fresh)
    shop.stop()
    row = pintail.wait_for(lambda row: row["state"] == "stale" and row["last_error"])
    assert "shop" in row["last_error"] or "connect" in row["last_error"].lower(), row
    assert pintail.value(SUM) == 60
    shop.start()
    shop.sql("UPDATE orders SET price = 2")
    pintail.server.wait_until(lambda: pintail.value(SUM) == 6, "the copy of the source that is back")
    assert pintail.copy()["last_error"] is None


def test_a_table_that_is_gone_at_its_source_leaves_its_copy_until_it_is_back(copied, shop):
    pintail = copied(ORDERS + 'interval = "200ms"')
    pintail.wait_for(fresh)
    shop.sql("ALTER TABLE orders RENAME TO away")
    row = pintail.wait_for(lambda row: row["state"] == "stale" and row["last_error"])
    assert "orders" in row["last_error"], row
    assert row["rows"] == 3 and pintail.value(SUM) == 60
    shop.sql("UPDATE away SET price = 2")
    shop.sql("ALTER TABLE away RENAME TO orders")
    pintail.server.wait_until(lambda: pintail.value(SUM) == 6, "the copy of the table that is back")
    assert pintail.copy()["last_error"] is None


def test_writes_through_pintail_are_seen_at_once(copied):
    pintail = copied(ORDERS)
    pintail.wait_for(fresh)
    for price in range(1, 6):
        pintail.run(f"UPDATE shop.public.orders SET price = {price}")
        assert pintail.value(SUM) == 3 * price
    pintail.wait_for(fresh)
    assert pintail.reads_copy(SUM)
    assert pintail.value(SUM) == 15


def test_transactions(copied):
    pintail = copied(ORDERS)
    pintail.wait_for(fresh)
    with adbc.connect(pintail.server.flight_uri, autocommit=False) as connection:
        # A cursor belongs to the transaction that it was made in.
        with connection.cursor() as cursor:
            cursor.execute(SUM)
            assert cursor.fetchone() == (60,)
            pintail.run("UPDATE shop.public.orders SET price = 1")
            pintail.wait_for(fresh)
            cursor.execute(SUM)
            assert cursor.fetchone() == (60,), "it keeps the rows that it has begun with"
        connection.commit()
        with connection.cursor() as cursor:
            cursor.execute(SUM)
            assert cursor.fetchone() == (3,)
            cursor.execute("INSERT INTO shop.public.orders VALUES (9, 100, 'mine', now())")
            cursor.execute(SUM)
            assert cursor.fetchone() == (103,), "its own change"
        connection.rollback()
    pintail.wait_for(fresh)
    assert pintail.value(SUM) == 3


def test_a_restart_keeps_copies_and_their_age(copied, shop, tmp_path):
    database = tmp_path / "hot.duckdb"
    pintail = copied(ORDERS + 'interval = "1h"', database=database)
    before = pintail.wait_for(fresh)
    pintail.server.stop_quietly()
    shop.sql("UPDATE orders SET price = 1000")
    again = copied(ORDERS + 'interval = "1h"', database=database)
    assert again.copy()["last_refresh"] == before["last_refresh"]
    assert again.copy()["state"] == "fresh"
    assert again.value(SUM) == 60


def test_readers_see_whole_refreshes_only(copied, shop):
    shop.sql("DELETE FROM orders")
    shop.sql("INSERT INTO orders SELECT i, i % 100, 'n', now() FROM generate_series(1, 20000) i")
    pintail = copied(ORDERS + 'interval = "100ms"')
    pintail.wait_for(fresh)
    done = threading.Event()
    wrong = []

    def read():
        with adbc.connect(pintail.server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            while not done.is_set():
                cursor.execute("SELECT count(*), sum(price)::BIGINT FROM shop.public.orders")
                count, total = cursor.fetchone()
                # Each change in the source keeps the sum.
                if (count, total) != (20000, 990000):
                    wrong.append((count, total))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    seen = set()
    try:
        while len(seen) < 10:
            shop.sql("UPDATE orders SET price = 99 - price")
            seen.add(pintail.wait_for(lambda row: row["last_refresh"] not in seen)["last_refresh"])
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert not wrong, wrong[:5]
