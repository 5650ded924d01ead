"""Readers among writers: every batch sums to zero, is there wholly or not at all, and never goes away again."""

import itertools
import random
import threading

import pyarrow as pa
import pytest

import flight_sql as fs
from faults.doors import Bridge, Put, Refused, Rest, Stream
from faults.soak import seeds, short_or_long
from flight_sql import FlightSqlClient

WRITERS, READERS = 64, 16
PUTS = short_or_long(short=6, long=60)
DROPS = short_or_long(short=6, long=200)
WAIT_SECONDS = short_or_long(short=120, long=3600)
COLUMNS = "batch BIGINT, row BIGINT, rows_in_batch BIGINT, value BIGINT"
SCHEMA = pa.schema([(name, pa.int64()) for name in ("batch", "row", "rows_in_batch", "value")])

# Rows, and batches that are there in part or more than once.
LOOK = """
    SELECT coalesce(sum(rows), 0)::BIGINT, count(*) FILTER (
        total <> 0 OR rows <> told OR rows <> different)
    FROM (SELECT count(*) AS rows, count(DISTINCT row) AS different, sum(value) AS total,
                 max(rows_in_batch) AS told FROM {table} GROUP BY batch)"""


def zero_sum(batch, rows, chance):
    values = [chance.randrange(-1000, 1000) for _ in range(rows - 1)]
    values.append(-sum(values))
    return pa.record_batch([[batch] * rows, list(range(rows)), [rows] * rows, values],
                           schema=SCHEMA)


def prepare(client):
    client.update(f"CREATE TABLE sums ({COLUMNS})")


class Crowd:
    """Threads that do their work until it is done or `over` is set; the first fault of any of them is raised at the end."""

    def __init__(self):
        self.over = threading.Event()
        self.threads, self.faults = [], []

    def add(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except BaseException as fault:
                self.faults.append(fault)
                self.over.set()

        self.threads.append(threading.Thread(target=run, daemon=True))
        return self.threads[-1]

    def start(self):
        for thread in self.threads:
            thread.start()

    def end(self, threads=None):
        """Waits for the threads, by default all of them, and raises the first fault."""
        for thread in threads or self.threads:
            thread.join(WAIT_SECONDS)
            if self.faults:
                break
            assert not thread.is_alive(), "a client hangs"
        if self.faults:
            raise self.faults[0]


class Count:
    """How many rows have been acknowledged."""

    def __init__(self):
        self.changed = threading.Condition()
        self.rows = 0

    def add(self, rows):
        with self.changed:
            self.rows += rows
            self.changed.notify_all()

    def wait_for(self, rows, crowd):
        with self.changed:
            assert self.changed.wait_for(
                lambda: crowd.faults or self.rows >= rows, WAIT_SECONDS)


def write(server, door_type, seed, batches, count, over):
    """Puts batches of unique numbers; what was acknowledged is seen at once, from another connection."""
    chance = random.Random(seed)
    door = door_type(server, "sums", chance)
    with FlightSqlClient(server.flight_uri) as other:
        for _ in range(PUTS):
            if over.is_set():
                break
            batch, rows = next(batches), chance.choice(door.sizes)
            try:
                acknowledged = door.send(batch, zero_sum(batch, rows, chance))
            except Refused as refusal:
                raise AssertionError(f"batch {batch} was refused") from refusal
            # Asked of every fourth only, so that the readers do not wait behind these.
            if acknowledged == [batch] and chance.random() < 0.25:
                found = other.rows(f"SELECT count(*), sum(value)::BIGINT FROM sums WHERE batch = {batch}")
                assert found == [(rows, 0)], f"its writer does not see batch {batch}: {found}"
            count.add(rows)
    door.finish()
    door.close()


class Reader:
    """One client that looks again and again; what it has seen never goes away."""

    def __init__(self, server, kind, table="sums"):
        self.server, self.kind, self.look = server, kind, LOOK.format(table=table)
        self.least = 0

    def run(self, over):
        with FlightSqlClient(self.server.flight_uri) as client:
            ask = getattr(self, "by_" + self.kind)(client)
            while not over.is_set():
                self.judge(ask())

    def judge(self, answers):
        """All answers of one snapshot are the same; no batch is torn; the count does not fall."""
        assert len(set(answers)) == 1, f"one transaction saw {answers}"
        [(rows, torn)] = set(answers)
        assert torn == 0, f"{torn} batches are torn for a reader by {self.kind}"
        assert rows >= self.least, f"a reader by {self.kind} saw {self.least} rows, then {rows}"
        self.least = rows

    def by_statement(self, client):
        return lambda: client.rows(self.look)

    def by_prepared(self, client):
        handle, _, _ = client.prepare(self.look)
        return lambda: [tuple(row.values()) for row in client.get(fs.prepared_query(handle)).to_pylist()]

    def by_transaction(self, client):
        def ask():
            transaction = client.begin()
            try:
                return [client.rows(self.look, transaction)[0] for _ in range(3)]
            finally:
                client.end(transaction, commit=True)

        return ask


KINDS = ["statement", "prepared", "transaction"]


def test_the_reader_notices_what_it_is_there_for():
    reader = Reader(None, "statement")
    reader.judge([(10, 0), (10, 0)])
    for answers, words in [([(9, 0)], "10 rows, then 9"), ([(11, 1)], "torn"),
                           ([(11, 0), (12, 0)], "one transaction saw")]:
        with pytest.raises(AssertionError, match=words):
            reader.judge(answers)


@pytest.mark.parametrize("broken", [
    "DELETE FROM sums WHERE batch = 2 AND row = 0",
    "INSERT INTO sums FROM sums WHERE batch = 2",
    "DELETE FROM sums WHERE batch = 2 AND value < 0",
    "UPDATE sums SET value = value + 1 WHERE batch = 2 AND row = 1"])
def test_the_look_finds_a_torn_batch(broken):
    import duckdb

    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE sums ({COLUMNS})")
        for batch in range(4):
            data = zero_sum(batch, 20, random.Random(1))
            database.register("data", data)
            database.execute("INSERT INTO sums SELECT * FROM data")
        assert database.execute(LOOK.format(table="sums")).fetchone() == (80, 0)
        database.execute(broken)
        assert database.execute(LOOK.format(table="sums")).fetchone()[1] == 1


@pytest.mark.parametrize("seed", seeds(short=1, long=5))
def test_readers_among_writers(start_server, tmp_path, seed):
    server = start_server(database=tmp_path / "hot.duckdb")
    crowd, count, batches = Crowd(), Count(), itertools.count()
    with FlightSqlClient(server.flight_uri) as client:
        prepare(client)
        writers = [crowd.add(write, server, (Put, Rest, Put, Bridge)[index % 4],
                             seed * 1000 + index, batches, count, crowd.over)
                   for index in range(WRITERS)]
        readers = [Reader(server, KINDS[index % len(KINDS)]) for index in range(READERS)]
        for reader in readers:
            crowd.add(reader.run, crowd.over)
        crowd.start()
        crowd.end(writers)
        crowd.over.set()
        crowd.end()
        assert client.rows(LOOK.format(table="sums")) == [(count.rows, 0)]
    assert all(reader.least for reader in readers), "a reader never saw a row"


@pytest.mark.parametrize("seed", seeds(short=1, long=5))
def test_a_long_transaction_among_writers(start_server, tmp_path, seed):
    """It sees what it saw first, while thousands of rows arrive; so does one that has changed the table itself."""
    server = start_server(database=tmp_path / "hot.duckdb")
    crowd, count, batches = Crowd(), Count(), itertools.count()
    with FlightSqlClient(server.flight_uri) as client, FlightSqlClient(server.flight_uri) as second:
        prepare(client)
        for index in range(16):
            crowd.add(write, server, (Put, Rest)[index % 2], seed * 1000 + index, batches,
                      count, crowd.over)
        crowd.start()
        count.wait_for(200, crowd)
        reading, writing = client.begin(), second.begin()
        look = LOOK.format(table="sums")
        seen = client.rows(look, reading)
        before = second.rows(look, writing)
        second.update("INSERT INTO sums VALUES (-1, 0, 2, 5), (-1, 1, 2, -5)", writing)
        own = [(before[0][0] + 2, 0)]
        for more in range(1, 6):
            count.wait_for(200 + more * 400, crowd)
            assert client.rows(look, reading) == seen
            assert second.rows(look, writing) == own
        client.end(reading, commit=True)
        second.end(writing, commit=True)
        crowd.end()
        assert client.rows(look) == second.rows(look) == [(count.rows + 2, 0)]


# What empties a table, and makes it anew where it is gone.
EMPTIED = {
    "dropped": ["DROP TABLE sums", f"CREATE TABLE sums ({COLUMNS})"],
    "replaced": [f"CREATE OR REPLACE TABLE sums ({COLUMNS})"],
    "truncated": ["TRUNCATE sums"],
    "deleted": ["DELETE FROM sums"],
}
# What a client may be told whose table is taken away under it.
FAIR = ("conflict", "aborted", "404", "409", "not_found", "does not exist", "there is no table")


def pour(server, door_type, number, batches, acknowledged, crowd):
    """Puts batches as long as it may; a refusal in between is fine, as the table is taken away."""
    chance = random.Random(number)
    door = door_type(server, "sums", chance, mode="append")
    while not crowd.over.is_set():
        batch = next(batches)
        try:
            keys = door.send(batch, zero_sum(batch, chance.choice(door.sizes), chance))
        except Refused as refusal:
            assert server.process.poll() is None
            assert any(word in str(refusal).lower() for word in FAIR), refusal
            door.close()
            door = door_type(server, "sums", chance, mode="append")
            continue
        with crowd.changed:
            acknowledged.extend(keys)
            crowd.changed.notify_all()
    door.close()


@pytest.mark.parametrize("how", EMPTIED)
def test_what_is_gone_under_load_does_not_come_back(start_server, tmp_path, how):
    """Nothing that was acknowledged before the table was emptied is in it afterwards, nor after a restart."""
    path = tmp_path / "hot.duckdb"
    server = start_server(database=path)
    crowd, batches, acknowledged = Crowd(), itertools.count(), []
    crowd.changed = threading.Condition()
    doors = [Put, Put, Rest, Stream]

    def wait_for_more(count):
        with crowd.changed:
            known = len(acknowledged)
            assert crowd.changed.wait_for(
                lambda: crowd.faults or len(acknowledged) >= known + count, WAIT_SECONDS)

    def assert_gone(client, old):
        there = {batch for (batch,) in client.rows("SELECT DISTINCT batch FROM sums")}
        assert not there & old, f"{len(there & old)} batches are back, as {min(there & old)}"
        assert client.rows(LOOK.format(table="sums"))[0][1] == 0, "a batch is there in part"

    with FlightSqlClient(server.flight_uri) as client:
        prepare(client)
        for index in range(16):
            crowd.add(pour, server, doors[index % 4], index, batches, acknowledged, crowd)
        crowd.start()
        for _ in range(DROPS):
            wait_for_more(50)
            with crowd.changed:
                old = set(acknowledged)
            if crowd.faults:
                break
            for statement in EMPTIED[how]:
                client.update(statement)
            assert_gone(client, old)
        crowd.over.set()
        crowd.end()
        assert_gone(client, old)
        left = client.rows(LOOK.format(table="sums"))
    server.kill()
    again = start_server(database=path)
    with FlightSqlClient(again.flight_uri) as client:
        assert_gone(client, old)
        assert client.rows(LOOK.format(table="sums")) == left
