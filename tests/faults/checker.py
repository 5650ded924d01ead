"""What is in the ledger, against what was sent and what was acknowledged.

Every row says which batch it is of, which row of it, how many rows the batch has, and a checksum over all of that, so that
a batch can be judged by itself: it is there wholly and once, or it is there in part, more than once, or changed.
"""

import dataclasses

import pyarrow as pa

COLUMNS = ("writer BIGINT, sequence BIGINT, batch BIGINT, row BIGINT, rows_in_batch BIGINT,"
           " checksum BIGINT")
SCHEMA = pa.schema([(name, pa.int64()) for name in
                    ("writer", "sequence", "batch", "row", "rows_in_batch", "checksum")])

# The same sum in SQL and in `checksum`; a prime, so that every part counts.
_CHECKSUM = ("(writer * 1000003 + sequence * 8191 + batch * 524287 + row * 131"
             " + rows_in_batch * 31 + 7) % 2147483647")

# One row for each batch that has any.
FOUND = f"""
    SELECT writer, batch, count(*) AS rows, count(DISTINCT row) AS different,
           min(rows_in_batch) AS least_told, max(rows_in_batch) AS most_told,
           count(DISTINCT sequence) AS sequences,
           bool_and(row >= 0 AND row < rows_in_batch AND checksum = {_CHECKSUM}) AS sound
    FROM {{table}} GROUP BY ALL"""


def checksum(writer, sequence, batch, row, rows_in_batch):
    return (writer * 1000003 + sequence * 8191 + batch * 524287 + row * 131
            + rows_in_batch * 31 + 7) % 2147483647


def batch_of_rows(writer, batch, rows):
    """A record batch whose rows tell all about it. A writer's rows are numbered through: `sequence` is that of its first."""
    first = batch * 1_000_000
    return pa.record_batch([
        pa.array([writer] * rows, pa.int64()),
        pa.array([first + row for row in range(rows)], pa.int64()),
        pa.array([batch] * rows, pa.int64()),
        pa.array(range(rows), pa.int64()),
        pa.array([rows] * rows, pa.int64()),
        pa.array([checksum(writer, first + row, batch, row, rows) for row in range(rows)],
                 pa.int64()),
    ], schema=SCHEMA)


@dataclasses.dataclass
class Written:
    """What a group of writers did: batches as (writer, batch) with their rows."""

    sent: dict = dataclasses.field(default_factory=dict)
    acknowledged: set = dataclasses.field(default_factory=set)

    def add(self, other):
        self.sent.update(other.sent)
        self.acknowledged |= other.acknowledged


def wrong_with(found, written):
    """A line for each batch that is not as it must be; `found` are the rows of FOUND as tuples."""
    lines, whole = [], set()
    for writer, batch, rows, different, least, most, sequences, sound in found:
        key, name = (writer, batch), f"batch {batch} of writer {writer}"
        if key not in written.sent:
            lines.append(f"{name} was never sent, and {rows} rows of it are there")
        elif not sound or least != most or most != written.sent[key]:
            lines.append(f"{name} is not as it was sent")
        elif rows > most or rows > different:
            lines.append(f"{name} is doubled: {rows} rows of {most}, {different} different")
        elif rows < most or sequences != most:
            lines.append(f"{name} is there in part: {rows} rows of {most}")
        else:
            whole.add(key)
    judged = {(row[0], row[1]) for row in found}
    for writer, batch in sorted(written.acknowledged - judged):
        lines.append(f"batch {batch} of writer {writer} was acknowledged and is lost")
    return lines


def assert_right(query, tables, written):
    """Checks the tables, all of one ledger, with `query`, a function from SQL to rows as tuples."""
    union = " UNION ALL ".join(f"SELECT * FROM {table}" for table in tables)
    lines = wrong_with(query(FOUND.format(table=f"({union})")), written)
    assert not lines, f"{len(lines)} batches are wrong:\n" + "\n".join(lines[:20])
