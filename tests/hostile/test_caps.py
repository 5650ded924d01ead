"""Each count that can grow has a cap: what is over it is refused by name, and what was taken
before stays, and room comes back."""

import pyarrow as pa
import pyarrow.flight as flight
import pytest
import requests

import flight_sql as fs
from flight_sql import FlightSqlClient

ENDLESS = "SELECT range FROM range(1000000000000)"
CAP = 3
REFUSED = (pa.ArrowException, flight.FlightError)


def begin_to_read(client, sql=ENDLESS):
    reader = client.flight.do_get(client.info(fs.statement_query(sql)).endpoints[0].ticket)
    reader.read_chunk()
    return reader


def test_running_statements(start_target):
    server = start_target("--statement-max-running", CAP)
    with FlightSqlClient(server.flight_uri) as client:
        readers = [begin_to_read(client) for _ in range(CAP)]
        with pytest.raises(REFUSED, match="max_running"):
            client.rows("SELECT 1")
        answer = requests.post(server.http_url + "/v1/query", json={"sql": "SELECT 1"}, timeout=30)
        assert answer.status_code == 429
        assert readers[0].read_chunk().data.num_rows > 0
        for reader in readers:
            reader.cancel()

        def served():
            try:
                return client.rows("SELECT 1") == [(1,)]
            except REFUSED:
                return False

        server.wait_until(served, "there is room again")
    server.assert_unharmed()


def test_running_ingests(start_target):
    server = start_target("--ingest-max-running", CAP)
    table = pa.table({"i": [1]})
    client = flight.FlightClient(server.flight_uri)
    puts = [client.do_put(flight.FlightDescriptor.for_path("busy"), table.schema)
            for _ in range(CAP)]
    with FlightSqlClient(server.flight_uri) as other:
        server.wait_until(
            lambda: other.rows("SELECT count(*) FROM pintail.statements WHERE verb = 'INGEST'"
                               " AND state = 'running'") == [(CAP,)], "all uploads have begun")
        with pytest.raises(REFUSED, match="max_running"):
            other.ingest(fs.statement_ingest("busy", fs.NOT_EXIST_CREATE, fs.EXISTS_APPEND), table)
        for writer, reader in puts:
            writer.write_table(table)
            writer.done_writing()
            while reader.read() is not None:
                pass
            writer.close()
        assert other.rows("SELECT count(*) FROM busy") == [(CAP,)]
        other.update("DROP TABLE busy")
    server.assert_unharmed()


def test_sessions(start_target):
    server = start_target("--session-max", CAP)
    clients = [FlightSqlClient(server.flight_uri) for _ in range(CAP)]
    for client in clients:
        client.update("SET VARIABLE mine = 1")
    readers = [begin_to_read(client) for client in clients]
    with FlightSqlClient(server.flight_uri) as late:
        with pytest.raises(REFUSED, match="session.max"):
            late.rows("SELECT 1")  # all are in use
        readers[0].cancel()

        def served():
            try:
                return late.rows("SELECT 1") == [(1,)]
            except REFUSED:
                return False

        server.wait_until(served, "the session that is in use no longer gives way")
        with pytest.raises(REFUSED, match="gave way.*session.max"):
            clients[0].rows("SELECT getvariable('mine')")
    for reader in readers[1:]:
        assert reader.read_chunk().data.num_rows > 0
        reader.cancel()
    for client in clients:
        client.__exit__()
    server.assert_unharmed()


def test_prepared_statements(start_target):
    server = start_target("--session-max-prepared", CAP)
    with FlightSqlClient(server.flight_uri) as client, FlightSqlClient(server.flight_uri) as other:
        handles = [client.prepare("SELECT 1")[0] for _ in range(CAP)]
        with pytest.raises(REFUSED, match="max_prepared"):
            client.prepare("SELECT 1")
        other.prepare("SELECT 1")  # the cap is a session's
        client.close_prepared(handles[0])
        client.prepare("SELECT 1")
    server.assert_unharmed()


def test_the_oldest_unread_result_gives_way(start_target):
    server = start_target("--statement-max-parked-results", CAP)
    with FlightSqlClient(server.flight_uri) as client:
        infos = [client.info(fs.statement_query(f"SELECT {number}")) for number in range(CAP + 1)]
        with pytest.raises(REFUSED, match="statement.max_parked_results"):
            client.flight.do_get(infos[0].endpoints[0].ticket).read_all()
        for number in range(1, CAP + 1):
            table = client.flight.do_get(infos[number].endpoints[0].ticket).read_all()
            assert table.column(0).to_pylist() == [number]
    server.assert_unharmed()


def test_flight_calls(start_target):
    server = start_target("--flight-max-calls", CAP)
    with FlightSqlClient(server.flight_uri) as client, FlightSqlClient(server.flight_uri) as other:
        tickets = [client.info(fs.statement_query(ENDLESS)).endpoints[0].ticket
                   for _ in range(CAP)]
        readers = [client.flight.do_get(ticket) for ticket in tickets]
        for reader in readers:
            reader.read_chunk()
        with pytest.raises(REFUSED, match="max_calls"):
            other.rows("SELECT 1")
        for reader in readers:
            reader.cancel()

        def served():
            try:
                return other.rows("SELECT 1") == [(1,)]
            except REFUSED:
                return False

        server.wait_until(served, "there is room again")
    server.assert_unharmed()


def test_a_flight_message(start_target):
    server = start_target("--flight-max-message", "1MiB")
    table = pa.table({"i": range(200_000)})
    with FlightSqlClient(server.flight_uri) as client:
        with pytest.raises(REFUSED, match="larger than max"):
            client.ingest(fs.statement_ingest("large", fs.NOT_EXIST_CREATE, fs.EXISTS_APPEND),
                          table)
    server.assert_unharmed()


def test_remembered_streams(start_target):
    server = start_target("--ingest-max-streams", CAP)
    with FlightSqlClient(server.flight_uri) as client:
        for number in range(CAP + 2):
            client.ingest(fs.statement_ingest(f"stream_{number}", fs.NOT_EXIST_CREATE,
                                              fs.EXISTS_APPEND), pa.table({"i": [number]}))
        assert client.rows("SELECT name FROM pintail.streams ORDER BY name") == [
            (f"stream_{number}",) for number in range(2, CAP + 2)]
        for number in range(CAP + 2):
            client.update(f"DROP TABLE stream_{number}")
    server.assert_unharmed()
