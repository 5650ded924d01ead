"""Fixtures: real databases that sources stand for."""

import pytest

from outside_servers import MariaDb, PostgreSql

PASSWORD = "Canary'77 \"x\\y"  # in need of every kind of quoting


@pytest.fixture(scope="session")
def postgres():
    """PostgreSQL whose user `bob` has to show a password."""
    with PostgreSql(password_users=("bob",)) as server:
        quoted = PASSWORD.replace("'", "''")
        server.sql(f"CREATE USER bob SUPERUSER PASSWORD '{quoted}'")
        yield server


@pytest.fixture(scope="session")
def mariadb():
    with MariaDb() as server:
        server.sql("CREATE USER bob@'%%' IDENTIFIED BY %s", (PASSWORD,))
        server.sql("GRANT ALL ON shop.* TO bob@'%'")
        yield server


@pytest.fixture
def config_file(tmp_path):
    """A function that writes a configuration file and gives its path."""

    def write(text):
        path = tmp_path / "pintail.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def wait_for_state(rest_of):
    """A function that waits until a source is in a state."""

    def wait(server, name, state):
        rest = rest_of(server)
        server.wait_until(
            lambda: rest.sql(f"SELECT state FROM pintail.sources WHERE name = '{name}'") == [{"state": state}],
            f"source {name} to be {state}",
        )

    return wait
