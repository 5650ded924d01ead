"""Row 14: TPC-H queries over lineitem and the small tables in Parquet, orders and customer in PostgreSQL; Pintail cold and
warm against DuckDB with its postgres extension."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile
import time

import adbc_driver_postgresql.dbapi as adbc
import flight_sql
import processes
import pyarrow.flight as flight
from measure import Ratio, Row, Series, interleave, median

SCALE = 1
IN_POSTGRESQL = ("orders", "customer")
# Those that read a table of PostgreSQL; the others would measure Parquet alone.
QUERIES = (3, 4, 5, 7, 8, 9, 10, 12, 13, 18, 21, 22)


def make_tables(folder, cursor):
    """Parquet files in the folder, the others in PostgreSQL; the queries by number."""
    import duckdb
    import duckdb_extension_tpch

    extension = pathlib.Path(duckdb_extension_tpch.__file__).parent
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{next(extension.rglob('*.duckdb_extension'))}'")
        connection.execute(f"CALL dbgen(sf = {SCALE})")
        for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            if name in IN_POSTGRESQL:
                columns = connection.execute(
                    "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [name]
                ).fetchall()
                cursor.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {type_}' for column, type_ in columns)})")
                reader = connection.execute(f"SELECT * FROM {name}").to_arrow_reader(100_000)
                cursor.adbc_ingest(name, reader, mode="append")
                cursor.execute(f"VACUUM ANALYZE {name}")
            else:
                connection.execute(f"COPY {name} TO '{folder}/{name}.parquet' (FORMAT parquet)")
        return dict(connection.execute("SELECT query_nr, query FROM tpch_queries()").fetchall())


class Peer:
    def __init__(self, uri, folder, queries):
        self.queries = queries
        self.process = subprocess.Popen(
            [sys.executable, processes.PEERS / "duckdb_postgres_worker.py", uri, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.tell("SET search_path = 'memory.main,pg.public'")

    def tell(self, sql):
        self.process.stdin.write(" ".join(sql.split()) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def run(self):
        return sum(self.tell(sql) for sql in self.queries)


def over_flight(client, queries):
    start = time.perf_counter()
    for sql in queries:
        flight_sql.read(client, flight_sql.statement_query(sql))
    return time.perf_counter() - start


def run(runs, warmups):
    with contextlib.ExitStack() as stack:
        cluster = processes.postgresql(stack.enter_context(processes.disk_folder()))
        uri = processes.postgresql_uri(stack.enter_context(cluster))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pintail-bench-"))
        with adbc.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
            by_number = make_tables(folder, cursor)
        queries = [by_number[number] for number in QUERIES]
        source = stack.enter_context(processes.source_file("pg", "postgres", uri, default=True))
        warm = stack.enter_context(processes.pintail("--config", source, "--cache-max-answer-bytes", "1GiB", "--cache-ttl", "1h"))
        cold = stack.enter_context(processes.pintail("--config", source, "--cache-enabled", "false"))
        clients = [flight.connect(f"grpc://{server.address['flight'][0]}") for server in (warm, cold)]
        for client in clients:
            for path in sorted(pathlib.Path(folder).glob("*.parquet")):
                flight_sql.fetch(client, f"CREATE VIEW {path.stem} AS FROM '{path}'")
        peer = Peer(uri, folder, queries)
        stack.callback(processes.stop, peer.process)
        seconds = interleave(
            {
                "pintail, cold": lambda: over_flight(clients[1], queries),
                "pintail, warm": lambda: over_flight(clients[0], queries),
                "duckdb, postgres extension": peer.run,
            },
            runs,
            warmups,
        )
    series = [Series(name, values) for name, values in seconds.items()]
    by_name = {s.contender: median(s) for s in series}
    peer_seconds = by_name["duckdb, postgres extension"]
    yield Row(
        "14",
        f"federated TPC-H, scale {SCALE}: the {len(QUERIES)} queries that read orders or customer",
        "orders and customer in PostgreSQL, the rest in Parquet, all pages cached; warm: answers from the cache",
        series,
        [
            Ratio("pintail cold / duckdb", by_name["pintail, cold"] / peer_seconds, 1.05, at_least=False),
            Ratio("duckdb / pintail warm", peer_seconds / by_name["pintail, warm"], 10),
        ],
    )
