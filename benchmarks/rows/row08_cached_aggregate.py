"""Row 8: an aggregate over two million rows in PostgreSQL, answered from Pintail's cache and by PostgreSQL itself;
and a point lookup, which the cache must not slow down."""

import contextlib
import time
from functools import partial

import adbc_driver_postgresql.dbapi as adbc
import flight_sql
import processes
import pyarrow.flight as flight
import shapes
from measure import Ratio, Row, Series, interleave, median

ROWS = 2_000_000
CACHED_CALLS = 200  # timed together: one counted run
LOOKUPS = 200
AGGREGATE = "SELECT category, count(*) AS n, sum(amount) AS total, max(value) AS top FROM {}d5 GROUP BY category ORDER BY category"
LOOKUP = "SELECT value FROM {}d5 WHERE id = {}"


def over_flight(client, sql, calls, rows):
    descriptor = flight_sql.statement_query(sql)
    start = time.perf_counter()
    for _ in range(calls):
        assert flight_sql.read(client, descriptor)[0] == rows
    return (time.perf_counter() - start) / calls


def by_adbc(cursor, sql, calls, rows):
    start = time.perf_counter()
    for _ in range(calls):
        cursor.execute(sql)
        assert cursor.fetch_arrow_table().num_rows == rows
    return (time.perf_counter() - start) / calls


def lookups(client, numbers):
    """Each for another row, so that nothing is answered twice."""
    start = time.perf_counter()
    for _ in range(LOOKUPS):
        assert flight_sql.read(client, flight_sql.statement_query(LOOKUP.format("pg.public.", next(numbers))))[0] == 1
    return (time.perf_counter() - start) / LOOKUPS


def run(runs, warmups):
    with contextlib.ExitStack() as stack:
        cluster = processes.postgresql(stack.enter_context(processes.disk_folder()))
        uri = processes.postgresql_uri(stack.enter_context(cluster))
        connection = stack.enter_context(adbc.connect(uri, autocommit=True))
        cursor = stack.enter_context(connection.cursor())
        cursor.adbc_ingest("d5", shapes.d5(ROWS), mode="create")
        cursor.execute("ALTER TABLE d5 ADD PRIMARY KEY (id)")
        cursor.execute("VACUUM ANALYZE d5")
        source = stack.enter_context(processes.source_file("pg", "postgres", uri))
        cached = stack.enter_context(processes.pintail("--config", source))
        plain = stack.enter_context(processes.pintail("--config", source, "--cache-enabled", "false"))
        with_cache, without = (flight.connect(f"grpc://{server.address['flight'][0]}") for server in (cached, plain))

        cursor.execute(AGGREGATE.format(""))
        expected = cursor.fetch_arrow_table().to_pylist()
        answer = flight_sql.fetch(with_cache, AGGREGATE.format("pg.public.")).to_pylist()
        assert [(row["category"], row["n"]) for row in answer] == [(row["category"], row["n"]) for row in expected]
        aggregate = interleave(
            {
                "pintail, cached": partial(over_flight, with_cache, AGGREGATE.format("pg.public."), CACHED_CALLS, 4),
                "postgresql": partial(by_adbc, cursor, AGGREGATE.format(""), 1, 4),
            },
            runs,
            warmups,
        )
        numbers = iter(range(ROWS))
        lookup = interleave(
            {
                "pintail": partial(lookups, with_cache, numbers),
                "pintail, cache off": partial(lookups, without, numbers),
            },
            runs,
            warmups,
        )
    for title, seconds, ratios in (
        (
            "an aggregate of 2 M rows in PostgreSQL",
            aggregate,
            [("postgresql / pintail", "postgresql", "pintail, cached", 100, True)],
        ),
        (
            "a point lookup in PostgreSQL, each for another row",
            lookup,
            [("cache on / off", "pintail", "pintail, cache off", 1.3, False)],
        ),
    ):
        series = [Series(name, values) for name, values in seconds.items()]
        by_name = {s.contender: median(s) for s in series}
        yield Row(
            "8" if seconds is aggregate else "8b",
            title,
            "table of d5 on a disk, its pages cached; one open connection; two Flight calls an answer",
            series,
            [Ratio(text, by_name[a] / by_name[b], goal, at_least) for text, a, b, goal, at_least in ratios],
        )
