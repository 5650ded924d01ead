"""The data that the benchmarks move, made from a fixed seed.

Each function returns a pyarrow.Table of the asked number of rows; the same arguments always
give the same data. How well a shape compresses is part of a figure, so it is said here.
"""

import numpy as np
import pyarrow as pa

SEED = 20_240_229


def a6(rows: int) -> pa.Table:
    """Six columns, 47 bytes a row: the rows of the stream bridge's own benchmark.

    `id`, `str_col` and `timestamp_col` count up (compress well); the rest is random.
    """
    rng = np.random.default_rng(SEED)
    ids = np.arange(rows, dtype=np.int64)
    return pa.table(
        {
            "id": ids,
            "float_col": rng.random(rows),
            "int_col": rng.integers(0, 1_000, rows, dtype=np.int64),
            "str_col": pa.array([f"str_{i}" for i in range(rows)], pa.utf8()),
            "bool_col": pa.array(rng.random(rows) < 0.5),
            "timestamp_col": pa.array(
                1_700_000_000_000_000_000 + ids * 1_000_000, pa.timestamp("ns")
            ),
        }
    )


def d5(rows: int) -> pa.Table:
    """Five columns, 37 bytes a row: a measurement with a category.

    `id` and `ts` count up and `category` has four values (compress well); the doubles are random.
    """
    rng = np.random.default_rng(SEED)
    ids = np.arange(rows, dtype=np.int64)
    return pa.table(
        {
            "id": ids,
            "ts": pa.array(1_700_000_000_000_000 + ids * 1_000, pa.timestamp("us")),
            "value": rng.random(rows),
            "category": pa.array(np.array(["A", "B", "C", "D"])[rng.integers(0, 4, rows)], pa.utf8()),
            "amount": rng.random(rows) * 1_000,
        }
    )


def num4(rows: int) -> pa.Table:
    """Four random eight-byte numbers, 32 bytes a row; does not compress."""
    rng = np.random.default_rng(SEED)
    return pa.table(
        {
            "a": rng.integers(0, 2**62, rows, dtype=np.int64),
            "b": rng.integers(0, 2**62, rows, dtype=np.int64),
            "c": rng.random(rows),
            "d": rng.random(rows),
        }
    )
