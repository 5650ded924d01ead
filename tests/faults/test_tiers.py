"""Tables whose older rows are in PostgreSQL only: every read has all rows that were acknowledged before it began, each once, while
rows expire, sending lags, and both sides are stopped, killed and started."""

import random
import threading
import time

import pyarrow as pa
import pyarrow.flight as flight
import pytest

from faults.doors import Put, Refused
from faults.soak import seeds, short_or_long
from flight_sql import FlightSqlClient
from outside_servers import PostgreSql

SCHEMA = pa.schema([("id", pa.int64()), ("ts", pa.timestamp("us")), ("text", pa.string())])
TURNS = short_or_long(short=5, long=400)
NEW = 2_000


def rows_at(first, count, seconds_ago):
    now = int((time.time() - seconds_ago) * 1_000_000)
    ids = range(first, first + count)
    return pa.record_batch([pa.array(ids, pa.int64()), pa.array([now + i for i in range(count)], pa.timestamp("us")),
                            pa.array([f"row {i}" for i in ids])], schema=SCHEMA)


class World:
    def __init__(self, folder, start_server, postgres):
        self.start_server, self.postgres = start_server, postgres
        self.config = folder / "pintail.toml"
        self.config.write_text(f"""
[database]
path = "{folder / 'hot.duckdb'}"
[[streams]]
name = "events"
write_through = "pg.public.events"
retain = "2s"
retain_column = "ts"
""")
        self.server = None
        self.lock = threading.Lock()
        self.acknowledged, self.tried = set(), set()
        self.next = 0

    def start(self):
        self.server = self.start_server("--config", self.config, database=None)
        self.run(f"ATTACH '{self.postgres.words}' AS pg (TYPE postgres)")

    def run(self, sql):
        with FlightSqlClient(self.server.flight_uri) as client:
            return client.rows(sql)

    def put(self, count, seconds_ago=0):
        with self.lock:
            first, self.next = self.next, self.next + count
        ids = range(first, first + count)
        self.tried.update(ids)
        door = Put(self.server, "events", None)
        try:
            door.send(0, rows_at(first, count, seconds_ago))
        finally:
            door.close()
        with self.lock:
            self.acknowledged.update(ids)

    def check(self):
        """False when the source could not be asked."""
        with self.lock:
            before = set(self.acknowledged)
        try:
            ids = [i for (i,) in self.run("SELECT id FROM events")]
            count, total = self.run("SELECT count(*), sum(id)::BIGINT FROM events")[0]
        except (pa.ArrowException, flight.FlightError, OSError):
            return False
        found = set(ids)
        assert len(ids) == len(found), f"{len(ids) - len(found)} rows are seen twice"
        assert before <= found, f"{len(before - found)} acknowledged rows are not seen"
        assert found <= self.tried
        assert count >= len(before) and total >= sum(before)
        return True

    def cold_rows(self):
        rows = self.run("SELECT boundary FROM pintail_journal.tiers")
        return rows and rows[0][0] is not None and self.postgres.sql(
            "SELECT count(*) FROM events WHERE ts < %s::timestamp", rows[0])[0][0]

    def until_cold(self, count):
        self.server.wait_until(lambda: (self.cold_rows() or 0) >= count, "rows to leave", seconds=60)


@pytest.fixture
def world(tmp_path, start_server):
    with PostgreSql() as postgres:
        yield World(tmp_path, start_server, postgres)


def explain(world, where):
    return "\n".join(row[1] for row in world.run(f"EXPLAIN SELECT id FROM events WHERE {where}")).lower()


def test_older_rows_are_read_from_the_source_and_only_when_they_are_asked_for(world):
    world.start()
    world.put(100)
    world.until_cold(100)
    world.put(10)
    assert world.check()
    assert len(world.run("SELECT id FROM events")) == 110
    assert world.run("SELECT count(*) FROM events WHERE id < 100") == [(100,)]
    assert "postgres" in explain(world, "id < 100")
    fixed = "ts > TIMESTAMP '2100-01-01'"
    assert "postgres" not in explain(world, fixed), explain(world, fixed)
    # While the source is away the hot part answers, and the rest says why it cannot.
    world.postgres.stop()
    assert world.run(f"SELECT count(*) FROM events WHERE {fixed}") == [(0,)]
    with pytest.raises(Exception):
        world.run("SELECT count(*) FROM events")
    world.postgres.start()
    world.server.wait_until(world.check, "the source to answer again")
    # Late rows are acknowledged once the source has them, and are seen once.
    world.put(5, seconds_ago=60)
    assert world.check()
    assert world.run("SELECT count(*) FROM events WHERE id >= 110") == [(5,)]


def test_late_rows_are_not_acknowledged_while_the_source_is_away(world):
    world.config.write_text(world.config.read_text() + '[ingest]\nlock_timeout = "300ms"\n')
    world.start()
    world.put(10)
    world.until_cold(10)
    world.postgres.stop()
    with pytest.raises(Refused, match="are acknowledged once"):
        world.put(5, seconds_ago=60)
    world.put(5)
    world.postgres.start()
    world.server.wait_until(lambda: world.check() and len(world.run("SELECT id FROM events")) == 20, "all rows")


def test_a_transaction_keeps_what_it_saw_while_rows_leave(world):
    world.start()
    world.put(50)
    with FlightSqlClient(world.server.flight_uri) as client:
        transaction = client.begin()
        assert client.rows("SELECT count(*) FROM events", transaction) == [(50,)]
        world.until_cold(50)
        assert client.rows("SELECT count(*), count(DISTINCT id) FROM events", transaction) == [(50, 50)]
        client.end(transaction, True)
    assert world.check()


def test_a_table_with_rows_cannot_become_tiered(world):
    text = world.config.read_text()
    world.config.write_text(text.replace('retain = "2s"\nretain_column = "ts"\n', ""))
    world.start()
    world.put(3)
    world.server.stop_quietly()
    world.config.write_text(text)
    with pytest.raises(Exception, match="has rows already"):
        world.start()


@pytest.mark.parametrize("seed", seeds(short=1, long=3))
def test_every_read_has_each_acknowledged_row_once(world, seed):
    chance = random.Random(seed)
    print(f"seed {seed}")
    world.start()
    world.put(1)
    problems, reads = [], [0]
    for turn in range(TURNS):
        stop = threading.Event()

        def write(lately):
            while not stop.is_set():
                try:
                    world.put(lately.choice([1, 20, 400]), seconds_ago=lately.choice([0, 0, 0, 1.9, 30]))
                except Refused:
                    pass

        def read():
            while not stop.is_set():
                try:
                    reads[0] += world.check()
                except AssertionError as problem:
                    problems.append(problem)
                    return

        threads = [threading.Thread(target=write, args=(random.Random(chance.random()),)) for _ in range(2)]
        threads += [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        enough, seen = len(world.acknowledged) + NEW, reads[0] + 4
        world.server.wait_until(lambda: problems or (len(world.acknowledged) >= enough and reads[0] >= seen), "rows and reads", seconds=120)
        what = turn % 5
        if what == 0:
            world.postgres.kill()
        elif what == 1:
            world.server.kill()
        elif what == 2:
            world.postgres.stop()
        stop.set()
        for thread in threads:
            thread.join()
        assert not problems, problems[0]
        if what in (0, 2):
            world.postgres.start()
        elif what == 1:
            world.start()
        world.server.wait_until(world.check, "an answer", seconds=60)
    world.until_cold(1)
    world.server.wait_until(world.check, "an answer", seconds=60)
