"""Each example runs against a fresh server and prints what it promises."""

import os
import subprocess
import sys

import pytest

from flight_sql import FlightSqlClient
from pintail_server import CHECKOUT, clean_environment

EXAMPLES = CHECKOUT / "examples"
OUTPUTS = {
    "python_quickstart.py": """
ingested 4 rows
Oslo: 5.25
Rome: 20.25
warm days: 3
Rome's warmest: 21.0
rows after the rollback: 4
""",
    "rest_quickstart.py": """
rows taken: 3
[{'item': 'duck', 'total': 7.5}, {'item': 'goose', 'total': 9.0}]
{'id': [1, 2, 3], 'item': ['duck', 'goose', 'duck'], 'price': [3.5, 9.0, 4.0]}
404 not_found
""",
    "rest_quickstart.sh": """
city,degrees
Oslo,4
Bonn,11
Rome,19
""",
    "stream_producer.py": """
commit 1: 10000 rows are safe
commit 2: 20000 rows are safe
commit 3: 30000 rows are safe
commit 4: 40000 rows are safe
commit 5: 50000 rows are safe
""",
    "vectors.py": """
mallard 0.05
goose 0.76
heron 1.05
""",
    "jdbc/Quickstart.java": """
eider 2.2
pintail 0.9
""",
}


def command(name, needed_setting):
    path = str(EXAMPLES / name)
    if name.endswith(".py"):
        return [sys.executable, path]
    if name.endswith(".java"):
        jar = needed_setting("PINTAIL_JDBC_JAR", "the Arrow Flight SQL JDBC driver's jar")
        return ["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", jar, path]
    return ["sh", path]


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_example_prints_what_it_promises(name, fresh_server, needed_setting):
    environment = clean_environment({
        "PINTAIL_URL": fresh_server.flight_uri,
        "PINTAIL_HTTP": fresh_server.http_url,
        "PINTAIL_JDBC_URL":
            f"jdbc:arrow-flight-sql://{fresh_server.flight_address}?useEncryption=false",
    })
    for _ in range(2):  # an example may be run again
        done = subprocess.run(command(name, needed_setting), env=environment, timeout=120,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.strip() == OUTPUTS[name].strip()


def test_every_example_is_run_and_listed():
    files = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*")
             if path.is_file() and path.suffix in (".py", ".sh", ".java")}
    assert files == set(OUTPUTS)
    text = (EXAMPLES / "README.md").read_text()
    assert all(f"]({name})" in text for name in files)


def test_the_streamed_rows_are_there(fresh_server):
    subprocess.run([sys.executable, str(EXAMPLES / "stream_producer.py")], check=True, timeout=60,
                   env={**os.environ, "PINTAIL_URL": fresh_server.flight_uri})
    with FlightSqlClient(fresh_server.flight_uri) as client:
        assert client.rows("SELECT count(*), max(reading) FROM streamed_readings") == [(50_000, 4999.9)]
