"""`pintail driver`: ADBC drivers listed and installed, by the machine's own pip or by a package at hand."""

import importlib.metadata
import pathlib
import sqlite3
import sys
import zipfile

import pytest

from pintail_server import Server, run_pintail


@pytest.fixture
def home(tmp_path):
    """The environment of a user without drivers."""
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config"), "ADBC_DRIVER_PATH": ""}


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """A folder with the SQLite driver as the wheel that it was installed from, and one package without a driver."""
    folder = tmp_path_factory.mktemp("packages")
    for name in ("adbc_driver_sqlite",):
        found = importlib.metadata.distribution(name)
        version = found.version
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for file in found.files:
                if ".." not in file.parts and "__pycache__" not in file.parts and file.name not in ("INSTALLER", "REQUESTED", "direct_url.json"):
                    wheel.write(found.locate_file(file), str(file))
    with zipfile.ZipFile(folder / "adbc_driver_empty-1.0-py3-none-any.whl", "w") as wheel:
        info = "adbc_driver_empty-1.0.dist-info"
        wheel.writestr("adbc_driver_empty/__init__.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: adbc-driver-empty\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}


def install(home, packages, *arguments):
    return run_pintail("driver", "install", *arguments, "--python", sys.executable, env={**home, **packages}, timeout=120)


def test_the_drivers_that_came_along_are_listed_with_where_others_are_looked_for(home, tmp_path):
    done = run_pintail("driver", "list", env={**home, "ADBC_DRIVER_PATH": "/opt/drivers:/other"})
    assert done.returncode == 0
    assert {line.split()[0] for line in done.stdout.splitlines()} >= {"flightsql", "postgresql", "sqlite"}
    for place in ("/opt/drivers", "/other", f"{tmp_path}/.config/adbc/drivers", "/etc/adbc/drivers"):
        assert place in done.stderr


def test_an_installed_driver_is_listed_and_used_by_a_source(home, packages, tmp_path, rest_of):
    done = install(home, packages, "sqlite", "--as", "lite")
    assert done.returncode == 0, done.stderr
    manifest = pathlib.Path(done.stdout.strip())
    assert manifest == tmp_path / ".config/adbc/drivers/lite.toml"
    version = importlib.metadata.version("adbc_driver_sqlite")
    assert f'version = "{version}"' in manifest.read_text()
    listed = run_pintail("driver", "list", env=home).stdout
    assert any(line.split()[0] == "lite" and str(manifest) in line for line in listed.splitlines())

    with sqlite3.connect(tmp_path / "a.sqlite") as file:
        file.execute("CREATE TABLE t(i INTEGER)")
        file.execute("INSERT INTO t VALUES (7)")
    file.close()
    with Server(env=home) as server:
        rest = rest_of(server)
        rest.sql(f"CREATE SOURCE s TYPE adbc (connection '{tmp_path}/a.sqlite', driver lite)")
        assert rest.sql("SELECT i FROM s.t") == [{"i": 7}]
    # Once more: the new one takes the old one's place.
    assert install(home, packages, "sqlite", "--as", "lite", "--version", version).returncode == 0
    assert sorted(path.name for path in manifest.parent.iterdir()) == ["lite", "lite.toml"]


def test_one_that_stands_behind_another_of_its_name_is_noted(home, packages):
    done = install(home, packages, "sqlite")
    assert done.returncode == 0 and "comes first" in done.stderr


def test_what_cannot_be_fetched_is_told_and_leaves_nothing(home, packages, tmp_path):
    for arguments, words in (
        (["nowhere"], "pip did not bring the package adbc-driver-nowhere"),
        (["sqlite", "--version", "0.0.1"], "adbc-driver-sqlite==0.0.1"),
        (["empty"], "holds no ADBC driver"),
    ):
        done = install(home, packages, *arguments)
        assert done.returncode == 1 and words in done.stderr, done.stderr
    done = run_pintail("driver", "install", "sqlite", "--python", "/nowhere/python", env=home)
    assert done.returncode == 1 and "/nowhere/python" in done.stderr and "--python" in done.stderr
    assert list((tmp_path / ".config/adbc/drivers").iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a b", "", "a/b", "x;y"])
def test_a_name_that_is_none_is_a_mistake(home, name):
    assert run_pintail("driver", "install", name, env=home).returncode == 2
