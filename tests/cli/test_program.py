"""Help, versions, completions, health, and what `serve` prints."""

import pathlib
import re
import subprocess
import sys

import pytest

from pintail_server import clean_environment, program, run_pintail

COMMANDS = ["serve", "query", "shell", "ingest", "config", "journal", "driver", "health", "completions", "version"]


def test_help_lists_the_commands():
    done = run_pintail("--help")
    assert done.returncode == 0
    assert all(re.search(rf"^\s+{command}[,\s]", done.stdout, re.MULTILINE) for command in COMMANDS)
    assert done.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command):
    done = run_pintail(command, "--help")
    assert done.returncode == 0
    assert command in done.stdout
    assert all(len(line) <= 120 for line in done.stdout.splitlines())


def test_serve_help_names_every_option():
    text = run_pintail("serve", "--help").stdout
    for flag in ("--database", "--flight-listen", "--http-listen", "--ready-file", "--log-format",
                 "--log-level", "--memory-limit", "--threads", "--config"):
        assert flag in text


def test_an_unknown_command_is_named_with_the_nearest():
    done = run_pintail("qery", "SELECT 1")
    assert done.returncode == 2
    assert '"qery"' in done.stderr and "did you mean query?" in done.stderr


def test_help_is_a_command_too():
    assert run_pintail("help").stdout == run_pintail("--help").stdout
    assert run_pintail("help", "query").stdout == run_pintail("query", "--help").stdout


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_is_tidy(command):
    text = run_pintail(*command, "--help").stdout
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_version():
    done = run_pintail("version")
    assert done.returncode == 0
    assert re.search(r"^pintail \d+\.\d+\.\d+", done.stdout)
    assert re.search(r"^duckdb v?1\.5\.5", done.stdout, re.MULTILINE)
    assert re.search(r"^arrow 25\.", done.stdout, re.MULTILINE)
    assert run_pintail("--version").stdout.split()[1] == done.stdout.split()[1]


def test_the_process_has_the_name_of_the_program(server):
    assert pathlib.Path(f"/proc/{server.pid}/comm").read_text() == "pintail\n"


def test_health(server):
    env = {"PINTAIL_URL": server.flight_uri}
    assert run_pintail("health", env=env).stdout == "ok\n"
    done = run_pintail("health", "--url", "grpc://127.0.0.1:1")
    assert done.returncode == 1
    assert "pintail serve" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_printed(shell):
    done = run_pintail("completions", shell)
    assert done.returncode == 0, done.stderr
    assert "flight-listen" in done.stdout and "ingest" in done.stdout


def test_bash_completions_complete(tmp_path):
    script = tmp_path / "completions.bash"
    script.write_text(run_pintail("completions", "bash").stdout)
    program = f"""
source {script}
complete_words() {{
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${{#COMP_LINE}}; COMPREPLY=()
  $(complete -p pintail | sed -E 's/.*-F ([^ ]+) .*/\\1/') pintail "${{!#}}" ""
  echo "${{COMPREPLY[@]}}"
}}
complete_words pintail in
complete_words pintail serve --flight-li
COMP_WORDS=(pintail query --format p); COMP_CWORD=3; COMPREPLY=(); _pintail; echo "${{COMPREPLY[@]}}"
COMP_WORDS=(pintail ingest --mode ""); COMP_CWORD=3; COMPREPLY=(); _pintail; echo "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["ingest"]
    assert "--flight-listen" in lines[1].split()
    assert lines[2] == "parquet"
    assert lines[3].split() == ["create-or-append", "append", "create", "replace"]


def test_what_serve_prints_works_as_printed(fresh_server, tmp_path):
    text = fresh_server.log()
    assert fresh_server.flight_address in text and fresh_server.http_address in text
    shell = "\n".join(line for line in text.splitlines() if line.startswith(("printf ", "curl ")))
    assert shell.count("curl ") == 2
    done = subprocess.run(["dash", "-euc", shell], capture_output=True, text=True, timeout=60,
                          cwd=tmp_path, env=clean_environment())
    assert done.returncode == 0, done.stderr
    assert "Oslo,4" in done.stdout and "Rome,19" in done.stdout
    start = text.index("import adbc_driver_flightsql")
    python = text[start : text.index("\n\n", start)]
    done = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert "42" in done.stdout


def test_the_log_tells_when_it_started_and_stopped(fresh_server):
    fresh_server.stop_quietly()
    lines = [line for line in fresh_server.log().splitlines() if " server " in line]
    started = [line for line in lines if "server serving" in line]
    assert len(started) == 1 and lines[-1].endswith("server stopped")
    for said in ("version=", f"flight={fresh_server.flight_address}",
                 f"http={fresh_server.http_address}", "database="):
        assert said in started[0]


def test_a_log_level_for_no_room_is_refused():
    done = run_pintail("serve", "--log-levels", "foo=debug")
    assert done.returncode == 2
    assert "flight, gateway, http or server" in done.stderr


def test_logs_can_be_json(start_server):
    import json

    import requests

    server = start_server("--log-format", "json", "--log-level", "debug", "--log-path", "log.json")
    requests.post(server.http_url + "/v1/query", json={"sql": "SELEC"}, timeout=30,
                  headers={"X-Request-Id": "duck-4711"})
    server.stop_quietly()
    lines = [json.loads(line) for line in (server.folder / "log.json").read_text().splitlines()]
    assert any(line.get("request_id") == "duck-4711" for line in lines)


def log_lines(server, message):
    """The lines of the JSON log that begin with a message."""
    import json

    lines = (server.folder / "log.json").read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["message"].startswith(message)]


def test_every_line_about_a_request_tells_its_id(start_server):
    """The error names the id, and with it every line about the call is found."""
    import re

    import pyarrow as pa
    import pytest
    import requests

    from flight_sql import FlightSqlClient

    server = start_server("--log-format", "json", "--log-level", "debug", "--log-path", "log.json")
    answer = requests.post(server.http_url + "/v1/query", json={"sql": "SELECT x FROM nowhere"},
                           headers={"X-Request-Id": "duck-4712"}, timeout=30)
    assert answer.headers["X-Request-Id"] == "duck-4712"
    own = requests.post(server.http_url + "/v1/query", json={"sql": "SELECT 1"}, timeout=30,
                        headers={"X-Request-Id": "not an id"}).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{8,}", own)
    with FlightSqlClient(server.flight_uri) as client:
        with pytest.raises(pa.ArrowException) as caught:
            client.rows("SELECT y FROM nowhere")
        flight_id = re.search(r"\(request ([0-9a-f]+)\)", str(caught.value)).group(1)
    server.stop_quietly()
    ended = {line["request_id"] for line in log_lines(server, "statement ended")}
    assert {"duck-4712", own, flight_id} <= ended
    assert [line["request_id"] for line in log_lines(server, "call failed")] == [flight_id]
    told = [line["request_id"] for line in log_lines(server, "") if "http" in line.values()]
    assert "duck-4712" in told and own in told


def test_an_error_that_quotes_the_request_is_not_in_the_log(start_server):
    """Its client is told, and the view shows it; a line of the log has either an error's text or no such field."""
    import pyarrow as pa
    import pyarrow.flight as flight

    from flight_sql import FlightSqlClient

    server = start_server("--log-format", "json", "--log-level", "debug", "--log-path", "log.json")
    with FlightSqlClient(server.flight_uri) as client:
        client.update("CREATE TABLE small (name VARCHAR CHECK (length(name) < 5))")
        with flight.connect(server.flight_uri) as door, pytest.raises(pa.ArrowInvalid, match="CHECK"):
            data = pa.table({"name": ["canary-value"]})
            writer, _ = door.do_put(flight.FlightDescriptor.for_path("small"), data.schema)
            writer.write_table(data)
            writer.close()
        [(shown,)] = client.rows("SELECT error FROM pintail.statements WHERE verb = 'INGEST'")
        assert "CHECK" in shown
    server.stop_quietly()
    [failed] = log_lines(server, "call failed")
    assert failed["status"] == "invalid_argument" and failed["method"] == "DoPut"
    assert not [line for line in log_lines(server, "call") if line.get("error") == "" or "canary-value" in str(line)]


def test_a_slow_statement_is_logged_without_its_parameters(start_server):
    import requests

    server = start_server("--statement-slow", "1ms")
    answer = requests.post(server.http_url + "/v1/query", timeout=30,
                           json={"sql": "SELECT ? AS marked, sum(range * 7 % 13) FROM range(20000000)",
                                 "parameters": ["canary-value"]})
    assert answer.status_code == 200
    server.stop_quietly()
    assert "AS marked" in server.log()
    assert "canary-value" not in server.log()


@pytest.mark.parametrize("arguments", [
    ["--help"], ["--version"], ["version"], ["config", "show"], ["config", "defaults"],
    ["config", "check"], ["completions", "bash"], ["health"], ["query", "SELECT 1"],
    ["query", "SELECT 1", "--format", "csv"], ["query", "SELECT 1", "--format", "parquet"],
], ids=" ".join)
def test_output_that_cannot_be_written_exits_with_1(server, tmp_path, arguments):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program(), *arguments], stdout=full, stderr=subprocess.PIPE,
                              text=True, timeout=60, cwd=tmp_path,
                              env=clean_environment({"PINTAIL_URL": server.flight_uri}))
    assert done.returncode == 1
    assert "cannot write" in done.stderr
