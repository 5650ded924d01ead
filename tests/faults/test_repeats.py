"""A put that names its producer and a number may be sent again: it is acknowledged and applied once, whatever happened in between."""

import base64
import json
import random
import threading

import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

from faults.checker import COLUMNS, FOUND, Written, batch_of_rows, wrong_with
from faults.doors import ARROW, BOUND_SECONDS, flight_client
from faults.soak import short_or_long
from faults.test_kill import dally
from flight_sql import FlightSqlClient
from ipc_messages import table_bytes

ROWS = 25
ROUNDS = short_or_long(short=6, long=200)
_ERRORS = (pa.ArrowException, flight.FlightError, requests.RequestException, OSError)


def _put(server, descriptor, batch, headers=()):
    """The last acknowledgement of a DoPut."""
    client = flight_client(server)
    try:
        options = flight.FlightCallOptions(
            timeout=BOUND_SECONDS, headers=[(name.encode(), text.encode()) for name, text in headers])
        writer, reader = client.do_put(descriptor, batch.schema, options)
        writer.write_batch(batch)
        writer.done_writing()
        last = None
        while (answer := reader.read()) is not None:
            last = json.loads(answer.to_pybytes())
        writer.close()
        assert last["done"]
        return last
    finally:
        client.close()


def _command(**command):
    return flight.FlightDescriptor.for_command(json.dumps(command).encode())


def by_command(server, table, producer, sequence, batch):
    return _put(server, _command(stream_name=table, producer=producer, sequence=sequence), batch)


def by_headers(server, table, producer, sequence, batch):
    return _put(server, _command(stream_name=table), batch,
                [("pintail-producer", producer), ("pintail-sequence", str(sequence))])


def by_headers_and_path(server, table, producer, sequence, batch):
    return _put(server, flight.FlightDescriptor.for_path(table), batch,
                [("pintail-producer", producer), ("pintail-sequence", str(sequence))])


def _post(server, path, producer, sequence, **body):
    headers = {"Idempotency-Key": f"{producer}-{sequence}", **body.pop("headers", {})}
    answer = requests.post(server.http_url + path, timeout=BOUND_SECONDS, headers=headers, **body)
    if answer.status_code != 200:
        raise OSError(f"{answer.status_code} {answer.text}")
    return answer.json()


def by_rest(server, table, producer, sequence, batch):
    return _post(server, f"/v1/ingest/{table}", producer, sequence, data=_stream_of(batch),
                 headers={"Content-Type": ARROW})


def by_bridge(server, table, producer, sequence, batch):
    return _post(server, f"/stream/{table}", producer, sequence, json={
        "config": {"target_table": table},
        "batch": {"arrow_schema": base64.b64encode(batch.schema.serialize()).decode(),
                  "data": base64.b64encode(_stream_of(batch)).decode()}})


def _stream_of(batch):
    return table_bytes(pa.Table.from_batches([batch]))


DOORS = [by_command, by_headers, by_headers_and_path, by_rest, by_bridge]
doors = pytest.mark.parametrize("put", DOORS, ids=lambda door: door.__name__)


def assert_holds(server, table, batches):
    """The table holds these batches of writer 1, whole and once each, and nothing else."""
    written = Written({(1, batch): ROWS for batch in batches}, {(1, batch) for batch in batches})
    with FlightSqlClient(server.flight_uri) as client:
        assert wrong_with(client.rows(FOUND.format(table=table)), written) == []


def is_repeat(answer):
    return answer.get("repeated", False)


# On the shared server a producer is called like the test's table, which is no other's.
@doors
def test_a_repeat_is_acknowledged_and_not_applied(server, table_name, put):
    for sequence in (1, 2, 3):
        batch = batch_of_rows(1, sequence, ROWS)
        assert not is_repeat(put(server, table_name, table_name, sequence, batch))
        assert is_repeat(put(server, table_name, table_name, sequence, batch)) is True
    assert is_repeat(put(server, table_name, table_name, 2, batch_of_rows(1, 2, ROWS))) is True
    assert_holds(server, table_name, [1, 2, 3])


@doors
def test_numbers_of_different_producers_are_different(server, table_name, put):
    for index, producer in enumerate(["one", "two"]):
        assert not is_repeat(put(server, table_name, producer + table_name, 7,
                                 batch_of_rows(1, index, ROWS)))
    assert_holds(server, table_name, [0, 1])


@doors
def test_without_a_key_equal_puts_are_two(server, table_name, put):
    batch = batch_of_rows(1, 1, 1)
    for _ in range(2):
        requests.post(f"{server.http_url}/v1/ingest/{table_name}", data=_stream_of(batch),
                      headers={"Content-Type": ARROW}, timeout=BOUND_SECONDS)
    put(server, table_name, table_name, 1, batch)
    with FlightSqlClient(server.flight_uri) as client:
        assert client.rows(f"SELECT count(*) FROM {table_name}") == [(3,)]


@pytest.mark.parametrize("first, second", [(by_command, by_headers), (by_headers, by_command),
                                           (by_rest, by_rest), (by_headers, by_headers_and_path)])
def test_the_key_counts_and_not_the_way_it_is_told(server, table_name, first, second):
    batch = batch_of_rows(1, 1, ROWS)
    assert not is_repeat(first(server, table_name, table_name, 1, batch))
    assert is_repeat(second(server, table_name, table_name, 1, batch)) is True
    assert_holds(server, table_name, [1])


@doors
def test_a_refused_put_may_be_sent_again_under_its_number(server, table_name, put):
    with FlightSqlClient(server.flight_uri) as client:
        client.update(f"CREATE TABLE {table_name} ({COLUMNS}, CHECK (checksum > 0))")
        good = batch_of_rows(1, 1, ROWS)
        bad = good.set_column(5, "checksum", pa.array([-1] * ROWS))
        with pytest.raises(_ERRORS):
            put(server, table_name, table_name, 1, bad)
        assert client.rows(f"SELECT count(*) FROM {table_name}") == [(0,)]
    assert not is_repeat(put(server, table_name, table_name, 1, good))
    assert_holds(server, table_name, [1])


@doors
def test_of_equal_puts_at_the_same_time_one_is_applied(server, table_name, put):
    """The first of them makes the table, too."""
    for sequence in range(short_or_long(short=5, long=100)):
        batch = batch_of_rows(1, sequence, ROWS)
        ready, answers, faults = threading.Barrier(8), [], []

        def send():
            try:
                ready.wait()
                answers.append(is_repeat(put(server, table_name, table_name, sequence, batch)))
            except Exception as fault:
                faults.append(fault)

        senders = [threading.Thread(target=send) for _ in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert not faults, faults[0]
        assert sorted(answers) == [False] + [True] * 7
    assert_holds(server, table_name, range(short_or_long(short=5, long=100)))


@doors
@pytest.mark.parametrize("end", ["kill", "stop_quietly"])
def test_a_repeat_after_a_restart_is_one(start_server, tmp_path, put, end):
    path = tmp_path / "hot.duckdb"
    server = start_server(database=path)
    for sequence in range(5):
        put(server, "ledger", "p1", sequence, batch_of_rows(1, sequence, ROWS))
    for last in (5, 6):
        getattr(server, end)()
        server = start_server(database=path)
        for sequence in range(last):
            assert is_repeat(put(server, "ledger", "p1", sequence,
                                 batch_of_rows(1, sequence, ROWS))) is True
        assert not is_repeat(put(server, "ledger", "p1", last, batch_of_rows(1, last, ROWS)))
        assert_holds(server, "ledger", range(last + 1))


def test_what_was_sent_when_the_server_was_killed_is_sent_again(start_server, tmp_path):
    """Each sender repeats what it got no answer to, as a producer would: in the end each batch is there once."""
    path, chance, senders = tmp_path / "hot.duckdb", random.Random(11), len(DOORS) * 2
    nexts = [0] * senders

    def send(server, number, acknowledged):
        try:
            while True:
                DOORS[number % len(DOORS)](
                    server, "ledger", f"sender-{number}", nexts[number],
                    batch_of_rows(number, nexts[number], ROWS))
                nexts[number] += 1
                acknowledged.release()
        except _ERRORS:
            acknowledged.release()

    for _ in range(ROUNDS):
        server, acknowledged = start_server(database=path), threading.Semaphore(0)
        threads = [threading.Thread(target=send, args=(server, number, acknowledged))
                   for number in range(senders)]
        for thread in threads:
            thread.start()
        for _ in range(chance.randrange(1, 80)):
            assert acknowledged.acquire(timeout=BOUND_SECONDS)
        assert server.process.poll() is None
        dally(server.pid, chance)
        server.kill()
        for thread in threads:
            thread.join()
    server = start_server(database=path)
    for number in range(senders):
        DOORS[number % len(DOORS)](server, "ledger", f"sender-{number}", nexts[number],
                                   batch_of_rows(number, nexts[number], ROWS))
    keys = {(number, batch) for number in range(senders) for batch in range(nexts[number] + 1)}
    with FlightSqlClient(server.flight_uri) as client:
        assert wrong_with(client.rows(FOUND.format(table="ledger")),
                          Written(dict.fromkeys(keys, ROWS), keys)) == []


def test_what_a_journal_holds_is_stored_and_known_when_the_tail_is_off_at_the_next_start(start_server, tmp_path):
    path = tmp_path / "hot.duckdb"
    server = start_server(database=path)
    for sequence in range(3):
        by_rest(server, "ledger", "p1", sequence, batch_of_rows(1, sequence, ROWS))
    server.kill()
    for arguments in (("--ingest-tail", "false"), (), ("--ingest-tail", "false")):
        server = start_server(*arguments, database=path)
        assert_holds(server, "ledger", range(3))
        for sequence in range(3):
            assert is_repeat(by_rest(server, "ledger", "p1", sequence, batch_of_rows(1, sequence, ROWS)))
        assert requests.get(server.http_url + "/metrics", timeout=BOUND_SECONDS).status_code == 200
        server.kill()


def test_a_start_says_so_when_the_journal_is_not_the_databases_own(start_server, tmp_path):
    path = tmp_path / "hot.duckdb"
    server = start_server(database=path)
    by_rest(server, "ledger", "p1", 0, batch_of_rows(1, 0, ROWS))
    server.stop_quietly()
    assert "knows of records" not in server.log()
    server = start_server(database=path)
    assert "knows of records" not in server.log()
    server.stop_quietly()
    server = start_server("--journal-path", str(tmp_path / "another"), database=path)
    assert "knows of records that this journal never had" in server.log()
