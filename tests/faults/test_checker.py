"""The checker finds what it is there for: the same ledger in plain DuckDB, with one thing wrong at a time."""

import duckdb
import pytest

from faults import checker

BATCHES = {(1, 0): 5, (1, 1): 1, (2, 0): 300, (2, 1): 7}


@pytest.fixture
def ledger():
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE ledger ({checker.COLUMNS})")
        yield database


def put(ledger, writer, batch, rows):
    data = checker.batch_of_rows(writer, batch, rows)
    ledger.register("data", data)
    ledger.execute("INSERT INTO ledger SELECT * FROM data")
    ledger.unregister("data")


def wrong(ledger, acknowledged=frozenset(BATCHES), sent=None):
    found = ledger.execute(checker.FOUND.format(table="ledger")).fetchall()
    return checker.wrong_with(found, checker.Written(dict(sent or BATCHES), set(acknowledged)))


@pytest.fixture
def filled(ledger):
    for (writer, batch), rows in BATCHES.items():
        put(ledger, writer, batch, rows)
    return ledger


def test_all_is_well(filled):
    assert wrong(filled) == []


def test_what_was_not_acknowledged_may_be_there_or_not(filled):
    filled.execute("DELETE FROM ledger WHERE writer = 1")
    assert wrong(filled, acknowledged={(2, 0)}) == []


# Each SQL text breaks batch 0 of writer 2, which has 300 rows.
BROKEN = {
    "lost": ("DELETE FROM ledger WHERE writer = 2 AND batch = 0", "is lost"),
    "doubled": ("INSERT INTO ledger FROM ledger WHERE writer = 2 AND batch = 0", "is doubled: 600"),
    "one row doubled": ("INSERT INTO ledger FROM ledger WHERE writer = 2 AND batch = 0 AND row = 9",
                        "is doubled: 301"),
    "in part": ("DELETE FROM ledger WHERE writer = 2 AND batch = 0 AND row >= 128",
                "in part: 128 rows of 300"),
    "one row missing": ("DELETE FROM ledger WHERE writer = 2 AND batch = 0 AND row = 0",
                        "in part: 299 rows of 300"),
    "one row in place of another": (
        "DELETE FROM ledger WHERE writer = 2 AND batch = 0 AND row = 7;"
        "INSERT INTO ledger FROM ledger WHERE writer = 2 AND batch = 0 AND row = 8", "is doubled"),
    "changed": ("UPDATE ledger SET sequence = sequence + 1 WHERE writer = 2 AND batch = 0 AND row = 3",
                "is not as it was sent"),
    "shorter than sent": ("UPDATE ledger SET rows_in_batch = 200 WHERE writer = 2 AND batch = 0;"
                          "DELETE FROM ledger WHERE writer = 2 AND batch = 0 AND row >= 200",
                          "is not as it was sent"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_broken_batch_is_found(filled, case, acknowledged):
    statement, line = BROKEN[case]
    filled.execute(statement)
    keys = set(BATCHES) - (set() if acknowledged else {(2, 0)})
    lines = wrong(filled, acknowledged=keys)
    if case == "lost" and not acknowledged:
        assert lines == []
    else:
        assert len(lines) == 1 and line in lines[0] and "batch 0 of writer 2" in lines[0], lines


def test_a_batch_that_nobody_sent_is_found(filled):
    put(filled, 3, 0, 4)
    assert wrong(filled) == ["batch 0 of writer 3 was never sent, and 4 rows of it are there"]
