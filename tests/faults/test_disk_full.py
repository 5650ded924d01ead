"""A disk that fills up under load: writers are told, readers are served, and with room again it goes on; nothing acknowledged is lost."""

import pyarrow as pa
import pyarrow.flight as flight
import pytest

from faults.checker import COLUMNS, assert_right
from faults.doors import Put, Rest, Stream
from faults.small_disk import SmallDisk
from faults.writers import Tally, Writer, join, refusals
from flight_sql import FlightSqlClient

MEBIBYTE = 1 << 20
SIZE, BALLAST = 64 * MEBIBYTE, 24 * MEBIBYTE


@pytest.fixture
def disk(tmp_path):
    with SmallDisk(tmp_path / "disk", SIZE) as disk:
        yield disk


def test_the_disk_is_small(disk):
    assert disk.free_bytes() == SIZE
    with pytest.raises(OSError, match="No space left"):
        disk.take("too much", SIZE + 1)
    disk.give_back("too much")
    assert disk.free_bytes() == SIZE


@pytest.fixture
def start_on(disk, tmp_path, start_server):
    """Starts a server whose database lies on the small disk."""
    folder = tmp_path / "server"
    folder.mkdir()

    def start():
        return start_server(database=disk.folder / "hot.duckdb", folder=folder,
                            launcher=disk.launcher)

    return start


def fill(server, first):
    """Writes until every writer has been refused, each for want of room."""
    tally, writers = Tally(), []
    for index, door_type in enumerate([Put, Rest, Stream] * 2):
        door = door_type(server, "ledger", _Largest())
        if door_type is not Stream:
            door.sizes = (1, 300, 20_000)
        writers.append(Writer(door, first + index, tally, first + index))
    for writer in writers:
        writer.start()
    written = join(writers)
    told = refusals(writers)
    assert len(told) == len(writers), "a writer came to its end on a full disk"
    for refusal in told:
        assert "resource_exhausted" in refusal.lower() and "space" in refusal, refusal
    return written


class _Largest:
    """Chooses the largest batches, and many of them to a commit."""

    def choice(self, options):
        return max(options)


@pytest.fixture
def filled(disk, start_on):
    """A server on a full disk, all of whose writers have been refused; and what they wrote."""
    disk.take("ballast", BALLAST)
    server = start_on()
    with FlightSqlClient(server.flight_uri) as client:
        client.update(f"CREATE TABLE ledger ({COLUMNS})")
    written = fill(server, 0)
    assert written.acknowledged
    return server, written


def assert_serves(server, written):
    with FlightSqlClient(server.flight_uri) as client:
        assert_right(client.rows, ["ledger"], written)


def test_readers_are_served_and_with_room_again_writers(filled, disk, start_on):
    server, written = filled
    assert_serves(server, written)
    disk.give_back("ballast")
    more = fill(server, 100)
    assert more.acknowledged
    written.add(more)
    assert_serves(server, written)
    server.kill()
    assert_serves(start_on(), written)


def test_a_start_on_a_full_disk(filled, disk, start_on):
    server, written = filled
    server.kill()
    disk.take("rest", disk.free_bytes())
    assert disk.free_bytes() == 0
    server = start_on()
    assert_serves(server, written)
    server.kill()
    disk.give_back("rest")
    disk.give_back("ballast")
    assert_serves(start_on(), written)


def test_an_end_on_a_full_disk(filled, disk, start_on):
    """What does not fit into the file at the end stays in the log."""
    server, written = filled
    server.stop_quietly()
    disk.give_back("ballast")
    assert_serves(start_on(), written)


def test_a_checkpoint_on_a_full_disk_loses_nothing(filled, disk, start_on):
    """Whether it needs more room depends on how much was stored already, and where."""
    server, written = filled
    with FlightSqlClient(server.flight_uri) as client:
        try:
            client.update("CHECKPOINT")
        except (pa.ArrowException, flight.FlightError) as refused:
            assert "No space left on device" in str(refused)
    server.kill()
    assert_serves(start_on(), written)
    disk.give_back("ballast")
