"""Runs every `.test` file below this folder, through each door that it names."""

import pathlib

import pytest

from sql.sql_doors import DOORS, SqlError
from sql.sql_test_file import parse, rows, schema_lines

HERE = pathlib.Path(__file__).parent


def cases():
    for path in sorted(HERE.rglob("*.test")):
        doors, blocks = parse(path.read_text())
        for door in doors:
            yield pytest.param(path, door, blocks,
                               id=f"{path.relative_to(HERE).with_suffix('')}-{door}")


def check(door, block):
    if block.kind == "statement" and block.argument == "error":
        with pytest.raises(SqlError) as caught:
            door.table(block.sql)
        kind, *parts = block.expected
        assert kind in caught.value.kinds, caught.value.message
        for part in parts:
            assert part in caught.value.message
    elif block.kind == "statement" and block.argument.startswith("count"):
        assert door.count(block.sql) == int(block.argument.split()[1])
    elif block.kind == "statement":
        assert block.argument == "ok", f"statement {block.argument}"
        door.table(block.sql)
    elif block.kind == "schema":
        assert schema_lines(door.table(block.sql).schema) == block.expected
    else:
        found = rows(door.table(block.sql))
        if block.argument == "unordered":
            assert sorted(found) == sorted(block.expected)
        else:
            assert found == block.expected


@pytest.mark.parametrize("path, door_name, blocks", list(cases()))
def test_sql_file(path, door_name, blocks, fresh_server):
    door = DOORS[door_name](fresh_server)
    try:
        for block in blocks:
            try:
                check(door, block)
            except (AssertionError, SqlError) as error:
                raise AssertionError(f"{path}:{block.line}: {block.sql}\n{error}") from error
    finally:
        door.close()
