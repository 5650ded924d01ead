"""SQL over Flight SQL is DuckDB's SQL: the same statements, here and in process, answer alike."""

import pathlib
from decimal import Decimal

import duckdb
import pyarrow as pa

from sql.sql_doors import FlightDoor, SqlError

CORPUS = pathlib.Path(__file__).with_name("same_as_duckdb.sql")


def statements():
    for block in CORPUS.read_text().split("\n\n"):
        sql = "\n".join(line for line in block.splitlines() if not line.startswith("--")).strip()
        if sql:
            yield sql


def is_huge_integer(type_):
    """Whether DuckDB ships its 128-bit integers in a form of its own; here they are decimals."""
    return (isinstance(type_, pa.BaseExtensionType)
            and getattr(type_, "type_name", "") in ("hugeint", "uhugeint"))


def plain(type_):
    """The type without what only says how it is shipped: names of elements, dictionaries."""
    if isinstance(type_, pa.BaseExtensionType):
        if type_.extension_name == "arrow.bool8":
            return pa.bool_()
        if is_huge_integer(type_):
            return pa.decimal128(38, 0)
        return plain(type_.storage_type)
    if pa.types.is_dictionary(type_):
        return plain(type_.value_type)
    if pa.types.is_map(type_):
        return pa.map_(plain(type_.key_type), plain(type_.item_type))
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(plain(type_.value_type), type_.list_size)
    if pa.types.is_list(type_):
        return pa.list_(plain(type_.value_type))
    if pa.types.is_struct(type_):
        return pa.struct([(field.name, plain(field.type)) for field in type_])
    return type_


def outcome_in_process(connection, sql):
    """("error", class of the error) or ("rows", types, rows)."""
    try:
        result = connection.sql(sql) if sql.startswith("SHOW") else connection.execute(sql)
        table = result.to_arrow_table() if result.description else None
    except duckdb.Error as error:
        return ("error", str(error).splitlines()[0])
    return ("rows", table)


def outcome_over_flight(door, sql):
    try:
        return ("rows", door.table(sql))
    except SqlError as error:
        return ("error", error.message)


def difference(sql, expected, found):
    if expected[0] != found[0]:
        return f"{sql}\n  DuckDB: {expected}\n  here:   {found}"
    if expected[0] == "error":
        # The message's essence, without the class of the error before it.
        essence = expected[1].split(": ", 1)[-1]
        return None if essence in found[1] else f"{sql}\n  DuckDB: {essence}\n  here:   {found[1]}"
    ours, theirs = found[1], expected[1]
    if not ours.num_columns and theirs.column_names in (["Count"], ["Success"]):
        return None  # what has no rows shows none here; the count is told beside them
    if [(f.name, plain(f.type)) for f in ours.schema] != [
            (f.name, plain(f.type)) for f in theirs.schema]:
        return f"{sql}\n  DuckDB: {theirs.schema}\n  here:   {ours.schema}"
    if as_texts(ours) != as_texts(theirs):
        return f"{sql}\n  DuckDB: {as_texts(theirs.slice(0, 5))}\n  here:   {as_texts(ours.slice(0, 5))}"
    return None


def as_texts(table):
    """Each column's values, written out (so that NaN equals itself)."""
    return [as_text(column) for column in table.columns]


def as_text(column):
    if is_huge_integer(column.type):
        signed = column.type.type_name == "hugeint"
        return repr([None if value is None else Decimal(
            int.from_bytes(value, "little", signed=signed)) for value in column.to_pylist()])
    try:
        return repr(column.to_pylist())
    except ValueError:  # structs whose fields have equal names make no dict
        return column.combine_chunks().to_string(window=column.length())


def test_every_statement_of_the_corpus_answers_as_duckdb_does(start_server):
    server = start_server("--metrics-table-enabled=false")
    here = duckdb.connect()
    here.execute("SET TimeZone = 'UTC'")
    here.execute("SET arrow_lossless_conversion = true")
    there = FlightDoor(server)
    there.table("SET TimeZone = 'UTC'")
    differences = []
    count = 0
    for sql in statements():
        count += 1
        found = difference(sql, outcome_in_process(here, sql), outcome_over_flight(there, sql))
        if found:
            differences.append(found)
    there.close()
    assert count >= 150
    assert not differences, f"{len(differences)} of {count} differ:\n" + "\n".join(differences)
