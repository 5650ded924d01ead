"""Plain Flight: uploads and downloads by path and by stream name, listings, health."""

import json

import pyarrow as pa
import pyarrow.flight as flight
import pytest

from flight_sql import FlightSqlClient


def counted(client, table):
    return client.rows(f"SELECT count(*) FROM {table}")[0][0]


def put(client, descriptor, table, **write):
    writer, reader = client.flight.do_put(descriptor, table.schema)
    writer.write_table(table, **write)
    writer.done_writing()
    answers = []
    while (answer := reader.read()) is not None:
        answers.append(json.loads(answer.to_pybytes()))
    writer.close()
    return answers


def test_put_by_path(flight_client, table_name):
    for path in ([table_name], ["main", table_name], ["memory", "main", table_name],
                 [f"main.{table_name}"]):
        put(flight_client, flight.FlightDescriptor.for_path(*path), pa.table({"i": [1]}))
    assert counted(flight_client, table_name) == 4


def test_put_by_stream_name(flight_client, table_name):
    command = json.dumps({"stream_name": table_name}).encode()
    put(flight_client, flight.FlightDescriptor.for_command(command), pa.table({"i": [1, 2]}))
    assert counted(flight_client, table_name) == 2
    assert flight_client.rows(
        f"SELECT rows FROM pintail.streams WHERE name = '{table_name}'") == [(2,)]


def test_put_without_a_stream_name_goes_to_default(fresh_server):
    with FlightSqlClient(fresh_server.flight_uri) as client:
        put(client, flight.FlightDescriptor.for_command(b"{}"), pa.table({"i": [1]}))
        assert client.rows('SELECT * FROM "default"') == [(1,)]


def test_put_is_one_transaction(flight_client, table_name):
    """Whatever the rows are that the database is given at a time."""
    descriptor = flight.FlightDescriptor.for_command(
        json.dumps({"target_table": table_name, "chunk_size": 10}).encode())
    put(flight_client, descriptor, pa.table({"i": pa.array([1], pa.int64())}))
    flight_client.update(f"CREATE UNIQUE INDEX {table_name}_i ON {table_name} (i)")
    with pytest.raises(pa.ArrowException, match="(?i)duplicate"):
        put(flight_client, descriptor, pa.table({"i": list(range(10, 1000)) + [1]}),
            max_chunksize=100)
    assert counted(flight_client, table_name) == 1


def test_commits_are_acknowledged_as_they_happen(flight_client, table_name):
    command = json.dumps({"stream_name": table_name, "commit_rows": 1000}).encode()
    descriptor = flight.FlightDescriptor.for_command(command)
    batch = pa.table({"i": list(range(1000))})
    writer, reader = flight_client.flight.do_put(descriptor, batch.schema)
    for number in range(1, 4):
        writer.write_table(batch)
        answer = json.loads(reader.read().to_pybytes())
        assert (answer["commit"], answer["rows"]) == (number, number * 1000)
        assert counted(flight_client, table_name) == number * 1000
    writer.done_writing()
    writer.close()
    assert counted(flight_client, table_name) == 3000


def test_acknowledgements_tell_the_position_in_the_journal(start_server, tmp_path):
    server = start_server(database=tmp_path / "hot.duckdb")
    command = json.dumps({"stream_name": "counted", "commit_rows": 10}).encode()
    batch = pa.table({"i": list(range(10))})
    positions = []
    with FlightSqlClient(server.flight_uri) as client:
        for _ in range(2):
            writer, reader = client.flight.do_put(
                flight.FlightDescriptor.for_command(command), batch.schema)
            for _ in range(3):
                writer.write_table(batch)
                positions.append(json.loads(reader.read().to_pybytes())["position"])
            writer.done_writing()
            assert json.loads(reader.read().to_pybytes())["position"] == positions[-1]
            writer.close()
    assert positions == [1, 2, 3, 4, 5, 6]


def test_an_interval_commits_though_nothing_more_comes(flight_client, table_name):
    command = json.dumps({"stream_name": table_name, "commit_interval_ms": 50}).encode()
    batch = pa.table({"i": list(range(1000))})
    writer, reader = flight_client.flight.do_put(
        flight.FlightDescriptor.for_command(command), batch.schema,
        flight.FlightCallOptions(timeout=30))
    for number in range(1, 3):
        writer.write_table(batch)
        answer = reader.read()
        assert answer is not None, "no commit came"
        assert json.loads(answer.to_pybytes())["rows"] == number * 1000
        assert counted(flight_client, table_name) == number * 1000
    writer.done_writing()
    writer.close()


def test_the_whole_table_by_path(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} AS SELECT range AS i FROM range(5)")
    info = flight_client.flight.get_flight_info(flight.FlightDescriptor.for_path(table_name))
    table = flight_client.flight.do_get(info.endpoints[0].ticket).read_all()
    assert table.to_pydict() == {"i": [0, 1, 2, 3, 4]}
    with pytest.raises(pa.ArrowException, match="no_such_table"):
        flight_client.flight.get_flight_info(flight.FlightDescriptor.for_path("no_such_table"))


def test_flights_are_listed(flight_client, table_name):
    flight_client.update(f"CREATE TABLE {table_name} (i INTEGER)")
    paths = [info.descriptor.path for info in flight_client.flight.list_flights()]
    assert any(path[-1] == table_name.encode() for path in paths)


def test_actions_are_listed(flight_client):
    actions = {action.type for action in flight_client.flight.list_actions()}
    assert {"sql.query", "CreatePreparedStatement", "ClosePreparedStatement",
            "BeginTransaction", "EndTransaction", "CancelFlightInfo", "CancelQuery",
            "SetSessionOptions", "GetSessionOptions", "CloseSession"} <= actions


def test_the_action_sql_query_answers_json_rows(flight_client):
    for body in (b"SELECT 42 AS answer, 'x' AS s",
                 json.dumps({"type": "sql.query",
                             "data": "SELECT 42 AS answer, 'x' AS s"}).encode()):
        rows = [json.loads(answer) for answer in flight_client.action("sql.query", body)]
        flat = [row for answer in rows for row in (answer if isinstance(answer, list) else [answer])]
        assert flat == [{"answer": 42, "s": "x"}]


def test_the_health_service_says_serving(raw_flight):
    assert raw_flight.health() == 1


def test_a_large_statement_is_taken(flight_client):
    text = "x" * 6_000_000
    assert flight_client.rows(f"SELECT length('{text}')") == [(6_000_000,)]
