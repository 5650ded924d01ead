"""DuckDB in process with PostgreSQL attached as `pg`: duckdb_postgres_worker.py URI [FOLDER]

Reads a statement a line, runs it, reads its rows as Arrow and answers with the seconds. With FOLDER,
its Parquet files are views of their names.
"""

import pathlib
import sys
import time

import duckdb
import duckdb_extension_postgres_scanner

connection = duckdb.connect()
extension = next(pathlib.Path(duckdb_extension_postgres_scanner.__file__).parent.rglob("*.duckdb_extension"))
connection.execute(f"LOAD '{extension}'")
connection.execute(f"ATTACH '{sys.argv[1]}' AS pg (TYPE postgres)")
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.parquet")) if len(sys.argv) > 2 else ():
    connection.execute(f"CREATE VIEW {path.stem} AS FROM '{path}'")
for line in sys.stdin:
    start = time.perf_counter()
    for _ in connection.execute(line).to_arrow_reader(32_768):
        pass
    print(time.perf_counter() - start, flush=True)
