"""The way to a source breaks or stalls: what a person is told, what is lost, and how service comes back."""

import threading

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pytest

from faulty_link import FaultyLink
from outside_servers import PostgreSql

PASSWORD = "link-canary-31"
ROWS = 300_000  # more than 30 MB on the wire: several batches of every driver
MIDDLE_BYTES = 25_000_000
# Nothing of it can be computed by the source, so that all rows come over the link.
READ_ALL = "SELECT count(DISTINCT hash(note)) AS n FROM far.public.big"


@pytest.fixture(scope="module")
def postgres():
    with PostgreSql(password_users=("bob",)) as server:
        server.sql(f"CREATE USER bob SUPERUSER PASSWORD '{PASSWORD}'")
        server.sql(f"CREATE TABLE big AS SELECT i AS id, repeat(md5(i::text), 3) AS note FROM generate_series(1, {ROWS}) i")
        yield server


@pytest.fixture
def link(postgres):
    with FaultyLink(postgres.port) as link:
        yield link


class Far:
    """A server whose source `far` is reached by the link."""

    def __init__(self, server, rest, kind, link):
        self.server, self.kind, self.link = server, kind, link
        self.rest = rest(server)
        self.rest.sql(
            f"CREATE SOURCE far TYPE {kind} (connection 'postgresql://127.0.0.1:{link.port}/postgres', username 'bob',"
            f" password '{PASSWORD}', connect_timeout 5s)"
        )

    def ask(self, sql, **options):
        return self.rest.post("/v1/query", json={"sql": sql, **options})

    def refused(self, sql, **options):
        """The error's kind and text; both name no password."""
        answer = self.ask(sql, **options)
        assert answer.status_code >= 400, answer.text[:500]
        assert PASSWORD not in answer.text + self.server.log()
        error = answer.json()["error"]
        return error["code"], error["message"]

    def comes_back(self, sql=READ_ALL, rows=None):
        self.server.wait_until(lambda: self.ask(sql).status_code == 200, "the source to be read again")
        if rows is not None:
            assert self.rest.sql(sql) == rows


@pytest.fixture
def reader(start_server):
    """A server that reads its sources for every statement."""
    return start_server("--cache-enabled=false")


@pytest.fixture(params=["adbc", "postgres"])
def far(request, reader, rest_of, link):
    return Far(reader, rest_of, request.param, link)


@pytest.fixture
def far_adbc(reader, rest_of, link):
    return Far(reader, rest_of, "adbc", link)


def test_a_result_that_breaks_in_the_middle_is_an_error_and_the_next_one_is_whole(far, link):
    assert far.rest.sql(READ_ALL) == [{"n": ROWS}]
    link.break_after(down=MIDDLE_BYTES)
    kind, text = far.refused(READ_ALL)
    assert link.breaks == 1
    assert kind == "unavailable" and "far" in text, (kind, text)
    far.comes_back(rows=[{"n": ROWS}])


def test_a_client_that_reads_along_is_never_given_a_part_as_the_whole(far, reader, link):
    link.break_after(down=MIDDLE_BYTES)
    with adbc.connect(reader.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        with pytest.raises(adbc.Error, match="far"):
            cursor.execute("SELECT id, note FROM far.public.big")
            cursor.fetch_arrow_table()
        assert link.breaks == 1
        cursor.execute("SELECT count(*) FROM far.public.big")
        assert cursor.fetchone() == (ROWS,)


def test_connections_that_broke_while_they_idled_cost_nobody_an_error(far_adbc, link):
    far_adbc.comes_back()
    link.break_now()
    assert far_adbc.rest.sql(READ_ALL) == [{"n": ROWS}]


def test_rows_sent_by_copy_are_there_in_full_or_not_at_all(far_adbc, reader, link, postgres):
    postgres.sql("DROP TABLE IF EXISTS sent")
    postgres.sql("CREATE TABLE sent (id BIGINT, note TEXT)")
    data = pa.table({"id": pa.array(range(ROWS), pa.int64()), "note": ["n" * 50] * ROWS})
    chunks = pa.Table.from_batches(data.to_batches(max_chunksize=20_000)).to_reader
    with adbc.connect(reader.flight_uri, autocommit=True) as connection, connection.cursor() as cursor:
        link.break_after(up=2_000_000)
        with pytest.raises(adbc.Error, match="far") as refused:
            cursor.adbc_ingest("sent", chunks(), mode="append", catalog_name="far", db_schema_name="public")
        assert link.breaks == 1 and PASSWORD not in str(refused.value)
        assert postgres.sql("SELECT count(*) FROM sent") == [(0,)]
        assert cursor.adbc_ingest("sent", chunks(), mode="append", catalog_name="far", db_schema_name="public") == ROWS
    assert postgres.sql("SELECT count(*), count(DISTINCT id) FROM sent") == [(ROWS, ROWS)]


def test_an_insert_that_breaks_is_an_error_and_leaves_nothing(far_adbc, link, postgres):
    postgres.sql("DROP TABLE IF EXISTS copied")
    postgres.sql("CREATE TABLE copied (id BIGINT, note TEXT)")
    insert = f"INSERT INTO far.public.copied SELECT i, repeat('n', 50) FROM range({ROWS}) r(i)"
    link.break_after(up=2_000_000)
    kind, text = far_adbc.refused(insert)
    assert link.breaks == 1
    assert kind == "unavailable" and "far" in text, (kind, text)
    assert postgres.sql("SELECT count(*) FROM copied") == [(0,)]
    far_adbc.comes_back()
    far_adbc.rest.sql(insert)
    assert postgres.sql("SELECT count(*) FROM copied") == [(ROWS,)]


def test_a_stalled_way_is_given_up_after_connect_timeout(far_adbc, link):
    link.hold()
    link.break_now()  # what idles; new connections come as far as the link
    kind, text = far_adbc.refused(READ_ALL)
    assert kind == "unavailable" and "far" in text and "5000 ms" in text, (kind, text)
    link.release()
    far_adbc.comes_back(rows=[{"n": ROWS}])


def test_a_stall_that_passes_is_nobodys_error(far, link):
    far.comes_back()
    link.break_now()  # so that it has to connect anew
    link.hold()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(far.ask("SELECT count(*) AS n FROM far.public.big")))
    asking.start()
    link.wait_until_something_is_held()
    link.release()
    asking.join(60)
    assert answers and answers[0].status_code in (200, 503), answers
    if far.kind == "adbc":
        assert answers[0].json() == [{"n": ROWS}]
    far.comes_back(rows=[{"n": ROWS}])
