"""`kill -9` under load, again and again on one file: what was acknowledged is there once and wholly, nothing is there in part.

The end comes after a number of acknowledgements and then a number of reads of a file in /proc, each a few microseconds, so that
it falls anywhere in the life of a commit. Sometimes it is a SIGTERM, sometimes the next start is killed as well.
"""

import pathlib
import random
import subprocess

import pytest

from faults.checker import Written, assert_right
from faults.doors import DOORS
from faults.soak import seeds, short_or_long
from faults.writers import Tally, Writer, join, refusals
from flight_sql import FlightSqlClient
from pintail_server import clean_environment, program

TABLES = ["ledger_a", "ledger_b", "ledger_c"]
MOST_READS = 600
ROUNDS = short_or_long(short={1: 6, 8: 6, 32: 4}, long={1: 100, 8: 100, 32: 60})


def dally(pid, chance):
    """Reads a small file a random number of times: a span of microseconds to milliseconds that does not sleep."""
    path = pathlib.Path(f"/proc/{pid}/stat")
    for _ in range(chance.randrange(MOST_READS)):
        path.read_bytes()


def kill_a_start(path, folder, chance):
    """Starts a server on the file and kills it wherever it is then: before, in or after it reads its logs."""
    with open(folder / "killed.log", "ab") as log:
        process = subprocess.Popen(
            [program(), "serve", "--database", str(path), "--flight-listen", "127.0.0.1:0",
             "--http-listen", "127.0.0.1:0"],
            cwd=folder, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    for _ in range(chance.randrange(20)):
        dally(process.pid, chance)
    process.kill()
    process.wait()


def found_tables(client):
    return [name for (name,) in client.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'ledger%'")]


def check(server, written):
    with FlightSqlClient(server.flight_uri) as client:
        tables = found_tables(client)
        assert tables or not written.acknowledged, "there is no table at all"
        if tables:
            assert_right(client.rows, tables, written)


def one_round(server, number, count, chance):
    """Loads the server with `count` writers, ends it, and gives what was written."""
    tally, writers = Tally(), []
    for index in range(count):
        door = DOORS[(index + number) % len(DOORS)](server, chance.choice(TABLES), chance)
        writers.append(Writer(door, number * 1000 + index, tally, chance.random()))
    for writer in writers:
        writer.start()
    # Most rounds end early; a few go on until there is more to lose.
    most = 6 * count + 20 if chance.random() < 0.75 else 60 * count + 200
    tally.wait_for(count + chance.randrange(most))
    assert not refusals(writers), refusals(writers)
    dally(server.pid, chance)
    if chance.random() < 0.85:
        server.kill()
    else:
        server.terminate()
        assert server.wait() == 0
    return join(writers)


@pytest.mark.parametrize("count", ROUNDS)
@pytest.mark.parametrize("seed", seeds(short=1, long=4))
def test_what_was_acknowledged_outlives_kill_9(start_server, tmp_path, count, seed):
    chance = random.Random(seed * 100 + count)
    path, folder = tmp_path / "hot.duckdb", tmp_path / "server"
    folder.mkdir()
    written = Written()
    print(f"seed {seed}")
    for number in range(ROUNDS[count]):
        if chance.random() < 0.4:
            kill_a_start(path, folder, chance)
        server = start_server(database=path, folder=folder)
        check(server, written)
        written.add(one_round(server, number, count, chance))
    check(start_server(database=path, folder=folder), written)
    assert len(written.acknowledged) >= count * ROUNDS[count]
