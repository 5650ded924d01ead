"""Small puts of many clients to one table whose rows are checked: each gets its own answer."""

import json
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.flight as flight
import pytest

from flight_sql import FlightSqlClient

CLIENTS = 8
PUTS = 25


def put(client, table, values):
    descriptor = flight.FlightDescriptor.for_path(table)
    rows = pa.table({"k": pa.array(values, pa.int64())})
    writer, reader = client.flight.do_put(descriptor, rows.schema)
    writer.write_table(rows)
    writer.done_writing()
    answers = []
    while (answer := reader.read()) is not None:
        answers.append(json.loads(answer.to_pybytes()))
    writer.close()
    return answers


def put_all(server, table, batches):
    """How many puts of this client succeeded, and the errors of the others."""
    errors = []
    with FlightSqlClient(server.flight_uri) as client:
        for values in batches:
            try:
                put(client, table, values)
            except pa.ArrowException as error:
                errors.append(str(error))
    return len(batches) - len(errors), errors


@pytest.mark.parametrize("file", [False, True])
def test_puts_of_many_clients_into_a_table_with_a_key(start_server, tmp_path, file):
    server = start_server(database=tmp_path / "x.duckdb" if file else ":memory:")
    with FlightSqlClient(server.flight_uri) as client:
        client.update("CREATE TABLE t (k BIGINT PRIMARY KEY CHECK (k < 1000), twice BIGINT DEFAULT 2)")

        def run(number):
            own = [[number * PUTS + i] for i in range(PUTS)]
            # The same key of everybody, and one that is refused.
            return put_all(server, "t", own + [[900], [1000 + number]])

        with ThreadPoolExecutor(CLIENTS) as pool:
            outcomes = list(pool.map(run, range(CLIENTS)))
        assert sum(succeeded for succeeded, _ in outcomes) == CLIENTS * PUTS + 1
        for _, errors in outcomes:
            assert errors, "the last one is out of range"
            assert "CHECK constraint" in errors[-1]
            assert all("uplicate key" in error for error in errors[:-1]), errors
        assert client.rows("SELECT count(*), count(DISTINCT k), sum(twice), max(k) FROM t") == [
            (CLIENTS * PUTS + 1, CLIENTS * PUTS + 1, 2 * (CLIENTS * PUTS + 1), 900)]
        streams = client.rows("SELECT rows FROM pintail.streams WHERE name = 't'")
        assert streams == [(CLIENTS * PUTS + 1,)]
