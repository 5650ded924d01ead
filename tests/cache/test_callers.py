"""Many callers at once, Flight callers, and what all of them are told."""

import concurrent.futures
import json
import threading

import adbc_driver_flightsql.dbapi as adbc
import pyarrow.flight as flight
import pytest

import flight_sql

from cached_server import Cached, fresh


def test_a_hundred_equal_misses_run_once(caching, ask, postgres):
    sql = "SELECT call FROM pg.public.slow"
    before = postgres.sql("SELECT nextval('calls')")[0][0]
    gate = threading.Barrier(100)

    def one(_):
        mine = Cached(caching)
        gate.wait(60)
        return mine.sql(sql)[0]["call"]

    with concurrent.futures.ThreadPoolExecutor(100) as threads:
        calls = set(threads.map(one, range(100)))
    assert calls == {before + 1}
    assert postgres.sql("SELECT nextval('calls')")[0][0] == before + 2


def test_a_cancelled_client_takes_no_other_down(caching, postgres):
    sql = "SELECT call, 1 AS other FROM pg.public.slow"
    with concurrent.futures.ThreadPoolExecutor(10) as threads:
        impatient = [threads.submit(Cached(caching).ask, sql, timeout_ms=200) for _ in range(3)]
        patient = [threads.submit(Cached(caching).sql, sql) for _ in range(5)]
        assert {each.result(60).status_code for each in impatient} <= {200, 504}
        calls = [each.result(60)[0]["call"] for each in patient]
    assert len(set(calls)) <= 2


# ---- Flight


def command(sql):
    return flight.FlightDescriptor.for_command(flight_sql.statement_query(sql))


def info_and_rows(client, sql, headers=()):
    options = flight.FlightCallOptions(headers=[(name.encode(), value.encode()) for name, value in headers])
    info = client.get_flight_info(command(sql), options)
    rows = client.do_get(info.endpoints[0].ticket, options).read_all()
    return json.loads(info.app_metadata), rows


def test_flight_is_told_where_answers_come_from(caching, table):
    client = flight.connect(caching.flight_uri)
    sql = f"SELECT * FROM {table} ORDER BY i"
    note, first = info_and_rows(client, sql)
    assert note["cache"] == "miss"
    note, second = info_and_rows(client, sql)
    assert note["cache"] == "hit" and note["age"] >= 0
    assert first.equals(second) and first.num_rows == 10
    note, _ = info_and_rows(client, "SELECT 1")
    assert note["cache"] == "bypass"
    note, _ = info_and_rows(client, sql, [("cache-control", "no-cache")])
    assert note["cache"] == "miss"


def test_flight_callers_may_ask_for_the_cache_only(caching, table):
    client = flight.connect(caching.flight_uri)
    with pytest.raises(flight.FlightUnavailableError, match="only-if-cached"):
        info_and_rows(client, f"SELECT max(i) FROM {table}", [("cache-control", "only-if-cached")])


def test_a_ticket_of_a_kept_answer_is_true_when_it_is_fetched(caching, ask, table):
    client = flight.connect(caching.flight_uri)
    sql = f"SELECT count(*) AS n FROM {table}"
    fresh(ask, sql)
    info = client.get_flight_info(command(sql))
    assert json.loads(info.app_metadata)["cache"] == "hit"
    ask.sql(f"DELETE FROM {table} WHERE i = 1")
    assert client.do_get(info.endpoints[0].ticket).read_all().to_pylist() == [{"n": 9}]


def test_one_call_is_enough(caching, table):
    client = flight.connect(caching.flight_uri)
    ticket = flight.Ticket(json.dumps({"sql": f"SELECT * FROM {table} ORDER BY i"}))
    tables = [client.do_get(ticket).read_all() for _ in range(2)]
    assert tables[0].equals(tables[1]) and tables[0].num_rows == 10


def test_prepared_statements_and_adbc_share_answers(caching, ask, table):
    hits = ask.metric("cache_hits_total")
    with adbc.connect(caching.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        for _ in range(3):
            cursor.execute(f"SELECT s FROM {table} WHERE i = ?", (4,))
            assert cursor.fetchall() == [("row 4",)]
        for _ in range(3):
            cursor.execute(f"SELECT s FROM {table} ORDER BY i")
            assert cursor.fetchone() == ("row 1",)
    assert ask.metric("cache_hits_total") >= hits + 3


# ---- what is told


def test_statements_say_where_their_rows_came_from(ask, table):
    sql = f"SELECT count(*) AS told FROM {table}"
    fresh(ask, sql)
    rows = ask.sql(f"SELECT cache, rows FROM pintail.statements WHERE sql = '{sql}' ORDER BY started_at")
    assert rows == [{"cache": "miss", "rows": 1}, {"cache": "hit", "rows": 1}]


def test_metrics(ask, table):
    before = {name: ask.metric(name) for name in ("cache_hits_total", "cache_misses_total", "cache_entries")}
    fresh(ask, f"SELECT count(*) AS n FROM {table}")
    assert ask.metric("cache_hits_total") == before["cache_hits_total"] + 1
    assert ask.metric("cache_misses_total") == before["cache_misses_total"] + 1
    assert ask.metric("cache_bytes") > 0
    assert ask.metric("cache_saved_seconds_total") > 0
    ask.sql(f"INSERT INTO {table} VALUES (0, 'x')")
    ask.outcome(f"SELECT count(*) AS n FROM {table}")
    assert 'pintail_cache_evictions_total{reason="changed"}' in ask.get("/metrics").text
