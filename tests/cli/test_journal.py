"""`pintail journal check` and `repair`, without a server."""

import fcntl
import json
import os
import pty
import select
import subprocess

import pytest

from journal_files import body_of, crc32c, damage, write_segment
from pintail_server import clean_environment, program, run_pintail

LIMIT_SECONDS = 30


@pytest.fixture
def journal(tmp_path):
    """A journal of three records: its folder, its segment, where its records begin."""
    folder = tmp_path / "hot.duckdb.journal"
    folder.mkdir()
    segment, offsets = write_segment(
        folder, 1, [("a", body_of([1, 2])), ("b", body_of([3])), ("a", body_of([4]))])
    return folder, segment, offsets


@pytest.fixture
def damaged(journal):
    """The same with its second record damaged."""
    folder, segment, offsets = journal
    damage(segment, offsets[2] - 100)
    return folder, segment, offsets


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


def answer_repair(folder, answer):
    """Runs a repair in a terminal and types the answer: the exit code and what was shown."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen([program(), "journal", "repair", str(folder)], stdin=its_end,
                               stdout=its_end, stderr=its_end, env=clean_environment())
    os.close(its_end)
    text, answered = "", False
    while True:
        assert select.select([terminal], [], [], LIMIT_SECONDS)[0], f"waited in vain after:\n{text}"
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            piece = b""
        if not piece:
            break
        text += piece.decode()
        if "Type yes: " in text and not answered:
            os.write(terminal, answer.encode() + b"\n")
            answered = True
    os.close(terminal)
    return process.wait(LIMIT_SECONDS), text


def test_check_tells_what_is_there(journal):
    folder, segment, _ = journal
    before = contents(folder)
    done = run_pintail("journal", "check", folder)
    assert done.returncode == 0, done.stderr
    assert "records   3, positions 1 to 3, " in done.stdout
    assert "\n  a  2 records, 3 rows, " in done.stdout
    assert done.stdout.endswith("state     sound\n")
    assert contents(folder) == before


def test_check_is_json_too(journal):
    folder, segment, _ = journal
    done = run_pintail("journal", "check", "--json", folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["folder"] == str(folder) and told["sound"] is True
    assert (told["segments"], told["records"], told["torn_bytes"]) == (1, 3, 0)
    assert (told["first_position"], told["last_position"]) == (1, 3)
    assert told["bytes"] == segment.stat().st_size - 64
    assert [(table["table"], table["records"], table["rows"]) for table in told["tables"]] == [
        ("a", 2, 3), ("b", 1, 1)]
    assert told["damage"] is None and told["repair"] is None


def test_a_torn_end_is_sound(journal):
    folder, segment, offsets = journal
    segment.write_bytes(segment.read_bytes()[: offsets[2] + 70])
    done = run_pintail("journal", "check", folder)
    assert done.returncode == 0, done.stderr
    assert "sound; a start cuts the last 70 bytes" in done.stdout
    done = run_pintail("journal", "repair", "--yes", folder)
    assert (done.returncode, done.stdout) == (0, f"nothing to repair in {folder}\n")


def test_check_tells_the_damage_and_what_a_repair_drops(damaged):
    folder, segment, offsets = damaged
    before = contents(folder)
    done = run_pintail("journal", "check", folder)
    assert done.returncode == 1
    assert f"where     byte {offsets[1]} of {segment.name}\n" in done.stdout
    assert "keeps     2 records\n" in done.stdout
    assert "drops     1 record (position 2)\n" in done.stdout
    assert "1 of table b; how many rows it had cannot be told\n" in done.stdout
    assert f'pintail journal repair "{folder}"' in done.stderr
    done = run_pintail("journal", "check", "--json", folder)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["sound"] is False
    assert told["damage"]["segment"] == str(segment)
    assert told["damage"]["offset"] == offsets[1]
    assert told["repair"]["lost"] == [{"first": 2, "last": 2}]
    assert told["repair"]["lost_by_table"] == [{"table": "b", "records": 1}]
    assert told["repair"]["segments"][0]["kept_as"] == f"{segment}.dropped"
    assert contents(folder) == before


def test_repair_goes_on_without_the_damage_and_keeps_it(damaged):
    folder, segment, _ = damaged
    original = segment.read_bytes()
    done = run_pintail("journal", "repair", "--yes", folder)
    assert done.returncode == 0, done.stderr
    assert "dropped   1 record (position 2)\n" in done.stdout
    assert f"the original is kept as {segment}.dropped\n" in done.stdout
    assert (folder / f"{segment.name}.dropped").read_bytes() == original
    done = run_pintail("journal", "check", "--json", folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [(table["table"], table["rows"]) for table in told["tables"]] == [("a", 3)]
    assert run_pintail("journal", "repair", "--yes", folder).stdout.startswith("nothing to repair")


def test_repair_asks_on_a_terminal(damaged):
    folder, segment, _ = damaged
    before = contents(folder)
    code, shown = answer_repair(folder, "y")
    assert code == 1
    assert "drops     1 record (position 2)" in shown
    assert "nothing was changed" in shown
    assert contents(folder) == before
    code, shown = answer_repair(folder, "yes")
    assert code == 0
    assert f"kept as {segment}.dropped" in shown
    assert run_pintail("journal", "check", folder).returncode == 0


def test_repair_without_a_terminal_needs_yes(damaged):
    folder, _, _ = damaged
    before = contents(folder)
    done = run_pintail("journal", "repair", folder)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr.count("\n") == 1 and "--yes" in done.stderr
    assert contents(folder) == before


def test_a_record_that_is_whole_but_none_is_damage(journal):
    folder, _, _ = journal
    records = [("a", body_of([5])), ("b", b"no batches"), ("a", body_of([6]))]
    segment, offsets = write_segment(folder, 4, records)
    done = run_pintail("journal", "check", folder)
    assert done.returncode == 1
    assert "records   4 before the problem, positions 1 to 4, " in done.stdout
    assert f"where     byte {offsets[1]} of {segment.name}\n" in done.stdout
    assert "drops     1 record (position 5)\n          1 of table b;" in done.stdout
    done = run_pintail("journal", "repair", "--yes", folder)
    assert done.returncode == 0, done.stderr
    told = json.loads(run_pintail("journal", "check", "--json", folder).stdout)
    assert told["sound"] is True
    assert [(table["table"], table["rows"]) for table in told["tables"]] == [("a", 5), ("b", 1)]


@pytest.mark.parametrize("command", [["check"], ["repair", "--yes"]])
def test_a_journal_in_use_is_refused(damaged, command):
    folder, _, _ = damaged
    before = contents(folder)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        done = run_pintail("journal", *command, folder)
    assert done.returncode == 1 and done.stdout == ""
    assert "is in use by process 4711; stop that process" in done.stderr
    assert contents(folder) == before


def test_a_newer_version_is_not_damage(journal):
    folder, segment, _ = journal
    data = bytearray(segment.read_bytes())
    data[8] = 9
    data[60:64] = crc32c(data[:60]).to_bytes(4, "little")
    segment.write_bytes(data)
    done = run_pintail("journal", "check", folder)
    assert done.returncode == 1
    assert "of a newer version" in done.stdout and "use that one" in done.stderr
    done = run_pintail("journal", "repair", "--yes", folder)
    assert done.returncode == 1 and "newer version" in done.stderr
    assert segment.read_bytes() == data


@pytest.mark.parametrize("command", [["check"], ["repair", "--yes"]])
def test_a_folder_that_is_not_there_is_told(tmp_path, command):
    done = run_pintail("journal", *command, tmp_path / "none")
    assert done.returncode == 1 and done.stdout == ""
    assert "there is no journal in" in done.stderr and "none" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_folder_without_a_journal_is_left_alone(tmp_path):
    done = run_pintail("journal", "check", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no journal is here" in done.stdout
    done = run_pintail("journal", "repair", "--yes", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"nothing to repair in {tmp_path}\n")
    assert list(tmp_path.iterdir()) == []


def run_in(folder, *arguments, environment=None):
    """`pintail journal` with the folder as the working directory."""
    return subprocess.run([program(), "journal", *arguments], cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=clean_environment(environment), timeout=LIMIT_SECONDS, check=False)


def test_without_a_folder_it_is_that_of_the_configuration(damaged):
    folder, segment, _ = damaged
    database = folder.parent / "hot.duckdb"
    (folder.parent / "pintail.toml").write_text('[database]\npath = "hot.duckdb"\n')
    ways = [([], None), (["--config", folder.parent / "pintail.toml"], None),
            (["--database", database], None), (["--journal-path", folder], None),
            ([], {"PINTAIL_DATABASE_PATH": str(database)}),
            (["--ingest-tail=false", "--database", database], None)]
    for arguments, environment in ways:
        done = run_in(folder.parent, "check", *map(str, arguments), environment=environment)
        assert done.returncode == 1, (arguments, environment, done.stderr)
        assert "byte" in done.stdout and segment.name in done.stdout
    done = run_in(folder.parent, "check", "--json", "--database", "other.duckdb")
    assert done.returncode == 1 and "other.duckdb.journal" in done.stderr
    done = run_in(folder.parent, "repair", "--yes")
    assert done.returncode == 0, done.stderr
    assert (folder / f"{segment.name}.dropped").exists()
    assert run_in(folder.parent, "check").returncode == 0


def test_a_folder_that_is_named_needs_no_configuration(journal):
    folder, _, _ = journal
    (folder.parent / "pintail.toml").write_text("no configuration\n")
    assert run_in(folder.parent, "check", folder.name).returncode == 0
    assert run_in(folder.parent, "check", "--database", "other.duckdb", folder.name).returncode == 0
    done = run_in(folder.parent, "check")
    assert done.returncode == 1 and "pintail.toml:1" in done.stderr


def test_a_database_in_memory_has_no_journal(tmp_path):
    done = run_in(tmp_path, "check", "--database", ":memory:")
    assert done.returncode == 2 and done.stdout == ""
    assert "in memory" in done.stderr and "--database" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["mend"], ["check", "--yes", "x"],
                                       ["repair", "--json", "x"], ["check", "a", "b"]])
def test_a_mistake_in_the_command_line_ends_with_2(arguments):
    done = run_pintail("journal", *arguments)
    assert done.returncode == 2 and done.stdout == ""


def test_help_and_completions_know_it():
    assert "repair" in run_pintail("journal", "--help").stdout
    assert "--json" in run_pintail("journal", "check", "--help").stdout
    assert "--yes" in run_pintail("journal", "repair", "--help").stdout
    bash = run_pintail("completions", "bash").stdout
    words = bash.split("journal) words='")[1].split("'")[0].split()
    assert words[:2] == ["check", "repair"]
    assert {"--help", "--json", "--yes", "--config", "--database"} <= set(words)
    assert "journal) words_of_command=(check repair" in run_pintail("completions", "zsh").stdout
    assert "__fish_seen_subcommand_from journal' -f -a repair" in run_pintail(
        "completions", "fish").stdout
