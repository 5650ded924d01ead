"""Row 16: from the start of the process to its first answer."""

import http.client
import subprocess
import sys
import tempfile
import time

import processes
from measure import Ratio, Row, Series, interleave, median


def start_and_ask() -> float:
    with tempfile.TemporaryDirectory() as folder:
        ready = f"{folder}/ready"
        start = time.perf_counter()
        process = subprocess.Popen(
            [
                processes.pintail_binary(), "serve", "--database", ":memory:", "--flight-listen", "127.0.0.1:0",
                "--http-listen", "127.0.0.1:0", "--ready-file", ready, "--log-level", "error",
            ],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=sys.stderr,
        )  # fmt: skip
        try:
            address = processes.wait_for_ready_file(ready, process)
            connection = http.client.HTTPConnection(address["http"][0])
            connection.request("POST", "/v1/query", b"SELECT 42", {"Content-Type": "text/plain"})
            answer = connection.getresponse().read()
            taken = time.perf_counter() - start
            assert b"42" in answer, answer
            return taken
        finally:
            processes.stop(process)


def duckdb_in_python() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import duckdb; duckdb.sql('SELECT 42').fetchall()"], check=True)
    return time.perf_counter() - start


def run(runs, warmups):
    seconds = interleave({"pintail": start_and_ask, "python with duckdb": duckdb_in_python}, runs, warmups)
    series = [Series(name, values) for name, values in seconds.items()]
    yield Row(
        "16",
        "start of the process to its first answer over REST",
        "in memory; the bundle's files in the page cache",
        series,
        [Ratio("pintail, ms", median(series[0]) * 1e3, 100, at_least=False)],
    )
