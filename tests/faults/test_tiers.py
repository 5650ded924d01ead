"""Tables whose older rows are in PostgreSQL only: every read has all rows that were acknowledged before it began, each once, while
rows expire, sending lags, and both sides are stopped, killed and started."""

import datetime
import random
import threading
import time

import duckdb
import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

from faults.doors import Put, Refused
from faults.soak import seeds, short_or_long
from flight_sql import FlightSqlClient
from outside_servers import PostgreSql

SCHEMA = pa.schema([("id", pa.int64()), ("ts", pa.timestamp("us")), ("text", pa.string())])
TURNS = short_or_long(short=3, long=60)
# Rows that are acknowledged in one turn.
NEW = short_or_long(short=500, long=2_000)


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
        self.acknowledged, self.tried = set(), set()  # ids
        self.batches, self.doubtful = [], []
        self.next = 0
        self.refusal = None  # why the last check had no answer

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
        batch = rows_at(first, count, seconds_ago)
        door = Put(self.server, "events", None)
        try:
            door.send(0, batch)
        except Refused:
            with self.lock:
                self.doubtful.append(batch)
            raise
        finally:
            door.close()
        with self.lock:
            self.acknowledged.update(ids)
            self.batches.append(batch)

    def check(self):
        """False when the source could not be asked."""
        with self.lock:
            before = set(self.acknowledged)
        try:
            ids = [i for (i,) in self.run("SELECT id FROM events")]
            count, total = self.run("SELECT count(*), sum(id)::BIGINT FROM events")[0]
        except (pa.ArrowException, flight.FlightError, OSError) as error:
            self.refusal = error
            return False
        found = set(ids)
        assert len(ids) == len(found), f"{len(ids) - len(found)} rows are seen twice"
        assert before <= found, f"{len(before - found)} acknowledged rows are not seen"
        assert found <= self.tried
        assert count >= len(before) and total >= sum(before)
        return True

    def until_answered(self, after):
        """Until the source can be asked again."""
        try:
            self.server.wait_until(self.check, "an answer", seconds=60)
        except AssertionError as error:
            raise AssertionError(f"after {after}: {self.refusal}\n{self.server.log()[-5000:]}") from error

    def check_transaction(self):
        """As check, but twice in one transaction, which has to see the same."""
        with self.lock:
            before = set(self.acknowledged)
        try:
            with FlightSqlClient(self.server.flight_uri) as client:
                transaction = client.begin()
                twice = [{i for (i,) in client.rows("SELECT id FROM events", transaction)} for _ in range(2)]
                client.end(transaction, True)
        except (pa.ArrowException, flight.FlightError, OSError):
            return False
        assert twice[0] == twice[1], f"{len(twice[0] ^ twice[1])} rows came or went within a transaction"
        assert before <= twice[0], f"{len(before - twice[0])} acknowledged rows are not seen in a transaction"
        return True

    def until_sent(self):
        self.server.wait_until(
            lambda: self.run("SELECT lag_rows FROM pintail.write_through") == [(0,)], "all rows to be sent", seconds=120)

    def copy(self):
        """A plain table with everything; what was not acknowledged is there wholly or not at all."""
        found = {i for (i,) in self.run("SELECT id FROM events")}
        for batch in self.doubtful:
            ids = set(batch.column(0).to_pylist())
            assert ids <= found or not ids & found, "a part of a put is there"
            if ids <= found:
                self.batches.append(batch)
                self.acknowledged.update(ids)
        self.doubtful = []
        return copy_of(self.batches)

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


def test_a_transaction_whose_source_is_gone_ends_with_its_session(world):
    world.start()
    world.put(50)
    world.until_cold(50)
    with FlightSqlClient(world.server.flight_uri) as client:
        transaction = client.begin()
        assert client.rows("SELECT count(*) FROM events", transaction) == [(50,)]
        world.postgres.kill()
    # The session is closed with its transaction open, which cannot be rolled back there.
    world.server.wait_until(lambda: len(world.run("SELECT 1 FROM pintail.sessions")) <= 1, "the session to end")
    world.postgres.start()
    world.until_answered("the source was killed")


def test_a_table_with_rows_cannot_become_tiered(world):
    text = world.config.read_text()
    world.config.write_text(text.replace('retain = "2s"\nretain_column = "ts"\n', ""))
    world.start()
    world.put(3)
    world.server.stop_quietly()
    world.config.write_text(text)
    with pytest.raises(Exception, match="has rows already"):
        world.start()


def test_a_source_that_rounds_times_gets_no_rows_for_itself(world):
    world.postgres.sql("CREATE TABLE events (id bigint, ts timestamp(0), text text)")
    world.start()
    world.put(3, seconds_ago=60)
    world.server.wait_until(lambda: world.run("SELECT last_error LIKE '%rounds times%' FROM pintail.tiers") == [(True,)], "the refusal")
    assert world.run("SELECT boundary, moves FROM pintail.tiers") == [(None, 0)]
    assert world.check()
    # It goes on when that is mended.
    world.postgres.sql("ALTER TABLE events ALTER COLUMN ts TYPE timestamp")
    world.until_cold(1)
    assert world.check()


def test_what_is_here_can_be_bounded_by_rows(world):
    world.config.write_text(world.config.read_text().replace('retain = "2s"', "retain_rows = 100"))
    world.start()
    for age in range(80, 20, -1):
        world.put(5, seconds_ago=age)
    world.server.wait_until(lambda: world.run("SELECT rows_here <= 100 AND moved_rows >= 200 FROM pintail.tiers") == [(True,)], "rows to leave")
    assert len(world.run("SELECT id FROM events")) == 300
    assert world.check()
    metrics = requests.get(f"{world.server.http_url}/metrics", timeout=60).text
    assert 'pintail_tier_boundary_seconds{table="main.events"} 1' in metrics


def copy_of(batches):
    """A plain table with the rows that should be there."""
    copy = duckdb.connect()
    rows = pa.Table.from_batches(batches, SCHEMA)
    copy.execute("CREATE TABLE events AS SELECT * FROM rows")
    return copy


def questions(chance):
    """Queries whose answers have to be those of the plain table, about either side of whatever boundary there is."""
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    for _ in range(12):
        first, last = sorted(now - datetime.timedelta(seconds=chance.choice([0, 1, 2, 3, 5, 8, 20, 40])) for _ in range(2))
        where = chance.choice([f"ts >= '{first}'", f"ts < '{first}'", f"ts BETWEEN '{first}' AND '{last}'",
                               f"ts > '{first}' OR id % 7 = 0", f"id % {chance.randrange(2, 9)} = 1", "text LIKE '%7%'", "true"])
        yield chance.choice([
            f"SELECT count(*), sum(id)::BIGINT, min(ts), max(ts) FROM events WHERE {where}",
            f"SELECT id, text FROM events WHERE {where} ORDER BY id DESC LIMIT 50",
            f"SELECT date_trunc('second', ts) AS s, count(*), count(DISTINCT text) FROM events WHERE {where} GROUP BY s ORDER BY s",
            f"SELECT count(*) FROM events a JOIN events b ON a.id = b.id + 1 WHERE a.{where}" if where.startswith("ts") and " OR " not in where
            else f"SELECT count(*) FROM (SELECT id FROM events WHERE {where} EXCEPT SELECT id + 3 FROM events)",
        ])


class Load:
    """Writers and readers who go on until they are stopped, whatever fails meanwhile."""

    def __init__(self, world, chance):
        self.world, self.stopped = world, threading.Event()
        self.problems, self.reads = [], 0
        self.threads = [threading.Thread(target=self.write, args=(random.Random(chance.random()),)) for _ in range(2)]
        self.threads += [threading.Thread(target=self.watch, args=(look,)) for look in (world.check, world.check, world.check_transaction)]
        for thread in self.threads:
            thread.start()

    def write(self, chance):
        while not self.stopped.is_set():
            try:
                self.world.put(chance.choice([1, 20, 400]), seconds_ago=chance.choice([0, 0, 0, 1.9, 30]))
            except Refused:
                pass

    def watch(self, look):
        while not self.stopped.is_set():
            try:
                self.reads += look()
            except AssertionError as problem:
                self.problems.append(problem)
                return

    def go_on(self):
        """Until something was written and read."""
        rows, reads = len(self.world.acknowledged) + NEW, self.reads + 4
        self.world.server.wait_until(
            lambda: self.problems or (len(self.world.acknowledged) >= rows and self.reads >= reads), "rows and reads", seconds=120)

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert not self.problems, self.problems[0]


@pytest.mark.parametrize("seed", seeds(short=1, long=3))
def test_a_tiered_table_answers_as_a_plain_one_does(world, seed):
    chance = random.Random(seed)
    print(f"seed {seed}")
    world.start()
    world.put(1)
    for turn in range(TURNS):
        load = Load(world, chance)
        load.go_on()
        what = ("source killed", "server killed", "source stopped", "nothing")[turn % 4]
        if what == "source killed":
            world.postgres.kill()
        elif what == "server killed":
            world.server.kill()
        elif what == "source stopped":
            world.postgres.stop()
        load.stop()
        if what.startswith("source"):
            world.postgres.start()
        elif what == "server killed":
            world.start()
        world.until_answered(what)
        world.until_sent()
        copy = world.copy()
        for question in questions(chance):
            assert world.run(question) == copy.execute(question).fetchall(), f"after {what}: {question}"
    world.until_cold(1)
    copy = world.copy()
    everything = "SELECT id, ts, text FROM events ORDER BY id"
    assert world.run(everything) == copy.execute(everything).fetchall()
    assert world.postgres.sql(everything) == copy.execute(everything).fetchall()
