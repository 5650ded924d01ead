"""A statement that is planned before rows come and runs after them counts them: DuckDB's plans of before leave them out."""

import uuid

import pyarrow as pa
import pytest
import requests

import flight_sql as fs
from flight_sql import FlightSqlClient

MADE = "CREATE TABLE numbers AS SELECT range AS n, 'x' AS s FROM range(10)"
# Larger, more, and of another kind than all that was there.
MORE = "INSERT INTO numbers SELECT range * 10, NULL FROM range(100_000)"
QUERIES = {
    "above what there was": "SELECT count(*), count(*) FILTER (n > 50) FROM numbers",
    "far away": "SELECT count(*) FROM numbers WHERE n > 50",
    "the largest": "SELECT n FROM numbers ORDER BY n DESC, s LIMIT 2",
    "in order": "SELECT n, s FROM numbers ORDER BY n DESC, s",
    "in groups": "SELECT n, count(*) FROM numbers GROUP BY n ORDER BY n",
    "nulls": "SELECT count(*), count(*) FILTER (s IS NULL) FROM numbers",
}


@pytest.fixture
def client(fresh_server):
    with FlightSqlClient(fresh_server.flight_uri) as client:
        client.update(MADE)
        yield client


@pytest.fixture
def other(fresh_server):
    with FlightSqlClient(fresh_server.flight_uri) as other:
        yield other


def fetched(client, info):
    return [tuple(row.values()) for endpoint in info.endpoints
            for row in client.flight.do_get(endpoint.ticket).read_all().to_pylist()]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_prepared_statement_counts_what_came_later(client, other, query):
    handle, _, _ = client.prepare(query)
    other.update(MORE)
    assert fetched(client, client.info(fs.prepared_query(handle))) == other.rows(query)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_result_that_is_fetched_late_is_of_one_moment(client, other, query):
    """Of the first call's, or of the second's."""
    before = other.rows(query)
    info = client.info(fs.statement_query(query))
    other.update(MORE)
    after = other.rows(query)
    assert before != after
    assert fetched(client, info) in (before, after)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_statement_prepared_by_sql_counts_what_came_later(fresh_server, client, other, query):
    session = requests.Session()
    session.headers.update({"Pintail-Session": uuid.uuid4().hex, "Content-Type": "application/sql",
                            "Accept": "application/vnd.apache.arrow.stream"})

    def rows(sql):
        answer = session.post(f"{fresh_server.http_url}/v1/query", data=sql, timeout=60)
        assert answer.status_code == 200, answer.text
        return [tuple(row.values()) for row in pa.ipc.open_stream(answer.content).read_all().to_pylist()]

    rows(f"PREPARE kept AS {query}")
    other.update(MORE)
    assert rows("EXECUTE kept") == other.rows(query)
