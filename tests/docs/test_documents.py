"""Documentation that runs: every code block of README, docs and examples."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from docs.code_blocks import CHECKED, RUN, SHOWN, blocks_of, same_output
from flight_sql import FlightSqlClient
from pintail_server import CHECKOUT, clean_environment, program, run_pintail

TUTORIAL = CHECKOUT / "docs/tutorial.md"  # it needs PostgreSQL: test_tutorial.py
DOCUMENTS = sorted([CHECKOUT / "README.md", *CHECKOUT.glob("docs/*.md"),
                    *CHECKOUT.glob("examples/**/*.md")])
DOCUMENTS.remove(TUTORIAL)


def name_of(path):
    return str(path.relative_to(CHECKOUT))


class Session:
    """One document's folder, server and environment."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        commands = folder / "bin"
        commands.mkdir()
        (commands / "pintail").symlink_to(program())
        (commands / "python3").symlink_to(sys.executable)
        (commands / "python").symlink_to(sys.executable)
        (folder / "examples").symlink_to(CHECKOUT / "examples")
        self.environment = clean_environment({
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PINTAIL_URL": server.flight_uri,
            "VIRTUAL_ENV": sys.prefix,
        })
        self.client = FlightSqlClient(server.flight_uri)

    def addressed(self, text):
        for host in ("127.0.0.1", "localhost"):
            text = text.replace(f"{host}:50051", self.server.flight_address)
            text = text.replace(f"{host}:8000", self.server.http_address)
        return text

    def run(self, block):
        text = self.addressed(block.text)
        if block.language == "sql":
            rows = self.client.query(text)
            return "\n".join("|".join(str(value) for value in row.values())
                             for row in rows.to_pylist())
        command = ["bash", "-euo", "pipefail", "-c", text]
        if block.language == "python":
            command = [sys.executable, "-c", text]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def check(self, block):
        if block.language == "json":
            json.loads(block.text)
            return
        path = self.folder / f"block_{block.line}.toml"
        path.write_text(block.text)
        done = run_pintail("config", "check", "--config", path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_code_blocks_run(path, start_server, tmp_path):
    blocks = blocks_of(path.read_text())
    if not any(block.language in (*RUN, *CHECKED) for block in blocks):
        assert all(block.language in SHOWN for block in blocks)
        return
    session = Session(start_server(), tmp_path)
    for block in blocks:
        place = f"{name_of(path)}:{block.line}"
        assert block.language in (*RUN, *CHECKED, *SHOWN), f"{place}: {block.language}?"
        try:
            if block.language in CHECKED:
                session.check(block)
            elif block.language in RUN:
                output = session.addressed(session.run(block))
                if block.output is not None:
                    assert same_output(session.addressed(block.output), output), (
                        f"the output is\n{output}")
        except Exception as error:
            raise AssertionError(f"{place}: {error}") from error


TUTORIALS = [CHECKOUT / "README.md", CHECKOUT / "docs/guide.md", CHECKOUT / "docs/sql.md"]
TUTORIAL_PROGRAMS = ["python_quickstart.py", "stream_producer.py", "rest_quickstart.sh"]


def test_tutorials_leave_each_other_alone_and_can_be_repeated(fresh_server, tmp_path):
    for turn, documents in enumerate([TUTORIALS, TUTORIALS[::-1]]):
        for path in documents:
            folder = tmp_path / f"{turn}-{path.stem}"
            folder.mkdir()
            session = Session(fresh_server, folder)
            for block in blocks_of(path.read_text()):
                if block.language not in RUN:
                    continue
                output = session.run(block)
                if block.output is not None:
                    assert same_output(block.output, output), (
                        f"turn {turn}, {name_of(path)}:{block.line}: the output is\n{output}")
        for name in TUTORIAL_PROGRAMS:
            program = str(CHECKOUT / "examples" / name)
            command = ["sh", program] if name.endswith(".sh") else [sys.executable, program]
            subprocess.run(command, check=True, timeout=120, env=clean_environment({
                "PINTAIL_URL": fresh_server.flight_uri, "PINTAIL_HTTP": fresh_server.http_url}))


def test_the_checks_of_output_can_fail():
    assert same_output("a\n...\nz", "a\nb\nc\nz\n")
    assert same_output("a ", "a\n")
    assert not same_output("a", "b")
    assert not same_output("a\n...\nz", "a\nb\n")


def test_a_block_knows_its_output():
    blocks = blocks_of("```sh\necho a\n```\n\n```text\na\n```\n\nwords\n\n```text\nb\n```\n")
    assert [(block.language, block.output) for block in blocks] == [
        ("sh", "a"), ("text", None), ("text", None)]
