"""Answers from the cache over a real PostgreSQL: which are kept, who gets them, how they end."""

import concurrent.futures
import threading

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as flight
import pytest

from cached_server import Cached, attached, fresh

COUNT = "SELECT count(*) AS n FROM pg.public.orders"


# ---- what is kept, and what is not


def test_the_second_answer_is_a_hit_with_its_age(ask, table):
    sql = f"SELECT * FROM {table} ORDER BY i"
    first, second = ask.ask(sql), ask.ask(sql)
    assert (first.headers["Pintail-Cache"], second.headers["Pintail-Cache"]) == ("miss", "hit")
    assert "Age" not in first.headers
    assert int(second.headers["Age"]) >= 0
    assert first.json() == second.json()
    assert len(second.json()) == 10


def test_equal_statements_in_other_spelling_share(ask, table):
    assert ask.outcome(f"SELECT i, s FROM {table} WHERE i > 3") == "miss"
    assert ask.outcome(f"select i,s  from {table} -- the same\nwhere i>3") == "hit"
    assert ask.outcome(f"SELECT i, s FROM {table} WHERE i > 4") == "miss"


def test_every_format_is_served_from_one_answer(ask, table):
    sql = f"SELECT * FROM {table} ORDER BY i"
    ask.sql(sql)
    for media in ("application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"):
        answer = ask.post("/v1/query", json={"sql": sql}, headers={"Accept": media})
        assert answer.headers["Pintail-Cache"] == "hit", media
        if media == "application/vnd.apache.arrow.stream":
            assert pa.ipc.open_stream(answer.content).read_all().num_rows == 10


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS one",
        "SELECT random() AS r, i FROM {table}",
        "SELECT i, uuid() AS u FROM {table}",
        "SELECT now() AS t, i FROM {table}",
        "SELECT i FROM {table} WHERE current_date > DATE '2000-01-01'",
        "SELECT i FROM {table} USING SAMPLE 3",
        "SELECT * FROM postgres_query('pg', 'SELECT 1 AS one')",
        "SELECT i, version FROM {table}, pintail.version",
        "SET threads = 2; SELECT i FROM {table}",
    ],
)
def test_what_may_differ_the_next_time_is_not_kept(ask, table, sql):
    for _ in range(2):
        assert ask.outcome(sql.format(table=table)) == "bypass"


def test_time_slack_lets_answers_of_now_live_a_little(postgres):
    with attached(postgres, "--cache-time-slack", "1h") as server:
        ask = Cached(server)
        sql = "SELECT now() AS t, count(*) AS n FROM pg.public.orders"
        assert [ask.outcome(sql), ask.outcome(sql)] == ["miss", "hit"]


def test_cheap_answers_are_not_kept(postgres):
    with attached(postgres, "--cache-min-cost", "1h") as server:
        ask = Cached(server)
        assert [ask.outcome(COUNT) for _ in range(3)] == ["miss", "bypass", "bypass"]


def test_large_answers_pass_through(postgres):
    with attached(postgres, "--cache-max-answer-bytes", "1KiB") as server:
        ask = Cached(server)
        sql = "SELECT a.* FROM pg.public.orders a, range(1000) ORDER BY a.id"
        for outcome in ("miss", "bypass"):
            answer = ask.ask(sql)
            assert answer.headers["Pintail-Cache"] == outcome
            assert len(answer.json()) == 100_000


def test_the_cache_can_be_switched_off(postgres):
    with attached(postgres, "--cache-enabled", "false") as server:
        ask = Cached(server)
        assert [ask.outcome(COUNT), ask.outcome(COUNT)] == ["bypass", "bypass"]


# ---- parameters, settings, sessions


def test_parameters_are_part_of_the_key(ask, table):
    sql = f"SELECT s FROM {table} WHERE i = ?"
    for value in (1, 2):
        assert ask.outcome(sql, parameters=[value]) == "miss"
        answer = ask.ask(sql, parameters=[value])
        assert answer.headers["Pintail-Cache"] == "hit"
        assert answer.json() == [{"s": f"row {value}"}]


def test_settings_are_part_of_the_key(ask, postgres):
    postgres.sql("CREATE TABLE IF NOT EXISTS moments AS SELECT timestamptz '2020-01-01 00:00:00+00' AS t")
    sql = "SELECT t::VARCHAR AS t FROM pg.public.moments"
    seen = set()
    for zone in ("Asia/Tokyo", "America/New_York"):
        session = zone.replace("/", "-")
        ask.sql(f"SET TimeZone = '{zone}'", session=session)
        assert ask.outcome(sql, session=session) == "miss"
        answer = ask.ask(sql, session=session)
        assert answer.headers["Pintail-Cache"] == "hit"
        seen.add(answer.json()[0]["t"])
    assert len(seen) == 2


def test_sessions_with_equal_settings_share(ask, table):
    sql = f"SELECT * FROM {table}"
    for session, outcome in (("a", "miss"), ("b", "hit")):
        ask.ask("SET VARIABLE x = 7", session=f"vars-{session}")
        assert ask.outcome(sql, session=f"vars-{session}") == outcome
    ask.ask("SET VARIABLE x = 8", session="vars-b")
    assert ask.outcome(sql, session="vars-b") == "miss"


def test_a_temporary_table_comes_before_a_kept_answer(ask, postgres):
    postgres.sql("CREATE TABLE IF NOT EXISTS shadowed AS SELECT 1 AS i")
    ask.ask("USE pg.public", session="shadow")
    sql = "SELECT i FROM shadowed"
    ask.outcome(sql, session="shadow")
    assert ask.outcome(sql, session="shadow") == "hit"
    assert ask.ask("CREATE TEMP TABLE shadowed AS SELECT 2 AS i", session="shadow").status_code == 200
    assert ask.ask(sql, session="shadow").json() == [{"i": 2}]


def test_a_change_of_everybodys_settings_ends_all_answers(ask, table):
    sql = f"SELECT * FROM {table} ORDER BY i"
    fresh(ask, sql)
    ask.sql("SET GLOBAL default_null_order = 'nulls_first'")
    assert ask.outcome(sql) == "miss"
    ask.sql("RESET GLOBAL default_null_order")


# ---- what callers may say


def test_cache_control(ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    refused = ask.ask(sql, "only-if-cached")
    assert refused.status_code == 504
    assert refused.json()["error"]["code"] == "not_cached"
    assert "only-if-cached" in refused.json()["error"]["message"]
    assert ask.outcome(sql, "no-store") == "bypass"
    assert ask.outcome(sql, "no-cache") == "miss"
    assert ask.outcome(sql, "only-if-cached") == "hit"
    assert ask.outcome(sql, "max-age=3600") == "hit"
    assert ask.outcome(sql, "max-stale") == "hit"
    assert ask.ask(sql, "max-age=soon").status_code == 400


def test_no_cache_makes_the_answer_anew_for_everybody(ask, postgres, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    postgres.sql(f"DELETE FROM {table.removeprefix('pg.public.')} WHERE i = 1")  # behind us
    assert ask.ask(sql).json() == [{"n": 10}]
    assert ask.ask(sql, "no-cache").json() == [{"n": 9}]
    assert ask.ask(sql).json() == [{"n": 9}]


def test_a_session_has_a_time_to_live_of_its_own(ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    assert ask.ask("SET pintail.cache_ttl = '0s'", session="ttl").status_code == 200
    assert ask.outcome(sql, session="ttl") == "bypass"
    ask.ask("SET pintail.cache_ttl = '1h'", session="ttl")
    assert ask.outcome(sql, session="ttl") == "hit"
    ask.ask("RESET pintail.cache_ttl", session="ttl")
    assert ask.outcome(sql, session="ttl") == "hit"
    wrong = ask.ask("SET pintail.cache_ttl = 'soon'", session="ttl")
    assert wrong.status_code == 400
    assert "pintail.cache_ttl" in wrong.json()["error"]["message"]


def test_times_to_live_of_sources_and_tables(postgres):
    with attached(postgres, "--cache-ttls", "pg=0s,pg.public.orders=1h") as server:
        ask = Cached(server)
        assert [ask.outcome(COUNT), ask.outcome(COUNT)] == ["miss", "hit"]
        sql = "SELECT call FROM pg.public.counted"
        assert [ask.outcome(sql), ask.outcome(sql)] == ["bypass", "bypass"]


def test_stale_answers_are_served_while_they_are_made_anew(postgres):
    with attached(postgres, "--cache-ttl", "1ms", "--cache-stale-while-revalidate", "1h") as server:
        ask = Cached(server)
        sql = "SELECT call FROM pg.public.counted"
        first = ask.sql(sql)
        seen = [first]

        def renewed():
            answer = ask.ask(sql)
            assert answer.headers["Pintail-Cache"] in ("stale", "hit")
            seen.append(answer.json())
            return answer.json() != first

        server.wait_until(renewed, "an answer that was made in the background")
        assert ask.metric("cache_stale_total") > 0


# ---- truth


def by_rest(server, sql):
    Cached(server).sql(sql)


def by_flight_statement(server, sql):
    with adbc.connect(server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)


def by_flight_update(server, sql):
    with adbc.connect(server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_sql_query(sql)
        cursor.adbc_statement.execute_update()


def by_flight_transaction(server, sql):
    with adbc.connect(server.flight_uri) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        connection.commit()


def by_sql_transaction(server, sql):
    ask = Cached(server)
    for statement in ("BEGIN", sql, "COMMIT"):
        assert ask.ask(statement, session="by-sql").status_code == 200


def by_one_text(server, sql):
    Cached(server).sql(f"BEGIN; {sql}; COMMIT; SELECT 1 AS one")


def by_named_statement(server, sql):
    ask = Cached(server)
    for statement in (f"PREPARE change AS {sql}", "EXECUTE change", "DEALLOCATE change"):
        assert ask.ask(statement, session="by-name").status_code == 200


@pytest.mark.parametrize(
    "write",
    [by_rest, by_flight_statement, by_flight_update, by_flight_transaction, by_sql_transaction, by_one_text, by_named_statement],
)
@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("INSERT INTO {table} VALUES (11, 'new')", 11),
        ("DELETE FROM {table} WHERE i = 1", 9),
        ("UPDATE {table} SET s = 'gone' WHERE i <= 3", 7),
    ],
)
def test_a_write_ends_the_answers_of_its_table(caching, ask, table, write, change, left):
    sql = f"SELECT count(*) AS n FROM {table} WHERE s <> 'gone'"
    ask.sql("ATTACH IF NOT EXISTS ':memory:' AS elsewhere")
    ask.sql("CREATE TABLE IF NOT EXISTS elsewhere.t AS SELECT 1 AS i")
    fresh(ask, sql)
    fresh(ask, "SELECT i FROM elsewhere.t")
    write(caching, change.format(table=table))
    answer = ask.ask(sql)
    assert (answer.headers["Pintail-Cache"], answer.json()) == ("miss", [{"n": left}])
    assert ask.outcome("SELECT i FROM elsewhere.t") == "hit", "of another source"


def test_a_prepared_write_with_parameters_ends_answers(caching, ask, table):
    sql = f"SELECT sum(i)::BIGINT AS n FROM {table}"
    fresh(ask, sql)
    with adbc.connect(caching.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        for i in (100, 200):
            cursor.execute(f"INSERT INTO {table} VALUES (?, ?)", (i, "new"))
            answer = ask.ask(sql)
            assert answer.headers["Pintail-Cache"] == "miss"
            assert answer.json() == [{"n": 155 if i == 100 else 355}]
            assert ask.outcome(sql) == "hit"


def test_an_upload_into_a_source_ends_answers(caching, ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    rows = pa.table({"i": pa.array([11, 12], pa.int64()), "s": ["a", "b"]})
    with adbc.connect(caching.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest(table.split(".")[-1], rows, mode="append", catalog_name="pg", db_schema_name="public")
    assert ask.ask(sql).json() == [{"n": 12}]


@pytest.mark.parametrize("tail", ["true", "false"])
def test_an_upload_into_a_joined_local_table_ends_answers(postgres, tail):
    with attached(postgres, "--ingest-tail", tail) as server:
        ask = Cached(server)
        ask.sql("CREATE TABLE mine (id BIGINT)")
        sql = "SELECT count(*) AS n FROM mine JOIN pg.public.orders USING (id)"
        fresh(ask, sql)
        client = flight.connect(server.flight_uri)
        for i in range(1, 4):
            rows = pa.table({"id": pa.array([i], pa.int64())})
            writer, _ = client.do_put(flight.FlightDescriptor.for_path("mine"), rows.schema)
            with writer:
                writer.write_table(rows)
            assert ask.ask(sql).json() == [{"n": i}]
            assert ask.outcome(sql) == "hit"
        ask.post("/v1/ingest/mine", data='{"id": 50}\n', headers={"Content-Type": "application/x-ndjson"})
        assert ask.ask(sql).json() == [{"n": 4}]


def test_a_rolled_back_write_ends_nothing(caching, ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    with adbc.connect(caching.flight_uri) as connection, connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} VALUES (11, 'new')")
        cursor.execute(sql)
        assert cursor.fetchall() == [(11,)], "the transaction sees its own row"
        answer = ask.ask(sql)
        assert (answer.headers["Pintail-Cache"], answer.json()) == ("hit", [{"n": 10}])
        connection.rollback()
    assert ask.outcome(sql) == "hit"


def test_transactions_go_past_the_cache(ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    ask.ask("BEGIN", session="in-one")
    assert ask.outcome(sql, session="in-one") == "bypass"
    ask.ask("COMMIT", session="in-one")
    assert ask.outcome(sql, session="in-one") == "hit"


def test_definitions_end_answers(ask, table):
    name = table.split(".")[-1]
    ask.sql(f"CREATE VIEW v_{name} AS SELECT i FROM {table} WHERE i <= 4")
    sql = f"SELECT count(*) AS n FROM v_{name}"
    fresh(ask, sql)
    ask.sql(f"CREATE OR REPLACE VIEW v_{name} AS SELECT i FROM {table} WHERE i <= 6")
    assert ask.ask(sql).json() == [{"n": 6}]
    ask.sql(f"CREATE MACRO m_{name}() AS TABLE SELECT i FROM {table} WHERE i <= 2")
    macro = f"SELECT count(*) AS n FROM m_{name}()"
    fresh(ask, macro)
    ask.sql(f"CREATE OR REPLACE MACRO m_{name}() AS TABLE SELECT i FROM {table} WHERE i <= 3")
    assert ask.ask(macro).json() == [{"n": 3}]


def started(start_server, postgres, config, text):
    config.write_text(f'[cache]\nmin_cost = "0s"\nttl = "1h"\n{text}')
    server = start_server("--config", config, database=None)
    Cached(server).sql(f"ATTACH '{postgres.words}' AS pg (TYPE postgres)")
    return server


def test_rows_that_are_sent_on_to_a_source_end_answers(start_server, postgres, tmp_path):
    postgres.sql("DROP TABLE IF EXISTS sent")
    postgres.sql("CREATE TABLE sent (id BIGINT)")
    stream = '[[streams]]\nname = "sent"\nwrite_through = "pg.public.sent"\n'
    text = f'[database]\npath = "{tmp_path / "hot.duckdb"}"\n{stream}'
    server = started(start_server, postgres, tmp_path / "pintail.toml", text)
    ask = Cached(server)
    sql = "SELECT count(*) AS n FROM pg.public.sent"
    fresh(ask, sql)
    ask.post("/v1/ingest/sent", data='{"id": 1}\n{"id": 2}\n', headers={"Content-Type": "application/x-ndjson"})
    server.wait_until(lambda: ask.ask(sql).json() == [{"n": 2}], "the rows to be seen")


def test_a_copy_comes_before_a_kept_answer(start_server, postgres, tmp_path):
    postgres.sql("DROP TABLE IF EXISTS copied")
    postgres.sql("CREATE TABLE copied AS SELECT 1::bigint AS i")
    copy = '[[cache.tables]]\nname = "copied"\nsource = "pg.public.copied"\nrefresh = "on_demand"\n'
    server = started(start_server, postgres, tmp_path / "pintail.toml", copy)
    ask = Cached(server)
    sql = "SELECT sum(i)::BIGINT AS s FROM pg.public.copied"
    ask.sql("SELECT i FROM pg.public.copied")  # asks for the copy
    server.wait_until(lambda: ask.sql("SELECT state FROM pintail.copies") == [{"state": "fresh"}], "the copy")
    postgres.sql("UPDATE copied SET i = 2")  # behind us
    for _ in range(2):
        answer = ask.ask(sql)
        assert (answer.headers["Pintail-Cache"], answer.json()) == ("bypass", [{"s": 1}])
    ask.ask("SET pintail_use_copies = false", session="past-copies")
    for outcome in ("miss", "hit"):
        answer = ask.ask(sql, session="past-copies")
        assert (answer.headers["Pintail-Cache"], answer.json()) == (outcome, [{"s": 2}])


def test_native_writes_end_all_answers(ask, table):
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    ask.sql(f"CALL postgres_execute('pg', 'DELETE FROM {table.removeprefix('pg.')} WHERE i < 3')")
    assert ask.ask(sql).json() == [{"n": 8}]


def test_no_reader_sees_a_value_older_than_an_acknowledged_write(caching, postgres):
    """Writers raise counters; each reader notes what was acknowledged before it asks."""
    postgres.sql("DROP TABLE IF EXISTS counters")
    postgres.sql("CREATE TABLE counters AS SELECT k, 0::bigint AS value FROM generate_series(0, 1) k")
    acknowledged = [0, 0]
    over = threading.Event()
    reads = {"hit": 0, "miss": 0}

    def write(k):
        ask = Cached(caching)
        with adbc.connect(caching.flight_uri) as connection, connection.cursor() as cursor:
            for value in range(1, 41):
                text = f"UPDATE pg.public.counters SET value = {value} WHERE k = {k}"
                if value % 2:
                    ask.sql(text)
                else:
                    cursor.execute(text)
                    connection.commit()
                acknowledged[k] = value

    def read(k):
        ask = Cached(caching)
        last = 0
        while not over.is_set():
            before = acknowledged[k]
            answer = ask.ask(f"SELECT value FROM pg.public.counters WHERE k = {k}")
            value = answer.json()[0]["value"]
            outcome = answer.headers["Pintail-Cache"]
            assert value >= before, f"{outcome}: {value} after {before} was acknowledged"
            assert value >= last
            last = value
            reads[outcome] = reads.get(outcome, 0) + 1

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read, i % 2) for i in range(4)]
        # One after the other: PostgreSQL refuses concurrent changes of a snapshot's rows.
        try:
            for k in (0, 1):
                threads.submit(write, k).result(120)
        finally:
            over.set()
        for each in readers:
            each.result(60)
    assert reads["hit"] > 0 and reads["miss"] > 0, reads
