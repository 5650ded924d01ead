"""Random histories of statements and puts: every answer is the one of a plain DuckDB that was given the same, in the same order."""

import pyarrow as pa
import pytest

from faults.model_run import Difference, Run
from faults.soak import seeds, short_or_long

STEPS = short_or_long(short=150, long=600)


@pytest.fixture
def start_run(start_server, tmp_path):
    """Makes a run on a database file of its own."""
    folder = tmp_path / "server"
    folder.mkdir()

    def start(seed):
        return Run(seed, lambda: start_server(database=tmp_path / "hot.duckdb", folder=folder),
                   tmp_path / "files")

    return start


@pytest.mark.parametrize("seed", seeds(short=10, long=300))
def test_a_random_history_is_as_in_plain_duckdb(start_run, seed):
    start_run(seed).run(STEPS)


@pytest.mark.parametrize("broken", [
    "INSERT INTO t0 (id) VALUES (7)", "DELETE FROM t0 WHERE id = 3", "UPDATE t0 SET b = 'x' WHERE id = 3",
    "DROP TABLE t1", "ALTER TABLE t0 ADD COLUMN z BIGINT"])
def test_one_statement_on_one_side_only_is_noticed(start_run, broken):
    run = start_run(1)
    rows = pa.table({"id": [1, 2, 3], "a": [4, 5, 6]})
    run._both("put", run.actors[0], "put", "t0", rows)
    run._look(None)
    run.actors[0].client.change(broken)
    with pytest.raises(Difference, match="seed 1, step"):
        run._look(None)
    run.close()
