"""How a server ends: drained, or killed in the middle of anything."""

import json
import random
import threading

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

import flight_sql as fs
from flight_sql import FlightSqlClient
from ipc_messages import table_bytes

ROUNDS = 8


def test_sigterm_lets_running_work_end(start_server, tmp_path):
    server = start_server("--server-drain-grace", "30s", database=tmp_path / "hot.duckdb")
    with FlightSqlClient(server.flight_uri) as client:
        info = client.info(fs.statement_query("SELECT range AS r FROM range(3000000)"))
        reader = client.flight.do_get(info.endpoints[0].ticket)
        rows = reader.read_chunk().data.num_rows
        server.terminate()
        for chunk in reader:
            rows += chunk.data.num_rows
        assert rows == 3_000_000
    assert server.wait() == 0


def test_sigterm_refuses_new_work_and_ends_with_0(start_server, tmp_path):
    path = tmp_path / "hot.duckdb"
    server = start_server("--server-drain-grace", "60s", database=path)
    with FlightSqlClient(server.flight_uri) as client, FlightSqlClient(server.flight_uri) as other:
        client.update("CREATE TABLE kept AS SELECT 42 AS answer")
        info = client.info(fs.statement_query("SELECT range FROM range(1000000000000)"))
        reader = client.flight.do_get(info.endpoints[0].ticket)
        reader.read_chunk()
        other.rows("SELECT 1")
        server.terminate()

        def refused():
            try:
                other.rows("SELECT 1")
            except (pa.ArrowException, flight.FlightError):
                return True
            return False

        server.wait_until(refused, "new work is refused")
        reader.cancel()
    assert server.wait() == 0
    assert not list(tmp_path.glob("*.wal")), "the log was not written into the database"
    again = start_server(database=path)
    with FlightSqlClient(again.flight_uri) as client:
        assert client.rows("SELECT answer FROM kept") == [(42,)]


def test_work_past_the_grace_is_cancelled(start_server):
    server = start_server("--server-drain-grace", "100ms")
    with FlightSqlClient(server.flight_uri) as client:
        info = client.info(fs.statement_query("SELECT range FROM range(1000000000000)"))
        reader = client.flight.do_get(info.endpoints[0].ticket,
                                      flight.FlightCallOptions(timeout=30))
        reader.read_chunk()
        server.terminate()
        with pytest.raises((pa.ArrowException, flight.FlightError), match="shutting down"):
            while True:
                reader.read_chunk()
    assert server.wait() == 0


@pytest.mark.parametrize("command", [{"stream_name": "silent"},
                                     {"stream_name": "steady", "commit_rows": 1000}])
def test_open_uploads_end_with_the_grace(start_server, tmp_path, command):
    path = tmp_path / "hot.duckdb"
    server = start_server("--server-drain-grace", "200ms", database=path)
    table = pa.table({"i": list(range(1000))})
    client = flight.FlightClient(server.flight_uri)
    writer, reader = client.do_put(
        flight.FlightDescriptor.for_command(json.dumps(command).encode()), table.schema)
    writer.write_table(table)
    safe = json.loads(reader.read().to_pybytes())["rows"] if "commit_rows" in command else 0
    with FlightSqlClient(server.flight_uri) as other:
        server.wait_until(
            lambda: other.rows("SELECT count(*) FROM pintail.statements"
                               " WHERE verb = 'INGEST' AND state = 'running'") == [(1,)],
            "the upload runs")
    server.terminate()
    assert server.wait() == 0
    client.close()
    again = start_server(database=path)
    with FlightSqlClient(again.flight_uri) as other:
        if safe:
            assert other.rows("SELECT count(*) FROM steady") == [(safe,)]
        else:
            assert other.rows("SELECT count(*) FROM information_schema.tables"
                              " WHERE table_name = 'silent'") == [(0,)]


def test_a_statement_that_heeds_no_interrupt_keeps_nobody(start_server, tmp_path):
    path = tmp_path / "hot.duckdb"
    server = start_server("--server-drain-grace", "100ms", database=path)
    with FlightSqlClient(server.flight_uri) as client, FlightSqlClient(server.flight_uri) as busy:
        client.update("CREATE TABLE kept AS SELECT 42 AS answer")
        client.update("CREATE TABLE distances (d BIGINT)")
        # One row of one function: minutes of work without a look at the interrupt.
        stuck = threading.Thread(target=_ignore_errors, args=(
            busy.update, "INSERT INTO distances SELECT levenshtein(repeat('ab', n), repeat('ba', n))"
                         " FROM (SELECT 150000 + range AS n FROM range(1))"))
        stuck.start()
        server.wait_until(
            lambda: client.rows("SELECT count(*) FROM pintail.statements"
                                " WHERE verb = 'INSERT' AND state = 'running'") == [(1,)],
            "the statement runs")
        server.terminate()
        assert server.wait() == 0
        stuck.join()
    again = start_server(database=path)
    with FlightSqlClient(again.flight_uri) as client:
        assert client.rows("SELECT answer FROM kept") == [(42,)]
        assert client.rows("SELECT count(*) FROM distances") == [(0,)]


def _ignore_errors(call, *arguments):
    try:
        call(*arguments)
    except (pa.ArrowException, flight.FlightError):
        pass


def test_a_second_signal_ends_it_at_once(start_server):
    server = start_server("--server-drain-grace", "10m")
    with FlightSqlClient(server.flight_uri) as client:
        info = client.info(fs.statement_query("SELECT range FROM range(1000000000000)"))
        reader = client.flight.do_get(info.endpoints[0].ticket)
        reader.read_chunk()
        server.terminate()
        server.wait_until(lambda: "draining" in server.log(), "the drain begins")
        server.terminate()
        assert server.wait() == 1


def test_sigint_drains_too(start_server):
    import signal

    server = start_server()
    server.process.send_signal(signal.SIGINT)
    assert server.wait() == 0


class Writer(threading.Thread):
    """Writes batches of ten rows, in one way of the many, until the server is gone; remembers what was acknowledged."""

    def __init__(self, server, way, number, round_number):
        super().__init__()
        self.server, self.way, self.number, self.round = server, way, number, round_number
        self.acknowledged = []
        self.changed = threading.Condition()
        self.ended = False

    def run(self):
        try:
            sequence = 0
            with FlightSqlClient(self.server.flight_uri) as client:
                while True:
                    batch = (self.round, self.number, sequence)
                    table = pa.table({"round": [self.round] * 10, "writer": [self.number] * 10,
                                      "batch": [sequence] * 10, "row": list(range(10))})
                    self.way(self.server, client, table)
                    with self.changed:
                        self.acknowledged.append(batch)
                        self.changed.notify_all()
                    sequence += 1
        except (pa.ArrowException, flight.FlightError, requests.RequestException, adbc.Error, OSError):
            pass
        finally:
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(
                lambda: self.ended or len(self.acknowledged) >= count, 60), self.way.__name__
            assert not self.ended, f"{self.way.__name__} failed before the kill"


def by_flight(_, client, table):
    writer, reader = client.flight.do_put(
        flight.FlightDescriptor.for_path("ledger"), table.schema)
    writer.write_table(table)
    writer.done_writing()
    while reader.read() is not None:
        pass
    writer.close()


def by_rest(server, _, table):
    answer = requests.post(
        f"{server.http_url}/v1/ingest/ledger", data=table_bytes(table), timeout=30,
        headers={"Content-Type": "application/vnd.apache.arrow.stream"})
    if answer.status_code != 200:
        raise OSError(answer.text)


def by_sql_text(server, _, table):
    answer = requests.post(f"{server.http_url}/v1/query", json={"sql": insert_of(table)}, timeout=30)
    if answer.status_code != 200:
        raise OSError(answer.text)


def by_statement_ingest(server, _, table):
    with adbc.connect(server.flight_uri, autocommit=True) as connection:
        with connection.cursor() as cursor:
            cursor.adbc_ingest("ledger", table, mode="append")


def by_prepared_statement(_, client, table):
    handle, _, _ = client.prepare("INSERT INTO ledger VALUES (?, ?, ?, ?)")
    client.put(fs.prepared_update(handle), table)


def by_transaction(server, _, table):
    with adbc.connect(server.flight_uri) as connection:
        with connection.cursor() as cursor:
            for part in (table.slice(0, 5), table.slice(5)):
                cursor.execute(insert_of(part))
        connection.commit()


WAYS = [by_flight, by_rest, by_sql_text, by_statement_ingest, by_prepared_statement, by_transaction]


def insert_of(table):
    rows = ", ".join(str(tuple(row.values())) for row in table.to_pylist())
    return f"INSERT INTO ledger VALUES {rows}"


def test_kill_loses_nothing_that_was_acknowledged(start_server, tmp_path):
    """However it was written, and wherever in the middle of it the server was killed."""
    path = tmp_path / "hot.duckdb"
    acknowledged = set()
    chance = random.Random(7)
    for number in range(ROUNDS):
        server = start_server(database=path)
        with FlightSqlClient(server.flight_uri) as client:
            client.update("CREATE TABLE IF NOT EXISTS ledger"
                          " (round BIGINT, writer BIGINT, batch BIGINT, row BIGINT)")
        writers = [Writer(server, way, index, number) for index, way in enumerate(WAYS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.wait_for(1)
        # Right after an acknowledgement of any of them all others are somewhere else.
        chance.choice(writers).wait_for(chance.randint(1, 20))
        server.kill()
        for writer in writers:
            writer.join()
            acknowledged |= set(writer.acknowledged)
    server = start_server(database=path)
    with FlightSqlClient(server.flight_uri) as client:
        found = client.rows(
            "SELECT round, writer, batch, count(*) FROM ledger GROUP BY ALL")
    assert len(acknowledged) >= ROUNDS * len(WAYS)
    assert all(rows == 10 for *_, rows in found), "half a batch is there"
    assert acknowledged <= {tuple(batch) for *batch, _ in found}


def test_kill_in_an_upload_leaves_none_of_it(start_server, tmp_path):
    path = tmp_path / "hot.duckdb"
    server = start_server(database=path)
    table = pa.table({"i": list(range(200_000))})
    client = flight.FlightClient(server.flight_uri)
    writer, _ = client.do_put(flight.FlightDescriptor.for_path("half"), table.schema)
    writer.write_table(table)
    with FlightSqlClient(server.flight_uri) as other:
        server.wait_until(
            lambda: other.rows("SELECT state FROM pintail.statements WHERE verb = 'INGEST'")
            == [("running",)], "the upload has begun")
    server.kill()
    again = start_server(database=path)
    with FlightSqlClient(again.flight_uri) as other:
        assert other.rows("SELECT count(*) FROM information_schema.tables"
                          " WHERE table_name = 'half'") == [(0,)]


def test_kill_in_a_stream_that_commits_keeps_the_commits(start_server, tmp_path):
    path = tmp_path / "hot.duckdb"
    server = start_server(database=path)
    table = pa.table({"i": list(range(1000))})
    command = json.dumps({"stream_name": "long", "commit_rows": 1000}).encode()
    client = flight.FlightClient(server.flight_uri)
    writer, reader = client.do_put(flight.FlightDescriptor.for_command(command), table.schema)
    for _ in range(5):
        writer.write_table(table)
        safe = json.loads(reader.read().to_pybytes())["rows"]
    assert safe == 5000
    server.kill()
    again = start_server(database=path)
    with FlightSqlClient(again.flight_uri) as other:
        assert other.rows("SELECT count(*) FROM long")[0][0] >= safe
