"""DuckDB in process: reads a JSON list of queries a line, runs them, answers with the seconds
and the rows of each. Answers are read as Arrow batches, as a client of Pintail gets them."""

import json
import sys
import time

import duckdb

connection = duckdb.connect(sys.argv[1], read_only=True)
for line in sys.stdin:
    queries = json.loads(line)
    start = time.perf_counter()
    rows = [
        sum(batch.num_rows for batch in connection.execute(sql).to_arrow_reader(32_768)) for sql in queries
    ]
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": rows}), flush=True)
