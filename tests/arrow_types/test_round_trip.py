"""Every Arrow type goes in and comes out equal, by each way in."""

import contextlib

import pyarrow as pa
import pyarrow.flight as flight
import pytest

import flight_sql as fs
from flight_sql import FlightSqlClient
from ipc_messages import table_bytes
from arrow_types.sample_values import (
    DIFFERENT, FINER, REFUSED, REFUSED_INSIDE, SAME, TOO_LARGE, comparable, same_type)


class Refused(Exception):
    pass


def statement_ingest(server, table, data):
    with FlightSqlClient(server.flight_uri) as client:
        try:
            client.ingest(fs.statement_ingest(table, fs.NOT_EXIST_CREATE, fs.EXISTS_FAIL), data)
        except pa.ArrowException as error:
            raise Refused(str(error)) from error


def flight_put(server, table, data):
    with FlightSqlClient(server.flight_uri) as client:
        try:
            writer, reader = client.flight.do_put(
                flight.FlightDescriptor.for_path(table), data.schema)
            with contextlib.closing(writer):
                writer.write_table(data)
                writer.done_writing()
                reader.read()
        except pa.ArrowException as error:
            raise Refused(str(error)) from error


def rest_post(server, table, data):
    import requests

    answer = requests.post(
        f"{server.http_url}/v1/ingest/{table}", data=table_bytes(data), timeout=60,
        headers={"Content-Type": "application/vnd.apache.arrow.stream"})
    if answer.status_code != 200:
        assert answer.status_code == 400, answer.text
        raise Refused(answer.json()["error"]["message"])


WAYS = [statement_ingest, flight_put, rest_post]


def values(array):
    return [comparable(value) for value in array.to_pylist()]


def check(server, way, table_name, array, expected_type):
    way(server, table_name, pa.table({"n": list(range(len(array))), "v": array}))
    with FlightSqlClient(server.flight_uri) as client:
        found = client.query(f"SELECT v FROM {table_name} ORDER BY n").column(0)
    assert same_type(found.type, expected_type), (found.type, expected_type)
    assert values(found) == values(array)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SAME)
def test_comes_back_equal(server, table_name, name, way):
    check(server, way, table_name, SAME[name], SAME[name].type)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DIFFERENT)
def test_comes_back_as_the_nearest_type(server, table_name, name, way):
    array, expected_type = DIFFERENT[name]
    check(server, way, table_name, array, expected_type)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_by_name(server, table_name, name, way):
    array = REFUSED[name]
    with pytest.raises(Refused) as caught:
        way(server, table_name, pa.table({"odd_column": array}))
    assert "odd_column" in str(caught.value)
    assert str(REFUSED_INSIDE.get(name, array.type)) in str(caught.value)
    with FlightSqlClient(server.flight_uri) as client, pytest.raises(pa.ArrowException):
        client.query(f"SELECT * FROM {table_name}")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FINER)
def test_what_would_be_rounded_is_refused(server, table_name, name, way):
    with pytest.raises(Refused, match="(?i)nanosecond") as caught:
        way(server, table_name, pa.table({"odd_column": FINER[name]}))
    assert "odd_column" in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_refused_by_column_and_row(server, table_name, name, way):
    with pytest.raises(Refused, match="which is too large") as caught:
        way(server, table_name, pa.table({"odd_column": TOO_LARGE[name]}))
    assert "odd_column" in str(caught.value)
    assert "row 1 has" in str(caught.value)


@pytest.mark.parametrize("name", SAME)
def test_goes_through_a_parameter(flight_client, name):
    array = SAME[name]
    for value in range(len(array)):
        handle, _, _ = flight_client.prepare("SELECT ? AS v")
        handle = flight_client.bind(handle, pa.table({"1": array.slice(value, 1)}))
        found = flight_client.get(fs.prepared_query(handle)).column(0)
        flight_client.close_prepared(handle)
        assert values(found) == values(array.slice(value, 1))


def test_a_vector_that_was_ingested_is_one(server, table_name):
    vectors = pa.array([[1.0, 0.0], [0.0, 1.0], [0.9, 0.2]], pa.list_(pa.float32(), 2))
    for way in WAYS:
        table = f"{table_name}_{way.__name__}"
        way(server, table, pa.table({"id": [1, 2, 3], "v": vectors}))
        with FlightSqlClient(server.flight_uri) as client:
            assert client.rows(
                f"SELECT id FROM {table} ORDER BY array_distance(v, [1, 0]::FLOAT[2])") == [
                (1,), (3,), (2,)]
