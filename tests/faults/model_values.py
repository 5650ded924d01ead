"""Types, values, predicates and batches of the model test: few values, so that statements hit rows, and exact ones, so that sums agree."""

import datetime
from decimal import Decimal

import pyarrow as pa

ARROW = {
    "BIGINT": pa.int64(), "INTEGER": pa.int32(), "VARCHAR": pa.string(), "DOUBLE": pa.float64(),
    "DECIMAL(12,2)": pa.decimal128(12, 2), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}
TYPES = list(ARROW)
NUMBERS = {"BIGINT", "INTEGER", "DOUBLE", "DECIMAL(12,2)"}
# What a column may be changed to without refusing a value.
WIDER = {"INTEGER": ["BIGINT", "VARCHAR"], "BIGINT": ["VARCHAR"], "DATE": ["TIMESTAMP"],
         "BOOLEAN": ["INTEGER", "VARCHAR"], "VARCHAR": ["INTEGER"]}
_TEXTS = ["", "a", "b", "duck", "Ente", "größer", "7", "-12", "x" * 40]


def value(chance, kind):
    """A value for Arrow, sometimes None."""
    if chance.random() < 0.1:
        return None
    number = chance.randrange(-40, 41)
    return {
        "BIGINT": lambda: number, "INTEGER": lambda: number,
        "VARCHAR": lambda: chance.choice(_TEXTS), "DOUBLE": lambda: number / 4,
        "DECIMAL(12,2)": lambda: Decimal(number) / 4, "BOOLEAN": lambda: number > 0,
        "DATE": lambda: datetime.date(2024, 3, 1) + datetime.timedelta(days=number),
        "TIMESTAMP": lambda: datetime.datetime(2024, 3, 1, 12) + datetime.timedelta(hours=number),
    }[kind]()


def literal(chance, kind):
    """The same as SQL text."""
    chosen = value(chance, kind)
    if chosen is None:
        return f"CAST(NULL AS {kind})"
    if kind in ("BIGINT", "INTEGER", "BOOLEAN"):
        return str(chosen).lower()
    if kind == "VARCHAR":
        return f"'{chosen}'"
    return f"CAST('{chosen}' AS {kind})"


def predicate(chance, columns, prefix=""):
    """A condition on one or two columns; `columns` are {name: type}."""
    name = chance.choice(list(columns))
    kind, column = columns[name], prefix + name
    if name == "id":
        simple = chance.choice([f"{column} % {chance.randrange(2, 9)} = 1",
                                f"{column} > {chance.randrange(0, 400)}",
                                f"{column} BETWEEN {chance.randrange(0, 90)} AND {chance.randrange(90, 300)}"])
    elif kind not in ARROW:
        simple = f"{column} IS NOT NULL"
    else:
        simple = chance.choice([
            f"{column} IS NULL", f"{column} IS NOT NULL",
            f"{column} = {literal(chance, kind)}", f"{column} >= {literal(chance, kind)}",
            f"{column} < {literal(chance, kind)}", f"{column} IS DISTINCT FROM {literal(chance, kind)}",
            f"{column} IN ({literal(chance, kind)}, {literal(chance, kind)})"])
        if kind == "VARCHAR" and chance.random() < 0.3:
            simple = f"{column} LIKE '%{chance.choice('aue1')}%'"
    if chance.random() < 0.25:
        return f"({simple} {chance.choice(['AND', 'OR'])} {predicate(chance, columns, prefix)})"
    return simple


def batch(chance, columns, ids):
    """A batch for a table: all of its columns in any order; `ids` gives a number for each row."""
    names = list(columns)
    chance.shuffle(names)
    rows = chance.choice([1, 1, 2, 5, 20, 60])
    arrays = []
    for name in names:
        if name == "id":
            arrays.append(pa.array([next(ids) for _ in range(rows)], pa.int64()))
        else:
            arrays.append(pa.array([value(chance, columns[name]) for _ in range(rows)],
                                   ARROW[columns[name]]))
    return pa.table(arrays, names=names)


def plain(table):
    """The rows as tuples in which equal values are equal, whatever integer type carries them."""
    def one(item):
        if isinstance(item, Decimal) and item == item.to_integral_value():
            return int(item)
        return item

    return [tuple(one(item) for item in row)
            for row in zip(*(column.to_pylist() for column in table.columns))]
