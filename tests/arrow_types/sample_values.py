"""Every Arrow type with sample values, and what comes back when it was ingested.

`DIFFERENT` is the whole list of documented differences: DuckDB has no type of its own for
these, so they come back as its nearest, with equal values. `REFUSED` are the types that DuckDB
has nothing for: ingest says so by name.
"""

import datetime
import decimal
import uuid

import pyarrow as pa

D = decimal.Decimal
DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 2, 29, 12, 34, 56)


def _interval(months, days, nanoseconds):
    return pa.MonthDayNano([months, days, nanoseconds])


SAME = {
    "int8": pa.array([-128, None, 127], pa.int8()),
    "int16": pa.array([-32768, None, 32767], pa.int16()),
    "int32": pa.array([-(2**31), None, 2**31 - 1], pa.int32()),
    "int64": pa.array([-(2**63), None, 2**63 - 1], pa.int64()),
    "uint8": pa.array([0, None, 255], pa.uint8()),
    "uint16": pa.array([0, None, 65535], pa.uint16()),
    "uint32": pa.array([0, None, 2**32 - 1], pa.uint32()),
    "uint64": pa.array([0, None, 2**64 - 1], pa.uint64()),
    "float": pa.array([-1.5, None, float("inf")], pa.float32()),
    "double": pa.array([1e308, None, float("-inf")], pa.float64()),
    "bool": pa.array([True, None, False]),
    "string": pa.array(["", None, "größe 🦆", "longer than twelve bytes of text"]),
    "binary": pa.array([b"", None, b"\x00\xff", b"longer than twelve bytes of data"]),
    "decimal128 small": pa.array([D("-9.99"), None, D("0.01")], pa.decimal128(3, 2)),
    "decimal128 middle": pa.array([D("123456789.123"), None], pa.decimal128(18, 3)),
    "decimal128 large": pa.array([D("9" * 38), None, D("-" + "9" * 38)], pa.decimal128(38, 0)),
    "date32": pa.array([DAY, None, datetime.date(1, 1, 1)], pa.date32()),
    "time64 us": pa.array([datetime.time(23, 59, 59, 999999), None], pa.time64("us")),
    "time64 ns": pa.array([1, None, 86_399_999_999_999], pa.int64()).cast(pa.time64("ns")),
    "timestamp s": pa.array([MOMENT, None], pa.timestamp("s")),
    "timestamp ms": pa.array([MOMENT, None], pa.timestamp("ms")),
    "timestamp us": pa.array([MOMENT, None, datetime.datetime(1, 1, 1)], pa.timestamp("us")),
    "timestamp ns": pa.array([1, None, -1], pa.int64()).cast(pa.timestamp("ns")),
    "timestamp us UTC": pa.array([MOMENT, None], pa.timestamp("us", tz="UTC")),
    "interval month day nano": pa.array(
        [_interval(14, 3, 4_000_000_000), None, _interval(-1, -1, -1000)],
        pa.month_day_nano_interval()),
    "list": pa.array([[1, None], [], None], pa.list_(pa.int32())),
    "list of list": pa.array([[["a"], []], None], pa.list_(pa.list_(pa.string()))),
    "fixed list": pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
                       pa.struct([("a", pa.int32()), ("b", pa.string())])),
    "struct of lists": pa.array([{"l": [1], "s": {"d": DAY}}, None],
                                pa.struct([("l", pa.list_(pa.int64())),
                                           ("s", pa.struct([("d", pa.date32())]))])),
    "map": pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int32())),
    "sparse union": pa.UnionArray.from_sparse(
        pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, None]), pa.array(["a", "b", "c"])],
        ["number", "text"]),
    "uuid": pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([uuid.UUID(int=17).bytes, None], pa.binary(16))),
    "json": pa.ExtensionArray.from_storage(
        pa.json_(), pa.array(['{"a": [1, null]}', None], pa.string())),
}

# name: (array, the type that it comes back as)
DIFFERENT = {
    "large string": (pa.array(["a", None], pa.large_string()), pa.string()),
    "string view": (pa.array(["a", None, "longer than twelve bytes"], pa.string_view()),
                    pa.string()),
    "large binary": (pa.array([b"a", None], pa.large_binary()), pa.binary()),
    "binary view": (pa.array([b"a", None, b"longer than twelve bytes"], pa.binary_view()),
                    pa.binary()),
    "fixed binary": (pa.array([b"abcd", None], pa.binary(4)), pa.binary()),
    "half float": (pa.array([1.5, None], pa.float16()), pa.float32()),
    "decimal32": (pa.array([D("1.25"), None], pa.decimal32(5, 2)), pa.decimal128(5, 2)),
    "decimal64": (pa.array([D("1.25"), None], pa.decimal64(12, 2)), pa.decimal128(12, 2)),
    "decimal256 of 38 digits": (pa.array([D("9" * 38), None], pa.decimal256(38, 0)),
                                pa.decimal128(38, 0)),
    "date64": (pa.array([DAY, None], pa.date64()), pa.date32()),
    "time32 s": (pa.array([datetime.time(1, 2, 3), None], pa.time32("s")), pa.time64("us")),
    "time32 ms": (pa.array([datetime.time(1, 2, 3, 4000), None], pa.time32("ms")),
                  pa.time64("us")),
    "timestamp s with zone": (pa.array([MOMENT, None], pa.timestamp("s", tz="UTC")),
                              pa.timestamp("us", tz="UTC")),
    "timestamp ms with zone": (pa.array([MOMENT, None], pa.timestamp("ms", tz="Asia/Tokyo")),
                               pa.timestamp("us", tz="UTC")),
    "timestamp ns with zone": (
        pa.array([1000, None], pa.int64()).cast(pa.timestamp("ns", tz="UTC")),
        pa.timestamp("us", tz="UTC")),
    "duration ns": (pa.array([2000, None], pa.int64()).cast(pa.duration("ns")),
                    pa.month_day_nano_interval()),
    "duration s": (pa.array([datetime.timedelta(seconds=90), None], pa.duration("s")),
                   pa.month_day_nano_interval()),
    "duration us": (pa.array([datetime.timedelta(microseconds=5), None], pa.duration("us")),
                    pa.month_day_nano_interval()),
    "large list": (pa.array([[1], None], pa.large_list(pa.int32())), pa.list_(pa.int32())),
    "list view": (pa.array([[1, 2], None], pa.list_view(pa.int32())), pa.list_(pa.int32())),
    "dictionary": (pa.array(["a", None, "b", "a"]).dictionary_encode(), pa.string()),
    "dictionary of integers": (pa.array([7, None, 7], pa.int64()).dictionary_encode(), pa.int64()),
    "run end encoded": (pa.RunEndEncodedArray.from_arrays(
        pa.array([2, 3], pa.int32()), pa.array(["a", None])), pa.string()),
    "null": (pa.nulls(3), pa.int32()),
}

REFUSED = {
    "decimal256 of 76 digits": pa.array([D("1"), None], pa.decimal256(76, 0)),
    "dense union": pa.UnionArray.from_dense(
        pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()),
        [pa.array([1]), pa.array(["a"])]),
    "list of half floats": pa.array([[1.5]], pa.list_(pa.float16())),
    "fixed list of nothing": pa.array([[], []], pa.list_(pa.int32(), 0)),
}

# Where it is not the whole type that the message names.
REFUSED_INSIDE = {
    "list of half floats": pa.float16(),
    "fixed list of nothing": "fixed-size list of no elements",
}

# What would be rounded is refused too: DuckDB keeps microseconds where these have more.
FINER = {
    "timestamp ns with zone": pa.array([1001], pa.int64()).cast(pa.timestamp("ns", tz="UTC")),
    "duration ns": pa.array([2001], pa.int64()).cast(pa.duration("ns")),
    "interval with nanoseconds": pa.array([_interval(0, 0, 1)], pa.month_day_nano_interval()),
}

# What is past the numbers that DuckDB counts in; the second value is the one.
TOO_LARGE = {
    "duration s": pa.array([1, 2**62], pa.int64()).cast(pa.duration("s")),
    "duration ms": pa.array([1, -(2**62)], pa.int64()).cast(pa.duration("ms")),
    "timestamp s with zone": pa.array([1, 2**62], pa.int64()).cast(pa.timestamp("s", tz="UTC")),
    "date64": pa.array([0, 86_400_000 * 2**33], pa.int64()).view(pa.date64()),
}


def comparable(value):
    """A value such that what is equal for DuckDB compares equal."""
    if hasattr(value, "asm8"):  # pandas' Timestamp and Timedelta, for nanoseconds
        if not hasattr(value, "year"):
            return _interval(0, 0, value.value)
        return value.value if value.tz is None else comparable(value.to_pydatetime())
    if isinstance(value, datetime.timedelta):
        return _interval(0, 0, round(value.total_seconds() * 1_000_000) * 1000)
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(datetime.timezone.utc)
    if isinstance(value, float) and value != value:
        return "nan"
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value


def same_type(found, expected):
    """Equal but for the names of list elements and map entries, and nullability inside."""
    if isinstance(found, pa.BaseExtensionType) and isinstance(expected, pa.BaseExtensionType):
        return found.extension_name == expected.extension_name
    if pa.types.is_list(expected) or pa.types.is_fixed_size_list(expected):
        return (type(found) is type(expected)
                and getattr(found, "list_size", 0) == getattr(expected, "list_size", 0)
                and same_type(found.value_type, expected.value_type))
    if pa.types.is_map(expected):
        return (pa.types.is_map(found) and same_type(found.key_type, expected.key_type)
                and same_type(found.item_type, expected.item_type))
    if pa.types.is_struct(expected):
        return (pa.types.is_struct(found) and len(found) == len(expected) and all(
            mine.name == theirs.name and same_type(mine.type, theirs.type)
            for mine, theirs in zip(found, expected)))
    if pa.types.is_timestamp(expected) and expected.tz:
        # The zone is the session's, which begins as the machine's.
        return pa.types.is_timestamp(found) and bool(found.tz) and found.unit == expected.unit
    return found == expected
