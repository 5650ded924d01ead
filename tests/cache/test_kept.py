"""Answers that outlive a restart of the server, and answers that are cleared."""

import os
import threading

import duckdb
import pytest

from cached_server import Cached, attached, fresh
from pintail_server import Server, StartError, wait_until

WORDS = "type = 'postgres'\nconnection = '{}'\n"


class Restarted:
    """One server after the other over one database, with a source `pg` and kept answers."""

    def __init__(self, folder, postgres):
        self.folder = folder
        self.database = folder / "hot.duckdb"
        self.configure(f"[sources.pg]\n{WORDS.format(postgres.words)}")
        self.server = None

    def configure(self, sources, cache="persist = true\nmin_cost = '0s'\nttl = '1h'"):
        (self.folder / "pintail.toml").write_text(f"[cache]\n{cache}\n{sources}")

    def start(self):
        (self.folder / "server").mkdir(exist_ok=True)
        self.server = Server(
            "--config", self.folder / "pintail.toml", database=self.database, folder=self.folder / "server"
        )
        return Cached(self.server)

    def again(self):
        self.server.stop()
        return self.start()

    @property
    def answers(self):
        return self.folder / "hot.duckdb.answers"


@pytest.fixture
def restarted(tmp_path, postgres):
    made = Restarted(tmp_path, postgres)
    yield made
    if made.server:
        made.server.stop()


def test_answers_outlive_a_restart(restarted, table):
    ask = restarted.start()
    ask.sql("CREATE TABLE names AS SELECT range AS i, 'name ' || range AS name FROM range(5)")
    queries = [
        f"SELECT * FROM {table} ORDER BY i",
        f"SELECT s, name FROM {table} JOIN names USING (i) ORDER BY i",
    ]
    before = [ask.sql(sql) for sql in queries]
    ask = restarted.again()
    for sql, rows in zip(queries, before, strict=True):
        answer = ask.ask(sql)
        assert answer.headers["Pintail-Cache"] == "hit"
        assert answer.json() == rows
    listed = ask.sql("SELECT query, tables, rows FROM pintail.cache ORDER BY query")
    assert {row["query"] for row in listed} == set(queries)


def test_the_file_is_its_owners_and_gone_while_the_server_runs(restarted, table):
    ask = restarted.start()
    fresh(ask, f"SELECT * FROM {table}")
    assert not restarted.answers.exists()
    restarted.server.stop()
    assert os.stat(restarted.answers).st_mode & 0o777 == 0o600
    restarted.start()
    assert not restarted.answers.exists()


def test_a_write_after_the_restart_ends_them(restarted, table):
    ask = restarted.start()
    ask.sql(f"SELECT count(*) AS n FROM {table}")
    ask = restarted.again()
    ask.sql(f"DELETE FROM {table} WHERE i = 1")
    answer = ask.ask(f"SELECT count(*) AS n FROM {table}")
    assert (answer.headers["Pintail-Cache"], answer.json()) == ("miss", [{"n": 9}])


def test_a_server_that_was_killed_keeps_none(restarted, table):
    ask = restarted.start()
    fresh(ask, f"SELECT count(*) AS n FROM {table}")
    ask = restarted.again()
    assert ask.outcome(f"SELECT count(*) AS n FROM {table}") == "hit"
    ask.sql(f"DELETE FROM {table} WHERE i = 1")
    restarted.server.kill()
    ask = restarted.start()
    answer = ask.ask(f"SELECT count(*) AS n FROM {table}")
    assert (answer.headers["Pintail-Cache"], answer.json()) == ("miss", [{"n": 9}])


def test_a_source_that_is_defined_otherwise_ends_them(restarted, postgres, table):
    ask = restarted.start()
    fresh(ask, f"SELECT count(*) AS n FROM {table}")
    restarted.server.stop()
    restarted.configure(f"[sources.pg]\n{WORDS.format(postgres.words + ' application_name=other')}")
    assert restarted.start().outcome(f"SELECT count(*) AS n FROM {table}") == "miss"


def test_another_program_that_wrote_the_database_ends_them(restarted, table):
    ask = restarted.start()
    ask.sql("CREATE TABLE names AS SELECT range AS i, 'name ' || range AS name FROM range(5)")
    sql = f"SELECT count(*) AS n FROM {table} JOIN names USING (i)"
    fresh(ask, sql)
    restarted.server.stop()
    with duckdb.connect(str(restarted.database)) as other:
        other.execute("DELETE FROM names WHERE i > 2")
    answer = restarted.start().ask(sql)
    assert (answer.headers["Pintail-Cache"], answer.json()) == ("miss", [{"n": 2}])


def test_what_the_next_run_does_not_have_is_not_kept(restarted, postgres, table):
    ask = restarted.start()
    ask.sql(f"ATTACH '{postgres.words}' AS mine (TYPE postgres)")
    fresh(ask, f"SELECT count(*) AS n FROM {table.replace('pg.', 'mine.', 1)}")
    fresh(ask, f"SELECT count(*) AS n FROM {table}")
    ask = restarted.again()
    assert [row["tables"] for row in ask.sql("SELECT tables FROM pintail.cache")] == [table]


def test_a_damaged_file_is_told_of_and_left(restarted, table):
    ask = restarted.start()
    fresh(ask, f"SELECT count(*) AS n FROM {table}")
    restarted.server.stop()
    restarted.answers.write_bytes(restarted.answers.read_bytes()[:-400])
    assert restarted.start().outcome(f"SELECT count(*) AS n FROM {table}") == "miss"
    assert "kept answers could not be read" in restarted.server.log()


def test_a_database_in_memory_has_no_place_for_them():
    with pytest.raises(StartError) as error:
        Server("--cache-persist", "true")
    assert "cache.persist" in error.value.output and "database.path" in error.value.output


# ---- pintail.cache_clear


def test_answers_are_cleared_by_source_table_or_all(ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    for call in ("pintail.cache_clear()", "pintail.cache_clear(name := 'PG')", f"pintail.cache_clear(name := '{table}')"):
        fresh(ask, sql)
        assert ask.sql(f"CALL {call}")[0]["answers"] >= 1, call
        assert ask.outcome(sql) == "miss", call


def test_clearing_a_table_leaves_others(ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    assert ask.sql("CALL pintail.cache_clear(name := 'pg.public.nothing_like_it')") == [{"answers": 0}]
    assert ask.outcome(sql) == "hit"


def test_a_name_of_two_parts_is_refused(ask):
    answer = ask.ask("CALL pintail.cache_clear(name := 'pg.public')")
    assert answer.status_code == 400
    assert "pg.public.orders" in answer.text


def test_an_answer_that_is_being_made_is_not_kept_after_a_clear(postgres):
    with attached(postgres) as server:
        ask = Cached(server)
        sql = "SELECT slept FROM pg.public.slow"
        running = threading.Thread(target=lambda: Cached(server).ask(sql))
        running.start()
        runs = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%slow%' AND state = 'active' AND pid <> pg_backend_pid()"
        wait_until(lambda: postgres.sql(runs), 30, server.process, "the statement to run in PostgreSQL")
        ask.sql("CALL pintail.cache_clear()")
        running.join(60)
        assert ask.outcome(sql) == "miss"
