"""The format of the `.test` files in this folder, and how results are written in it.

A file is a list of blocks parted by empty lines. Lines before a block that begin with `#`
are its comment. The first line may be `doors flight rest`: the doors the file goes through
(flight alone when it is missing). Blocks:

    statement ok                    the statements run
    statement count 3               … and change so many rows
    statement error                 they fail with this kind, and a message that holds each
    ----                            of the lines
    invalid_sql
    does not exist

    query                           the rows, cells parted by ` | `, in the order given
    SELECT 1, 'a'                   (`query unordered`: in any order)
    ----
    1 | a

    schema                          name and Arrow type of each column of the result
    SELECT 1 AS one
    ----
    one int32
"""

import dataclasses
import datetime
import decimal
import math
import re


@dataclasses.dataclass
class Block:
    kind: str
    argument: str
    sql: str
    expected: list
    line: int


def parse(text):
    """(doors, [Block])."""
    doors = ["flight"]
    blocks = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at].rstrip()
        if not line or line.startswith("#"):
            at += 1
            continue
        word, _, argument = line.partition(" ")
        if word == "doors":
            doors = argument.split()
            at += 1
            continue
        if word not in ("statement", "query", "schema"):
            raise ValueError(f"line {at + 1}: {line!r} begins no block")
        start = at + 1
        at += 1
        body = []
        while at < len(lines) and lines[at].strip():
            body.append(lines[at].rstrip())
            at += 1
        if "----" in body:
            cut = body.index("----")
            body, expected = body[:cut], body[cut + 1 :]
        else:
            expected = []
        blocks.append(Block(word, argument, "\n".join(body), expected, start))
    return doors, blocks


def cell(value):
    """A value as the files write it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"
        return f"{value:.15g}"
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray)):
        return "0x" + bytes(value).hex()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {cell(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return "[" + ", ".join(cell(v) for v in value) + "]"
    text = str(value)
    return text if text else "(empty)"


def rows(table):
    """The rows of an Arrow table as lines."""
    columns = [[cell(value) for value in column.to_pylist()] for column in table.columns]
    return [re.sub(r"[\n\r]", "\\\\n", " | ".join(row)) for row in zip(*columns)]


def schema_lines(schema):
    return [f"{field.name} {field.type}" for field in schema]
