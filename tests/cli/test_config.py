"""Where settings come from, and what is said about those that are wrong."""

import re
import tomllib

import pytest
import requests

from pintail_server import run_pintail


def show(*arguments, env=None, **options):
    done = run_pintail("config", "show", *arguments, env=env, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def value_of(text, key):
    section, name = key.split(".", 1)
    return tomllib.loads(text)[section][name]


def line_of(text, name):
    return next(line for line in text.splitlines() if line.startswith(f"{name} "))


def test_defaults_are_a_file_that_is_right(tmp_path):
    done = run_pintail("config", "defaults")
    assert done.returncode == 0
    path = tmp_path / "pintail.toml"
    path.write_text(done.stdout)
    assert "listen" in tomllib.loads(done.stdout)["flight"]
    done = run_pintail("config", "check", "--config", path)
    assert done.returncode == 0, done.stderr


def test_each_source_outranks_the_one_before(tmp_path):
    assert value_of(show(cwd=tmp_path), "database.max_expression_depth") == 1000
    (tmp_path / "pintail.toml").write_text("[database]\nmax_expression_depth = 11\n")
    assert value_of(show(cwd=tmp_path), "database.max_expression_depth") == 11
    env = {"PINTAIL_DATABASE_MAX_EXPRESSION_DEPTH": "12"}
    assert value_of(show(cwd=tmp_path, env=env), "database.max_expression_depth") == 12
    text = show("--database-max-expression-depth", "13", cwd=tmp_path, env=env)
    assert value_of(text, "database.max_expression_depth") == 13


def test_show_tells_where_each_value_comes_from(tmp_path):
    (tmp_path / "pintail.toml").write_text('[log]\nlevel = "debug"\n[log.levels]\nhttp = "warn"\n')
    text = show("--threads", "3", cwd=tmp_path, env={"PINTAIL_HTTP_WORKERS": "5"})
    assert "pintail.toml" in line_of(text, "level")
    assert "--threads" in line_of(text, "threads")
    assert "PINTAIL_HTTP_WORKERS" in line_of(text, "workers")
    assert "default" in line_of(text, "io_threads")
    table = show("--format", "table", cwd=tmp_path)
    assert re.search(r"log\.level\s.*debug.*pintail\.toml", table)


def test_yaml_is_taken_too(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("database:\n  threads: 2\nflight:\n  listen: [\"127.0.0.1:0\"]\n")
    text = show("--config", path)
    assert value_of(text, "database.threads") == 2
    assert value_of(text, "flight.listen") == ["127.0.0.1:0"]


def test_environment_and_files_stand_for_values(tmp_path, start_server):
    (tmp_path / "prefix").write_text("duck\n")
    path = tmp_path / "pintail.toml"
    path.write_text(f'[metrics]\nprefix = "${{file:{tmp_path}/prefix}}"\n'
                    '[database]\npath = "${env:WHERE_IT_IS}/hot.duckdb"\n')
    server = start_server("--config", path, database=None, env={"WHERE_IT_IS": str(tmp_path)})
    assert (tmp_path / "hot.duckdb").exists()
    assert "duck_active_connections" in requests.get(
        server.http_url + "/metrics", timeout=30).text
    # What they stand for may be secret, so it is not shown.
    assert str(tmp_path / "hot") not in show("--config", path, env={"WHERE_IT_IS": str(tmp_path)})
    done = run_pintail("config", "check", "--config", path)
    assert done.returncode == 1
    assert "WHERE_IT_IS" in done.stderr


@pytest.mark.parametrize("text, parts", [
    ("[database]\npth = 'x'\n", ["pth", "path", "2"]),
    ("[databse]\npath = 'x'\n", ["databse", "database", "1"]),
    ("[database]\nthreads = 'many'\n", ["threads", "many", "2"]),
    ("[database]\nthreads = -1\n", ["threads", "-1"]),
    ("[database]\nmemory_limit = 'lots'\n", ["memory_limit", "lots"]),
    ("[session]\nidle_timeout = '5 fortnights'\n", ["idle_timeout", "5 fortnights"]),
    ("[log]\nlevel = 'loud'\n", ["level", "loud", "debug"]),
    ("[database\n", ["1"]),
    ("[[streams]]\ntarget = 'x'\n", ["name"]),
    ("[[streams]]\nname = 'a'\nschema_polcy = 'strict'\n", ["schema_polcy", "schema_policy"]),
    ("[[streams]]\nname = 'a'\n[[streams]]\nname = 'a'\n", ["a"]),
])
def test_a_mistake_in_the_file_is_told_with_its_place(tmp_path, text, parts):
    path = tmp_path / "pintail.toml"
    path.write_text(text)
    for command in (["config", "check"], ["serve"]):
        done = run_pintail(*command, "--config", path)
        assert done.returncode == 1, (command, done.stdout)
        assert "pintail.toml" in done.stderr
        for part in parts:
            assert part in done.stderr, done.stderr


def test_a_mistake_in_yaml_is_told_with_its_place(tmp_path):
    path = tmp_path / "pintail.yaml"
    path.write_text("database:\n  path: x\n  treads: 4\n")
    done = run_pintail("config", "check", "--config", path)
    assert done.returncode == 1
    assert "treads" in done.stderr and "threads" in done.stderr and "3" in done.stderr


def test_an_unknown_variable_is_told():
    done = run_pintail("config", "check", env={"PINTAIL_DATABSE_PATH": "x"})
    assert "PINTAIL_DATABSE_PATH" in done.stderr
    assert "PINTAIL_DATABASE_PATH" in done.stderr


def test_an_unknown_flag_is_a_mistake():
    done = run_pintail("serve", "--databse", "x")
    assert done.returncode == 2
    assert "--databse" in done.stderr


def test_a_file_that_is_not_there_is_told():
    done = run_pintail("config", "check", "--config", "/no/such/pintail.toml")
    assert done.returncode == 1
    assert "/no/such/pintail.toml" in done.stderr


def test_secrets_are_never_shown(tmp_path):
    env = {"HYPRSTREAM_ENGINE_PASSWORD": "canary-secret-1"}
    for command in (["config", "show"], ["config", "check"], ["config", "show", "--format", "table"]):
        done = run_pintail(*command, env=env, cwd=tmp_path)
        assert "canary-secret-1" not in done.stdout + done.stderr
    done = run_pintail("config", "show", "--engine", "adbc", "--engine-connection",
                       "postgresql://duck:canary-secret-2@localhost/x")
    assert done.returncode == 0 and "duck:********@localhost" in done.stdout
    assert "canary-secret-2" not in done.stdout + done.stderr


def test_check_tells_all_that_serve_would_refuse(tmp_path):
    path = tmp_path / "pintail.toml"
    path.write_text('[flight]\nlisten = ["127.0.0.1:99999"]\n[http]\nworkers = 0\n'
                    '[metrics]\nprefix = "a b{"\n')
    done = run_pintail("config", "check", "--config", path)
    assert done.returncode == 1
    for said in ("flight.listen", "99999", "http.workers", "metrics.prefix", "a b{"):
        assert said in done.stderr
    path.write_text('[flight]\nlisten = ["0.0.0.0:0"]\n[http]\nlisten = ["no.such.host.invalid:0"]\n')
    done = run_pintail("config", "check", "--config", path)
    assert done.returncode == 1
    assert "0.0.0.0" in done.stderr and "no.such.host.invalid" in done.stderr


@pytest.mark.parametrize("flag, value", [
    ("--flight-listen", "127.0.0.1:99999"), ("--http-listen", "127.0.0.1"),
    ("--http-listen", "::1:80"), ("--flight-listen-no-transactions", "127.0.0.1:x"),
    ("--metrics-prefix", "a b{"), ("--metrics-prefix", "9a"),
])
def test_a_malformed_flag_of_serve_is_a_mistake_in_the_command_line(tmp_path, flag, value):
    done = run_pintail("serve", "--database", ":memory:", flag, value, cwd=tmp_path)
    assert done.returncode == 2
    assert flag in done.stderr and value in done.stderr
    assert "terminate called" not in done.stderr
