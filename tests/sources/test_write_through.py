"""Rows that are sent on to a real PostgreSQL: each once, in order, whatever ends in between."""

import threading

import pyarrow as pa
import pytest

from faults.doors import Put, Refused
from flight_sql import FlightSqlClient
from outside_servers import MariaDb, PostgreSql, Redis

SCHEMA = pa.schema([("id", pa.int64()), ("text", pa.string())])


def batch(first, rows):
    ids = range(first, first + rows)
    return pa.record_batch([pa.array(ids, pa.int64()), pa.array([f"row {i}" for i in ids])], schema=SCHEMA)


class World:
    """A PostgreSQL, and servers on one database file one after the other, whose stream `events` is sent on."""

    def __init__(self, folder, start_server, postgres, **options):
        self.folder, self.start_server, self.postgres = folder, start_server, postgres
        extra = "".join(f"{name} = {value}\n" for name, value in options.items())
        self.config = folder / "pintail.toml"
        self.config.write_text(f"""
            [database]
            path = "{folder / 'hot.duckdb'}"
            {extra}
            [[streams]]
            name = "events"
            write_through = "pg.public.events"
            """.replace("            ", ""))
        self.server = None

    def start(self, attach=True):
        self.server = self.start_server("--config", self.config, database=None)
        if attach:
            self.attach()
        return self.server

    def attach(self):
        self.run(f"ATTACH '{self.postgres.words}' AS pg (TYPE postgres)")

    def run(self, sql):
        with FlightSqlClient(self.server.flight_uri) as client:
            return client.rows(sql)

    def put(self, rows):
        door = Put(self.server, "events", None)
        try:
            door.send(0, rows)
        finally:
            door.close()

    def local(self):
        return self.run("SELECT count(*), count(DISTINCT id), sum(id)::BIGINT FROM events")[0]

    def sent(self):
        return self.postgres.sql("SELECT count(*), count(DISTINCT id), sum(id)::bigint FROM events")[0]

    def state(self):
        names = ["state", "lag_rows", "dead_letters", "guarantee", "sent_rows", "last_error", "retries"]
        return dict(zip(names, self.run(f"SELECT {', '.join(names)} FROM pintail.write_through")[0]))

    def until_sent(self):
        self.server.wait_until(lambda: self.state()["lag_rows"] == 0, "all rows to be sent", seconds=120)


@pytest.fixture
def postgres():
    with PostgreSql() as server:
        yield server


@pytest.fixture
def world(tmp_path, start_server, postgres):
    return World(tmp_path, start_server, postgres)


def test_rows_are_sent_on_in_order_to_a_table_that_is_made(world, postgres):
    world.start()
    for first in range(0, 100, 10):
        world.put(batch(first, 10))
    world.until_sent()
    assert world.sent() == world.local() == (100, 100, 4950)
    assert [i for (i,) in postgres.sql("SELECT id FROM events ORDER BY ctid")] == list(range(100))
    assert world.state() | {"sent_rows": 100} == {
        "state": "idle", "lag_rows": 0, "dead_letters": 0, "guarantee": "exactly once", "sent_rows": 100,
        "last_error": None, "retries": 0}
    # A column that comes later comes there too, and rows without it still fit.
    wider = pa.record_batch([pa.array([100]), pa.array(["x"]), pa.array([0.5])], names=["id", "text", "extra"])
    world.put(wider)
    world.put(batch(101, 1))
    world.until_sent()
    assert postgres.sql("SELECT id, extra FROM events WHERE id >= 100 ORDER BY id") == [(100, 0.5), (101, None)]
    assert world.local()[0] == world.sent()[0] == 102


def test_a_source_that_is_down_for_hundreds_of_puts_gets_them_once_it_is_back(world, postgres, rest_of):
    server = world.start()
    world.put(batch(0, 5))
    world.until_sent()
    postgres.stop()
    for first in range(5, 305):
        world.put(batch(first, 1))
    server.wait_until(lambda: world.state()["state"] == "failing", "the failure to be seen")
    state = world.state()
    assert state["lag_rows"] == 300 and state["last_error"], state
    assert world.local() == (305, 305, sum(range(305)))
    warnings = rest_of(server).get("/health").json()["warnings"]
    assert any("cannot be sent on" in warning for warning in warnings), warnings
    metrics = rest_of(server).get("/metrics").text
    assert 'pintail_write_through_lag_rows{table="main.events"} 300' in metrics
    # A restart in between forgets nothing.
    server.kill()
    world.start(attach=False)
    world.put(batch(305, 1))
    postgres.start()
    world.attach()
    world.until_sent()
    assert world.sent() == world.local() == (306, 306, sum(range(306)))
    assert rest_of(world.server).get("/health").json()["warnings"] == []
    assert [i for (i,) in postgres.sql("SELECT id FROM events ORDER BY ctid")] == list(range(306))


def test_each_row_is_there_once_though_either_side_is_killed_in_the_middle(world, postgres):
    world.start()
    acknowledged, tried, number = set(), set(), 0
    for turn in range(6):
        stop = threading.Event()

        def write():
            nonlocal number
            while not stop.is_set():
                rows = batch(number, 500)
                ids = set(range(number, number + 500))
                tried.update(ids)
                number += 500
                try:
                    world.put(rows)
                except Refused:
                    return
                acknowledged.update(ids)

        before = len(acknowledged)
        writer = threading.Thread(target=write)
        writer.start()
        world.server.wait_until(lambda: len(acknowledged) >= before + 5_000, "some rows", seconds=120)
        if turn % 2 == 0:
            world.server.kill()
            stop.set()
            writer.join()
            world.start()
        else:
            postgres.kill()
            stop.set()
            writer.join()
            postgres.start()
    world.until_sent()
    found = {i for (i,) in postgres.sql("SELECT id FROM events")}
    assert world.sent()[0] == len(found), "a row is there twice"
    assert acknowledged <= found <= tried
    assert world.local() == world.sent()


def test_postgres_that_is_killed_in_a_long_copy_hurts_neither_the_server_nor_the_rows(world, postgres):
    server = world.start()
    postgres.sql("CREATE TABLE events (id bigint, text text)")
    # So that a shipment stands still in its COPY until PostgreSQL is killed.
    postgres.sql("""CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.id = 40000 THEN PERFORM pg_advisory_lock(7); END IF; RETURN NEW; END $$""")
    postgres.sql("CREATE TRIGGER waits BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION wait()")
    with postgres.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(7)")
        world.put(batch(0, 60_000))
        server.wait_until(
            lambda: postgres.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == [(1,)],
            "the COPY to stand still")
        postgres.kill()
    server.wait_until(lambda: world.state()["retries"] > 0, "the failure to be seen")
    world.put(batch(60_000, 10))
    assert world.local()[0] == 60_010
    postgres.start()
    world.until_sent()
    assert world.sent() == world.local()
    assert world.state()["dead_letters"] == 0


def test_a_row_that_is_refused_becomes_a_dead_letter_and_blocks_nothing(world, postgres, rest_of):
    postgres.sql("CREATE TABLE events (id bigint CHECK (id <> 617), text text)")
    server = world.start()
    world.put(batch(0, 1_000))
    world.put(batch(1_000, 10))
    world.until_sent()
    ids = [i for (i,) in postgres.sql("SELECT id FROM events ORDER BY ctid")]
    assert ids == [i for i in range(1_010) if i != 617]
    letters = world.run("SELECT table_name, position, row, data, reason FROM pintail.dead_letters")
    assert len(letters) == 1
    name, _, row, data, reason = letters[0]
    assert (name, row, data) == ('"main"."events"', 617, '{"id":617,"text":"row 617"}')
    assert "violates check constraint" in reason
    assert world.state()["dead_letters"] == 1
    warnings = rest_of(server).get("/health").json()["warnings"]
    assert any("refused by the source" in warning for warning in warnings), warnings
    # Also after a restart; and clients change nothing there.
    server.kill()
    world.start()
    assert world.run("SELECT row FROM pintail.dead_letters") == [(617,)]
    with pytest.raises(Exception, match="only the server"):
        world.run("DELETE FROM pintail_journal.dead_letters")


def test_dead_letters_are_cleared(world, postgres):
    postgres.sql("CREATE TABLE events (id bigint CHECK (id % 100 <> 0), text text)")
    world.start()
    world.put(batch(1, 250))
    world.until_sent()
    world.put(batch(251, 100))
    world.until_sent()
    letters = world.run("SELECT data->>'id', position FROM pintail.dead_letters ORDER BY 1")
    assert [i for i, _ in letters] == ["100", "200", "300"]
    # What was refused is sent once more when the source takes it.
    postgres.sql("ALTER TABLE events DROP CONSTRAINT events_id_check")
    world.run(
        "INSERT INTO pg.public.events (id, text) SELECT (data->>'id')::BIGINT, data->>'text' FROM pintail.dead_letters"
        " WHERE table_name = '\"main\".\"events\"'"
    )
    assert postgres.sql("SELECT count(*), count(DISTINCT id), max(text) FILTER (WHERE id = 200) FROM events") == [(350, 350, "row 200")]
    postgres.sql("ALTER TABLE events ADD CONSTRAINT fewer CHECK (id % 100 <> 0) NOT VALID")
    assert world.run("FROM pintail.dead_letters_clear('main.other')") == [(0,)]
    assert world.run(f"FROM pintail.dead_letters_clear('main.events', up_to := {letters[0][1]})") == [(2,)]
    assert world.run("SELECT data->>'id' FROM pintail.dead_letters") == [("300",)]
    assert world.state()["dead_letters"] == 1
    assert world.run('CALL pintail.dead_letters_clear(\'"main"."events"\')') == [(1,)]
    assert world.state()["dead_letters"] == 0
    world.put(batch(400, 1))
    world.until_sent()
    assert world.state()["dead_letters"] == 1
    assert world.run("CALL pintail.dead_letters_clear(NULL)") == [(1,)]


def test_a_source_table_that_is_gone_makes_no_dead_letters(world, postgres):
    server = world.start()
    world.put(batch(0, 10))
    world.until_sent()
    postgres.sql("ALTER TABLE events RENAME TO away")
    postgres.sql("CREATE VIEW events AS SELECT 1 AS other")
    world.put(batch(10, 10))
    server.wait_until(lambda: world.state()["retries"] > 2, "some attempts")
    assert world.state()["dead_letters"] == 0
    postgres.sql("DROP VIEW events")
    postgres.sql("ALTER TABLE away RENAME TO events")
    world.until_sent()
    assert world.sent() == world.local()


def test_a_full_journal_refuses_puts_clearly_and_takes_them_again(tmp_path, start_server, postgres):
    world = World(tmp_path, start_server, postgres)
    world.config.write_text(world.config.read_text() + """
[journal]
segment_size = "1MiB"
max_size = "3MiB"
[ingest]
lock_timeout = "200ms"
""")
    server = world.start()
    world.put(batch(0, 1))
    world.until_sent()
    postgres.stop()
    number, refused = 1, None
    while refused is None and number < 200:
        try:
            world.put(batch(number * 5_000, 5_000))
            number += 1
        except Refused as refusal:
            refused = str(refusal)
    assert refused and "journal is full" in refused, refused
    assert world.local()[0] == 1 + (number - 1) * 5_000
    postgres.start()
    world.until_sent()
    server.wait_until(lambda: world.sent() == world.local(), "the rows")

    def takes():
        try:
            world.put(batch(0, 1))
        except Refused:
            return False
        return True

    server.wait_until(takes, "room in the journal")


def test_what_cannot_be_sent_on_is_refused_with_what_to_do(world):
    server = world.start()
    world.put(batch(0, 3))
    for sql in ("UPDATE events SET id = 1", "DELETE FROM events", "DROP TABLE events", "INSERT INTO events VALUES (1, 'x')",
                "ALTER TABLE events RENAME TO other"):
        with pytest.raises(Exception, match="are sent on to pg.public.events"):
            world.run(sql)
    door = Put(server, "events", None, mode="replace")
    with pytest.raises(Refused, match="append to it"):
        door.send(0, batch(5, 1))
    door.close()
    world.until_sent()
    assert world.sent() == world.local() == (3, 3, 3)


def test_nothing_is_sent_before_the_source_is_there(world):
    server = world.start(attach=False)
    world.put(batch(0, 10))
    server.wait_until(lambda: world.state()["state"] == "failing", "the failure to be seen")
    assert "there is no source" in world.state()["last_error"]
    world.attach()
    world.until_sent()
    assert world.sent() == world.local() == (10, 10, 45)


def test_a_server_without_a_file_is_refused(start_server, tmp_path):
    config = tmp_path / "pintail.toml"
    config.write_text('[[streams]]\nname = "events"\nwrite_through = "pg.public.events"\n')
    with pytest.raises(Exception, match="write_through needs a journal"):
        start_server("--config", config)


def send_to(world, target):
    """The number of rows, and of different ones, in a target of another type after two shipments."""
    world.put(batch(0, 10))
    world.put(batch(10, 10))
    world.until_sent()
    world.put(batch(20, 10))
    world.until_sent()
    assert world.state()["guarantee"] == "exactly once"
    return world.run(f"SELECT count(*), count(DISTINCT id) FROM {target}")[0]


@pytest.mark.parametrize("attach", ["ATTACH '{folder}/x.sqlite' AS other (TYPE sqlite)", "ATTACH '{folder}/x.duckdb' AS other"])
def test_files_of_sqlite_and_duckdb_take_rows_too(tmp_path, start_server, attach):
    world = World(tmp_path, start_server, None)
    world.config.write_text(world.config.read_text().replace("pg.public.events", "other.main.events"))
    world.start(attach=False)
    world.run(attach.format(folder=tmp_path))
    assert send_to(world, "other.main.events") == (30, 30)


def test_mariadb_takes_rows_too(tmp_path, start_server):
    with MariaDb() as database:
        world = World(tmp_path, start_server, None)
        world.config.write_text(world.config.read_text().replace("pg.public.events", "my.shop.events"))
        world.start(attach=False)
        world.run(f"ATTACH '{database.words}' AS my (TYPE mysql)")
        assert send_to(world, "my.shop.events") == (30, 30)
        assert database.sql("SELECT count(*) FROM events") == [(30,)]


def test_a_declared_source_is_logged_in_to_as_declared(tmp_path, start_server, monkeypatch):
    with PostgreSql(password_users=("bob",)) as postgres:
        postgres.sql("CREATE ROLE bob LOGIN SUPERUSER PASSWORD 'tell-nobody'")
        world = World(tmp_path, start_server, postgres)
        world.config.write_text(
            world.config.read_text()
            + f"[sources.pg]\ntype = 'postgres'\nconnection = 'postgresql://127.0.0.1:{postgres.port}/postgres'\n"
            + "username = 'bob'\npassword = 'tell-nobody'\n"
        )
        world.start(attach=False)
        assert send_to(world, "pg.public.events") == (30, 30)
        assert postgres.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE tablename = 'events'") == [("bob",)]
        postgres.kill()
        world.put(batch(30, 10))
        world.server.wait_until(lambda: world.state()["state"] == "failing", "the shipment to fail")
        assert "there is no source" not in world.state()["last_error"]
        postgres.start()
        world.until_sent()
        assert world.sent()[:2] == (40, 40)
        assert "tell-nobody" not in world.server.log()


def test_sources_of_types_adbc_and_redis_take_rows_too(tmp_path, start_server):
    with PostgreSql() as postgres, Redis() as redis:
        (tmp_path / "adbc").mkdir()
        world = World(tmp_path / "adbc", start_server, postgres)
        world.config.write_text(
            world.config.read_text()
            + f"[sources.pg]\ntype = 'adbc'\ndriver = 'postgresql'\nconnection = '{postgres.uri}'\n"
        )
        world.start(attach=False)
        world.put(batch(0, 30))
        world.until_sent()
        assert world.sent()[:2] == (30, 30)
        (tmp_path / "redis").mkdir()
        world = World(tmp_path / "redis", start_server, None)
        world.config.write_text(
            world.config.read_text().replace("pg.public.events", "pg.main.events")
            + f"[sources.pg]\ntype = 'redis'\nconnection = '{redis.uri}'\n"
        )
        world.start(attach=False)
        world.put(batch(0, 30))
        world.until_sent()
        assert world.run("SELECT count(*), count(DISTINCT id) FROM pg.main.events")[0] == (30, 30)


def sync_world(folder, start_server, postgres, **options):
    world = World(folder, start_server, postgres, **options)
    world.config.write_text(
        world.config.read_text()
        + 'write_through_mode = "sync"\n'
        + f"[sources.pg]\ntype = 'postgres'\nconnection = '{postgres.words}'\n"
    )
    world.start(attach=False)
    return world


def test_sync_acknowledges_when_the_source_has_the_rows(tmp_path, start_server, postgres):
    world = sync_world(tmp_path, start_server, postgres)
    for first in range(0, 100, 10):
        world.put(batch(first, 10))
        assert world.sent()[0] == first + 10
    assert world.run("SELECT mode FROM pintail.write_through") == [("sync",)]


def test_sync_tells_of_a_source_that_is_away_and_loses_nothing(tmp_path, start_server, postgres):
    world = sync_world(tmp_path, start_server, postgres)
    world.put(batch(0, 10))
    world.server.stop()
    world.config.write_text(world.config.read_text() + '[ingest]\nlock_timeout = "1s"\n')
    postgres.kill()
    world.start(attach=False)
    with pytest.raises(Exception, match="do not send them again"):
        world.put(batch(10, 10))
    assert world.local()[0] == 20, "they are in the journal"
    postgres.start()
    world.until_sent()
    assert world.sent()[:2] == (20, 20)


def test_a_sync_put_with_refused_rows_is_told_so(tmp_path, start_server, postgres):
    world = sync_world(tmp_path, start_server, postgres)
    world.put(batch(0, 10))
    postgres.sql("ALTER TABLE events ADD CHECK (id <> 13)")
    with pytest.raises(Exception, match="has refused 1 of these rows") as error:
        world.put(batch(10, 10))
    assert "pintail.dead_letters" in str(error.value)
    assert world.sent()[:2] == (19, 19)
    world.put(batch(20, 10))
    assert world.sent()[:2] == (29, 29)
