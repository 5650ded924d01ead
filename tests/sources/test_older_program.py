"""The older program's command line, against a real PostgreSQL: its engine is the default source."""

import pathlib

import adbc_driver_postgresql
import pytest

from pintail_server import program
from sources.conftest import PASSWORD


def bundled_driver():
    return pathlib.Path(program()).resolve().parent.parent / "lib/adbc_drivers/libadbc_driver_postgresql.so"


def wheels_driver():
    return pathlib.Path(adbc_driver_postgresql.__file__).parent / "libadbc_driver_postgresql.so"


@pytest.mark.parametrize("driver", [bundled_driver, wheels_driver])
def test_the_command_line_of_the_reference(start_server, rest_of, postgres, driver):
    postgres.sql("DROP TABLE IF EXISTS metrics_behind")
    postgres.sql("CREATE TABLE metrics_behind AS SELECT i AS id, i * 0.5::float8 AS value FROM generate_series(1, 1000) i")
    server = start_server(
        "--engine", "adbc",
        "--engine-connection", f"postgresql://127.0.0.1:{postgres.port}/postgres?pool_max=10&pool_min=1&connect_timeout=30",
        "--engine-options", f"driver_path={driver()}",
        "--enable-cache", "--cache-engine", "duckdb", "--cache-connection", ":memory:",
        database=None,
        env={"HYPRSTREAM_ENGINE_USERNAME": "bob", "HYPRSTREAM_ENGINE_PASSWORD": PASSWORD},
    )  # fmt: skip
    rest = rest_of(server)
    assert rest.sql("SELECT count(*) AS n, sum(value) AS total FROM metrics_behind") == [{"n": 1000, "total": 250250.0}]
    assert rest.sql("SELECT type, state FROM pintail.sources WHERE name = 'engine'") == [{"type": "adbc", "state": "up"}]
    assert rest.sql("SELECT current_database() AS here") == [{"here": "memory"}]
    assert "Canary" not in server.log()


def test_the_environment_goes_before_flags_and_the_address(start_server, rest_of, postgres):
    server = start_server(
        "--engine", "adbc",
        "--engine-connection", f"postgresql://nobody:wrong@127.0.0.1:{postgres.port}/postgres",
        "--engine-username", "nobody", "--engine-password", "wrong",
        env={"HYPRSTREAM_ENGINE_USERNAME": "bob", "HYPRSTREAM_ENGINE_PASSWORD": PASSWORD},
    )  # fmt: skip
    assert rest_of(server).sql("SELECT usename::VARCHAR AS me FROM pintail.remote('engine', 'SELECT current_user AS usename')") == [{"me": "bob"}]
