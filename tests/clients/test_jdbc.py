"""The scenarios from Java: JdbcScenarios.java, run as a single source file."""

import pathlib
import re
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).with_name("JdbcScenarios.java")
NAMES = re.findall(r"^  void (\w+)\(", SOURCE.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def outcomes(shared_server, needed_setting):
    """What Java printed, by scenario; one Java for all of them, as its start is slow."""
    jar = needed_setting("PINTAIL_JDBC_JAR", "the Arrow Flight SQL JDBC driver's jar")
    url = f"jdbc:arrow-flight-sql://{shared_server.flight_address}?useEncryption=false"
    done = subprocess.run(
        ["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-Xmx512m", "-cp", jar,
         str(SOURCE), url, *NAMES],
        capture_output=True, text=True, timeout=170)
    pieces = re.split(r"^(passed|FAILED) (\w+)$", done.stdout, flags=re.MULTILINE)
    found = {name: (word, text) for word, name, text in zip(
        pieces[1::3], pieces[2::3], pieces[3::3])}
    assert found, done.stderr
    return found


@pytest.mark.parametrize("name", NAMES)
def test_jdbc(outcomes, name):
    word, text = outcomes.get(name, ("FAILED", "Java never came to it"))
    assert word == "passed", text
