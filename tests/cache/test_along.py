"""Answers that end by what a source changes beside the table that a statement names."""

import adbc_driver_flightsql.dbapi as adbc
import pytest

from cached_server import Cached, fresh
from outside_servers import MariaDb

ALONG = {
    "a view": ("CREATE VIEW {t}_v AS SELECT * FROM {t}", "{t}_v", "INSERT INTO {t} VALUES (11, 'new')"),
    "a trigger": (
        "CREATE TABLE {t}_log (i BIGINT); "
        "CREATE FUNCTION {t}_note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO {t}_log VALUES (NEW.i); RETURN NEW; END$$; "
        "CREATE TRIGGER note AFTER INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION {t}_note()",
        "{t}_log",
        "INSERT INTO {t} VALUES (11, 'new')",
    ),
    "a cascade": (
        "ALTER TABLE {t} ADD PRIMARY KEY (i); CREATE TABLE {t}_child AS SELECT i FROM {t}; "
        "ALTER TABLE {t}_child ADD FOREIGN KEY (i) REFERENCES {t} ON DELETE CASCADE",
        "{t}_child",
        "DELETE FROM {t} WHERE i = 1",
    ),
}


@pytest.mark.parametrize("what", ALONG)
def test_what_a_source_changes_along_ends_answers_too(ask, postgres, table, what):
    make, other, write = (text.format(t=table.rsplit(".", 1)[1]) for text in ALONG[what])
    postgres.sql(make)
    count = f"SELECT count(*) AS n FROM pg.public.{other}"
    before = ask.sql(count)
    assert ask.outcome(count) == "hit"
    ask.sql(write.replace(table.rsplit(".", 1)[1], table, 1))
    assert ask.sql(count) != before


def test_a_function_that_is_called_in_the_sources_own_sql_ends_answers(ask, postgres, table):
    name = table.rsplit(".", 1)[1]
    postgres.sql(
        f"CREATE FUNCTION {name}_bump() RETURNS BIGINT LANGUAGE plpgsql AS "
        f"$$BEGIN INSERT INTO {name} VALUES (99, 'bumped'); RETURN 1; END$$"
    )
    count = f"SELECT count(*) AS n FROM {table}"
    assert ask.sql(count) == [{"n": 10}]
    assert ask.outcome(count) == "hit"
    ask.sql(f"SELECT * FROM postgres_query('pg', 'SELECT {name}_bump() AS b')")
    assert ask.sql(count) == [{"n": 11}]


def test_a_rollback_that_a_source_does_not_do_ends_answers(start_server, tmp_path):
    with MariaDb() as database:
        database.sql("CREATE TABLE plain (i BIGINT) ENGINE = MyISAM")
        server = start_server("--cache-min-cost", "0s")
        ask = Cached(server)
        ask.sql(f"ATTACH '{database.words}' AS my (TYPE mysql)")
        count = "SELECT count(*) AS n FROM my.shop.plain"
        assert ask.sql(count) == [{"n": 0}]
        with adbc.connect(server.flight_uri) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO my.shop.plain VALUES (1)")
            connection.rollback()
        assert ask.sql(count) == [{"n": 1}]


def test_a_refresh_of_a_copy_leaves_answers_of_other_tables(start_server, postgres, tmp_path, table):
    config = tmp_path / "pintail.toml"
    config.write_text(
        f"[sources.pg]\ntype = 'postgres'\nconnection = '{postgres.words}'\n"
        "[[cache.tables]]\nname = 'orders_copy'\nsource = 'pg.public.orders'\nrefresh = 'on_demand'\n"
    )
    server = start_server("--config", config, "--cache-min-cost", "0s")
    ask = Cached(server)
    ask.sql("CALL pintail.refresh('orders_copy')")
    fresh(ask, f"SELECT count(*) AS n FROM {table}")
    ask.sql("CALL pintail.refresh('orders_copy')")
    assert ask.outcome(f"SELECT count(*) AS n FROM {table}") == "hit"
