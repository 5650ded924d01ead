"""A source's server runs out of connections, changes passwords, alters tables, or dies: what is told, what is lost, what comes back."""

import threading

import adbc_driver_flightsql.dbapi as adbc
import psycopg
import pyarrow as pa
import pytest

from outside_servers import PostgreSql

KINDS = ("adbc", "postgres")


@pytest.fixture(scope="module")
def postgres():
    with PostgreSql(password_users=("ann",), max_connections=12, superuser_reserved_connections=3, fsync="off") as server:
        yield server


class Asked:
    """A server that reads its sources for every statement."""

    def __init__(self, server, rest):
        self.server = server
        self.rest = rest(server)

    def create(self, kind, more=""):
        self.kind = kind
        self.rest.sql(f"CREATE SOURCE far TYPE {kind} ({more}, connect_timeout 5s)")

    def ask(self, sql, **options):
        return self.rest.post("/v1/query", json={"sql": sql, **options})

    def sql(self, sql):
        return self.rest.sql(sql)

    def refused(self, sql):
        answer = self.ask(sql)
        assert answer.status_code >= 400, answer.text[:500]
        error = answer.json()["error"]
        return error["code"], error["message"]

    def comes_back(self, sql, rows):
        self.server.wait_until(lambda: self.ask(sql).status_code == 200, f"the source to answer {sql}")
        assert self.sql(sql) == rows

    def comes_to(self, sql, rows):
        """It may take a moment until a change behind us is seen."""

        def there():
            answer = self.ask(sql)
            return answer.status_code == 200 and answer.json() == rows

        self.server.wait_until(there, f"{sql} to give {rows}")


@pytest.fixture
def asked(start_server, rest_of):
    return Asked(start_server("--cache-enabled=false"), rest_of)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def test_a_server_without_a_free_connection_is_named_and_used_again(asked, kind, postgres):
    postgres.sql("DROP TABLE IF EXISTS free")
    postgres.sql("DROP ROLE IF EXISTS low")
    postgres.sql("CREATE ROLE low LOGIN")
    postgres.sql("CREATE TABLE free AS SELECT 7 AS i")
    postgres.sql("GRANT SELECT ON free TO low")
    address = f"connection 'postgresql://127.0.0.1:{postgres.port}/postgres', username 'low', lease_timeout 2s"
    others = []
    try:
        while True:
            others.append(postgres.connect(user="low"))
            assert len(others) < 50
    except psycopg.OperationalError as full:
        assert "remaining connection slots" in str(full) or "too many clients" in str(full)
    asked.create(kind, address)
    kind_of_error, text = asked.refused("SELECT i FROM far.public.free")
    assert kind_of_error in ("unavailable", "resource_exhausted") and "far" in text, text
    assert "connection slots" in text or "too many clients" in text, text
    for other in others:
        other.close()
    asked.comes_back("SELECT i FROM far.public.free", [{"i": 7}])


def test_more_statements_than_connections_wait_for_their_turn(asked, kind, postgres):
    postgres.sql("DROP TABLE IF EXISTS busy")
    postgres.sql("CREATE TABLE busy AS SELECT i FROM generate_series(1, 1000) i")
    asked.create(kind, f"connection '{postgres.uri}', pool_max 2")
    asked.sql("SELECT count(*) FROM far.public.busy")
    answers = []

    def ask():
        answers.append(asked.ask("SELECT sum(hash(i) % 2 * 0 + i)::BIGINT AS s FROM far.public.busy").text)

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == ['[{"s":500500}]'] * 24, set(answers)


def test_a_changed_password_is_told_and_the_new_one_is_taken(asked, kind, postgres):
    old, new = "old-canary-5", "new-canary-6"
    postgres.sql("DROP TABLE IF EXISTS told")
    postgres.sql("CREATE TABLE told AS SELECT 5 AS i")
    if not postgres.sql("SELECT 1 FROM pg_roles WHERE rolname = 'ann'"):
        postgres.sql("CREATE ROLE ann LOGIN SUPERUSER")
    postgres.sql(f"ALTER ROLE ann PASSWORD '{old}'")
    asked.create(kind, f"connection 'postgresql://127.0.0.1:{postgres.port}/postgres', username ann, password '{old}'")
    read = "SELECT i FROM far.public.told"
    assert asked.sql(read) == [{"i": 5}]

    postgres.sql(f"ALTER ROLE ann PASSWORD '{new}'")
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ann'")
    kind_of_error, text = asked.refused(read)
    assert kind_of_error in ("unavailable", "unauthenticated"), (kind_of_error, text)
    assert "far" in text and "password authentication failed" in text, text
    asked.sql(f"ALTER SOURCE far SET (password '{new}')")
    assert asked.sql(read) == [{"i": 5}]
    seen = text + asked.server.log() + str(asked.sql("FROM pintail.sources")) + str(asked.sql("FROM pintail.statements"))
    assert old not in seen and new not in seen


def test_connections_that_are_ended_cost_a_reader_nothing(asked, kind, postgres):
    postgres.sql("DROP TABLE IF EXISTS ended")
    postgres.sql("CREATE TABLE ended AS SELECT 9 AS i")
    asked.create(kind, f"connection '{postgres.uri}'")
    read = "SELECT i FROM far.public.ended"
    assert asked.sql(read) == [{"i": 9}]
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
    assert asked.sql(read) == [{"i": 9}]


def test_a_table_that_is_altered_behind_us_is_read_as_it_is_now(asked, postgres):
    postgres.sql("DROP TABLE IF EXISTS shape")
    postgres.sql("CREATE TABLE shape AS SELECT 1 AS i, 'a' AS word, 2 AS gone")
    asked.create("adbc", f"connection '{postgres.uri}'")
    read = "SELECT * FROM far.public.shape"
    assert asked.sql(read) == [{"i": 1, "word": "a", "gone": 2}]

    postgres.sql("ALTER TABLE shape ADD COLUMN more text DEFAULT 'new'")
    asked.comes_to(read, [{"i": 1, "word": "a", "gone": 2, "more": "new"}])
    postgres.sql("ALTER TABLE shape DROP COLUMN gone")
    asked.comes_to(read, [{"i": 1, "word": "a", "more": "new"}])
    kind_of_error, text = asked.refused("SELECT gone FROM far.public.shape")
    assert kind_of_error == "invalid_sql" and "gone" in text, (kind_of_error, text)
    postgres.sql("ALTER TABLE shape ALTER COLUMN i TYPE text USING 'i' || i")
    asked.comes_to(read, [{"i": "i1", "word": "a", "more": "new"}])
    postgres.sql("ALTER TABLE shape RENAME COLUMN word TO term")
    asked.comes_to(read, [{"i": "i1", "term": "a", "more": "new"}])

    postgres.sql("DROP TABLE shape")
    asked.server.wait_until(lambda: asked.ask(read).status_code != 200, "the table to be gone")
    kind_of_error, text = asked.refused(read)
    assert kind_of_error == "not_found" and "shape" in text, (kind_of_error, text)
    postgres.sql("CREATE TABLE shape AS SELECT 'again' AS i")
    asked.comes_to(read, [{"i": "again"}])


def test_an_altered_table_of_the_extension_is_told_with_what_to_do(asked, postgres):
    postgres.sql("DROP TABLE IF EXISTS known")
    postgres.sql("CREATE TABLE known AS SELECT 1 AS i, 'a' AS word, 2 AS gone")
    asked.create("postgres", f"connection '{postgres.uri}'")
    read = "SELECT * FROM far.public.known"
    assert asked.sql(read) == [{"i": 1, "word": "a", "gone": 2}]
    postgres.sql("ALTER TABLE known DROP COLUMN gone")
    kind_of_error, text = asked.refused(read)
    assert kind_of_error == "conflict" and "far" in text and "pg_clear_cache" in text, (kind_of_error, text)
    asked.sql("CALL pg_clear_cache()")
    assert asked.sql(read) == [{"i": 1, "word": "a"}]
    postgres.sql("ALTER TABLE known ALTER COLUMN i TYPE text USING 'one'")
    assert asked.ask(read).status_code != 200  # never a number made of a text
    asked.sql("CALL pg_clear_cache()")
    assert asked.sql(read) == [{"i": "one", "word": "a"}]
    postgres.sql("DROP TABLE known")
    kind_of_error, text = asked.refused(read)
    assert kind_of_error == "conflict" and "pg_clear_cache" in text, (kind_of_error, text)
    asked.sql("CALL pg_clear_cache()")
    kind_of_error, text = asked.refused(read)
    assert kind_of_error == "not_found" and "known" in text, (kind_of_error, text)


def test_an_insert_that_dies_with_its_server_leaves_nothing_and_may_be_repeated(asked, rest_of):
    with PostgreSql() as postgres:
        postgres.sql("CREATE TABLE dies (id BIGINT PRIMARY KEY, note TEXT)")
        asked.create("adbc", f"connection '{postgres.uri}'")
        schema = pa.schema([("id", pa.int64()), ("note", pa.string())])

        def stream():
            for i in range(40):
                ids = pa.array(range(i * 20_000, (i + 1) * 20_000), pa.int64())
                yield pa.record_batch({"id": ids, "note": ["n" * 40] * 20_000})
                if i == 20:
                    postgres.kill()

        reader = pa.RecordBatchReader.from_batches(schema, stream())
        with adbc.connect(asked.server.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
            with pytest.raises(adbc.Error, match="far"):
                cursor.adbc_ingest("dies", reader, mode="append", catalog_name="far", db_schema_name="public")
        postgres.start()
        asked.comes_back("SELECT count(*) AS n FROM far.public.dies", [{"n": 0}])
        asked.sql("INSERT INTO far.public.dies SELECT i, 'n' FROM range(800000) r(i)")
        assert postgres.sql("SELECT count(*) FROM dies") == [(800_000,)]
