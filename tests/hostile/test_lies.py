"""Arrow streams that are well framed and whose contents lie are refused, by every way in.

Each lie begins as a valid stream in which single bytes are then changed, so that everything
but the lie is true. Arrow's own readers accept most of them.
"""

import decimal
import socket
import struct

import pyarrow as pa
import pytest

from hostile.doors import WAYS, Refusal, put_by_command
from ipc_messages import join, split, table_bytes


def pack(kind, *values):
    return struct.pack(f"<{len(values)}{kind}", *values)


def lie(table, old, new, *, metadata=False, places=1, **options):
    """The table's stream with `old` changed into `new` in the last message's body or metadata."""
    messages = split(table_bytes(table, **options))
    head, body = messages[-1]
    part = head if metadata else body
    assert part.count(old) == places, f"{part.count(old)} places to change: {part.hex()}"
    part = part.replace(old, new)
    messages[-1] = (part, body) if metadata else (head, part)
    return join(messages)


STRINGS = pa.table({"s": ["abc", "def", "ghi"]})
LISTS = pa.table({"l": pa.array([[11, 12], [13, 14], [15, 16]], pa.list_(pa.int32()))})
VIEWS = pa.table({"v": pa.array(["sixteen bytes xx", "a"], pa.string_view())})
WORDS = pa.table({"d": pa.array(["x", "y", "x", "y"]).dictionary_encode()})
RUNS = pa.table({"r": pa.RunEndEncodedArray.from_arrays(
    pa.array([2, 5], pa.int32()), pa.array([70, 80], pa.int64()))})
NUMBERS = pa.table({"n": pa.array(range(12345), pa.int64())})
UNION = pa.table({"u": pa.UnionArray.from_sparse(
    pa.array([0, 1, 0, 1], pa.int8()), [pa.array([1, 2, 3, 4]), pa.array(["a", "b", "c", "d"])])})
DENSE = pa.table({"u": pa.UnionArray.from_dense(
    pa.array([0, 1, 0], pa.int8()), pa.array([1, 0, 2], pa.int32()),
    [pa.array([41, 42, 43]), pa.array(["a"])])})
MAPS = pa.table({"m": pa.array([[("k", 31), ("l", 32)], [("q", 33)]],
                               pa.map_(pa.string(), pa.int64()))})
STRUCTS = pa.table({"s": pa.array([{"a": i} for i in range(777)], pa.struct([("a", pa.int64())]))})
FIXED = pa.table({"f": pa.array([[1.0, 2.0]] * 777, pa.list_(pa.float32(), 2))})
PACKED = pa.table({"n": pa.array([7] * 5000, pa.int64())})
NOTHING = pa.Table.from_struct_array(pa.array([{}] * 12345, pa.struct([])))

VIEW = pack("i", 16) + b"sixt" + pack("i", 0, 0)
NODE = pack("q", 12345, 0)  # a FieldNode: length, null count
BIG = 1 << 31

LIES = {
    "offsets past the data": lie(STRINGS, pack("i", 0, 3, 6, 9), pack("i", 0, 3, 6, 1 << 20)),
    "offsets far past the data": lie(
        STRINGS, pack("i", 0, 3, 6, 9), pack("i", 0, 3, 6, (1 << 31) - 1)),
    "decreasing offsets": lie(STRINGS, pack("i", 0, 3, 6, 9), pack("i", 0, 6, 3, 9)),
    "negative offsets": lie(STRINGS, pack("i", 0, 3, 6, 9), pack("i", 0, -5, 6, 9)),
    "a first offset past the data": lie(
        STRINGS, pack("i", 0, 3, 6, 9), pack("i", 1 << 20, 1 << 20, 1 << 20, 1 << 20)),
    "invalid UTF-8": lie(STRINGS, b"abcdefghi", b"ab\xff\xfeefghi"),
    "an overlong UTF-8 sequence": lie(STRINGS, b"abcdefghi", b"\xc0\x80cdefghi"),
    "a UTF-8 surrogate": lie(STRINGS, b"abcdefghi", b"\xed\xa0\x80defghi"),
    "a character cut in two": lie(STRINGS, b"abcdefghi", b"ab\xc3\xa4efghi"),
    "list offsets past the child": lie(LISTS, pack("i", 0, 2, 4, 6), pack("i", 0, 2, 4, 600)),
    "list offsets decreasing": lie(LISTS, pack("i", 0, 2, 4, 6), pack("i", 0, 4, 2, 6)),
    "list offsets negative": lie(LISTS, pack("i", 0, 2, 4, 6), pack("i", -2, 2, 4, 6)),
    "a view of another buffer": lie(VIEWS, VIEW, pack("i", 16) + b"sixt" + pack("i", 9, 0)),
    "a view of a negative buffer": lie(VIEWS, VIEW, pack("i", 16) + b"sixt" + pack("i", -1, 0)),
    "a view past its buffer": lie(VIEWS, VIEW, pack("i", 16) + b"sixt" + pack("i", 0, 1 << 20)),
    "a view of negative length": lie(VIEWS, VIEW, pack("i", -16) + b"sixt" + pack("i", 0, 0)),
    "a view longer than its buffer": lie(
        VIEWS, VIEW, pack("i", 1 << 30) + b"sixt" + pack("i", 0, 0)),
    "a view whose prefix is another": lie(VIEWS, VIEW, pack("i", 16) + b"nine" + pack("i", 0, 0)),
    "a dictionary index past the end": lie(
        WORDS, pack("i", 0, 1, 0, 1), pack("i", 0, 1, 9999, 1)),
    "a negative dictionary index": lie(WORDS, pack("i", 0, 1, 0, 1), pack("i", 0, -1, 0, 1)),
    "run ends that decrease": lie(RUNS, pack("i", 2, 5), pack("i", 5, 2)),
    "run ends of zero": lie(RUNS, pack("i", 2, 5), pack("i", 0, 5)),
    "run ends short of the length": lie(RUNS, pack("i", 2, 5), pack("i", 2, 3)),
    "negative run ends": lie(RUNS, pack("i", 2, 5), pack("i", -2, 5)),
    "an unknown union type": lie(UNION, pack("b", 0, 1, 0, 1), pack("b", 0, 9, 0, 1)),
    "a negative union type": lie(UNION, pack("b", 0, 1, 0, 1), pack("b", 0, -1, 0, 1)),
    "dense union offsets past the child": lie(DENSE, pack("i", 1, 0, 2), pack("i", 1, 0, 99)),
    "map offsets past the entries": lie(MAPS, pack("i", 0, 2, 3), pack("i", 0, 2, 999)),
    "2^62 rows of no columns": lie(
        NOTHING, pack("q", 12345), pack("q", 1 << 62), metadata=True),
    "a decimal out of its precision": lie(
        pa.table({"d": pa.array([decimal.Decimal("1.25")] * 3, pa.decimal128(3, 2))}),
        pack("q", 125, 0) * 3, pack("q", 125, 0) * 2 + pack("q", 0, 1 << 40)),
    "a column longer than its batch": lie(NUMBERS, NODE, pack("q", BIG, 0), metadata=True),
    "2^31 rows without their buffers": lie(
        NUMBERS, pack("q", 12345), pack("q", BIG), metadata=True, places=2),
    "2^62 rows without their buffers": lie(
        NUMBERS, pack("q", 12345), pack("q", 1 << 62), metadata=True, places=2),
    "a negative number of rows": lie(
        NUMBERS, pack("q", 12345), pack("q", -1), metadata=True, places=2),
    "more nulls than rows": lie(NUMBERS, NODE, pack("q", 12345, 99999), metadata=True),
    "nulls without a bitmap": lie(NUMBERS, NODE, pack("q", 12345, 5), metadata=True),
    "a struct longer than its child": lie(
        STRUCTS, pack("q", 777, 0, 777, 0), pack("q", 777, 0, 7, 0), metadata=True),
    "a fixed list longer than its child": lie(
        FIXED, pack("q", 777, 0, 1554, 0), pack("q", 777, 0, 7, 0), metadata=True),
    "a buffer past the body": lie(
        NUMBERS, pack("q", 0, 12345 * 8), pack("q", 0, 1 << 40), metadata=True),
    "a buffer of negative length": lie(
        NUMBERS, pack("q", 0, 12345 * 8), pack("q", 0, -8), metadata=True),
}


def packed_lie(length, codec="zstd"):
    """A compressed buffer that claims another length for what is in it."""
    return lie(PACKED, pack("q", 5000 * 8), pack("q", length), compression=codec)


for _codec in ("zstd", "lz4"):
    for _name, _length in {"too great": 1 << 33, "far too great": 1 << 61, "too small": 8,
                           "off by one": 5000 * 8 + 1, "negative": -2}.items():
        LIES[f"an uncompressed length that is {_name} ({_codec})"] = packed_lie(_length, _codec)


def two_schemas():
    one = split(table_bytes(pa.table({"a": [1]})))
    two = split(table_bytes(pa.table({"a": ["x"]})))
    return join(one + two)


def batch_of_another_schema():
    one = split(table_bytes(pa.table({"a": [1], "b": ["x"]})))
    two = split(table_bytes(pa.table({"a": [1]})))
    return join(one + two[1:])


def batch_before_schema():
    schema, batch = split(table_bytes(pa.table({"a": [1]})))
    return join([batch, schema])


def dictionary_missing():
    messages = split(table_bytes(WORDS))
    return join([messages[0], messages[2]])


def dictionary_of_no_field():
    messages = split(table_bytes(pa.table({"a": [1]})))
    return join([messages[0], split(table_bytes(WORDS))[1], messages[1]])


LIES.update({
    "the schema changed between batches": two_schemas(),
    "a batch of another schema": batch_of_another_schema(),
    "a batch before the schema": batch_before_schema(),
    "a dictionary that never came": dictionary_missing(),
    "a dictionary of no field": dictionary_of_no_field(),
    "two columns of one name": table_bytes(pa.Table.from_arrays(
        [pa.array([1]), pa.array([2])], names=["a", "a"])),
    "two columns of one name but for case": table_bytes(pa.table({"a": [1], "A": [2]})),
    "no columns": table_bytes(pa.table({})),
    "nothing after the schema's first half": table_bytes(STRINGS)[:60],
})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused(target, table_name, name, way):
    with pytest.raises(Refusal) as caught:
        way(target, table_name, LIES[name])
    assert caught.value.kind in ("invalid_argument", "resource_exhausted"), caught.value


def test_a_dictionary_that_is_replaced_is_read_right_or_refused(target, rest_of, table_name):
    one = split(table_bytes(pa.table({"d": pa.array(["x", "y"]).dictionary_encode()})))
    two = split(table_bytes(pa.table({"d": pa.array(["p", "q"]).dictionary_encode()})))
    try:
        WAYS[0](target, table_name, join(one + two[1:]))
    except Refusal as refusal:
        assert refusal.kind == "invalid_argument"
        return
    rows = rest_of(target).sql(f"SELECT d FROM {table_name}")
    rest_of(target).sql(f"DROP TABLE {table_name}")
    assert [row["d"] for row in rows] == ["x", "y", "p", "q"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("rows", [0, 1])
def test_a_column_without_a_name_is_refused(target, rest_of, table_name, rows, way):
    with pytest.raises(Refusal) as caught:
        way(target, table_name, table_bytes(pa.table({"n": [1], "": [2]}).slice(0, rows)))
    assert caught.value.kind == "invalid_argument"
    assert "column 2 of 2 has no name" in caught.value.message
    assert rest_of(target).sql(
        f"SELECT table_name FROM duckdb_tables() WHERE table_name = '{table_name}'") == []


def nested(depth):
    type_ = pa.int32()
    for _ in range(depth):
        type_ = pa.list_(type_)
    return type_


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("depth", [65, 500, 3000])
def test_a_type_nested_too_deep_is_refused(target, table_name, depth, way):
    schema = pa.schema([("deep", nested(depth))])
    with pytest.raises(Refusal) as caught:
        way(target, table_name, schema.serialize().to_pybytes())
    assert caught.value.kind in ("invalid_argument", "resource_exhausted")


def columns(count):
    """A stream of a schema alone."""
    schema = pa.schema([(str(number), pa.int8()) for number in range(count)])
    return schema.serialize().to_pybytes()


@pytest.mark.parametrize("way", WAYS)
def test_a_million_columns_are_refused(target, table_name, way):
    with pytest.raises(Refusal) as caught:
        way(target, table_name, columns(1_000_000))
    assert caught.value.kind == "invalid_argument"
    assert "1000000 columns" in caught.value.message
    assert "limits.max_columns" in caught.value.message


@pytest.mark.parametrize("way", WAYS)
def test_more_columns_than_the_limit_are_refused(target, table_name, way):
    with pytest.raises(Refusal) as caught:
        way(target, table_name, columns(10_001))
    assert caught.value.kind in ("invalid_argument", "resource_exhausted")
    assert "10001 columns; the limit is 10000" in caught.value.message


def by_chunks_over_rest(server, table, stream):
    WAYS[0](server, f"{table}?chunk_rows=10", stream)


def by_chunks_over_flight(server, table, stream):
    put_by_command(server, {"target_table": table, "chunk_size": 10}, stream)


@pytest.mark.parametrize("way", [by_chunks_over_rest, by_chunks_over_flight])
def test_a_lie_after_many_chunks_leaves_nothing(target, rest_of, table_name, way):
    """What was handed to the database before is undone: rows, columns and the table itself."""
    good = split(table_bytes(pa.table({"s": ["abc", "def", "ghi"] * 100, "new": range(300)})))
    last = split(lie(pa.table({"s": ["abc", "def", "ghi"], "new": [1, 2, 3]}),
                     pack("i", 0, 3, 6, 9), pack("i", 0, 3, 6, 1 << 20)))
    stream = join([*good, *[good[1]] * 10, last[1]])
    with pytest.raises(Refusal):
        way(target, table_name, stream)
    target.assert_unharmed()
    rest = rest_of(target)
    rest.sql(f"CREATE TABLE {table_name} AS SELECT 'kept' AS s")
    try:
        with pytest.raises(Refusal):
            way(target, table_name, stream)
        assert rest.sql(f"SELECT * FROM {table_name}") == [{"s": "kept"}]
    finally:
        rest.sql(f"DROP TABLE {table_name}")


def test_more_rows_than_a_batch_may_have_are_refused(start_target):
    server = start_target("--limits-max-rows-per-batch", "100")
    for way in WAYS:
        with pytest.raises(Refusal) as caught:
            way(server, "long", table_bytes(pa.table({"n": range(101)})))
        assert "101 rows; the limit is 100" in caught.value.message
    server.assert_unharmed()


def test_a_batch_larger_than_the_limit_is_refused(start_target):
    """One that is just what it says it is."""
    server = start_target("--limits-max-batch", "1MiB")
    for way in WAYS:
        with pytest.raises(Refusal) as caught:
            way(server, "large", table_bytes(pa.table({"n": range(200_000)})))
        assert caught.value.kind in ("resource_exhausted", "invalid_argument")
        assert "1048576" in caught.value.message
    server.assert_unharmed()


def test_a_message_larger_than_the_limit_is_refused_before_it_has_come(start_target):
    server = start_target("--limits-max-batch", "1MiB")
    body = table_bytes(pa.table({"n": range(200_000)}))
    host, port = server.http_address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(b"POST /v1/ingest/large HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Type: application/vnd.apache.arrow.stream\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body[: 256 << 10])
        assert b" 400 " in line.recv(4096).split(b"\r\n")[0]
    server.assert_unharmed()


@pytest.mark.parametrize("way", WAYS)
def test_a_stream_cut_anywhere_leaves_nothing(target, table_name, way):
    stream = table_bytes(pa.table({"n": list(range(50)), "s": ["text"] * 50}))
    schema_end = 8 + len(split(stream)[0][0])
    for end in [*range(0, schema_end, 41), *range(schema_end + 1, len(stream) - 8, 97)]:
        with pytest.raises(Refusal):
            way(target, table_name, stream[:end])
