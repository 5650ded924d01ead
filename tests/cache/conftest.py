"""A PostgreSQL with a table of orders, and a server that has it attached as `pg`."""

import pytest

from cached_server import Cached, attached
from outside_servers import PostgreSql

ORDERS = """
CREATE TABLE orders (id BIGINT PRIMARY KEY, city TEXT, amount DOUBLE PRECISION);
INSERT INTO orders SELECT i, 'city ' || i % 7, i * 1.5 FROM generate_series(1, 100) i;
CREATE SEQUENCE calls;
CREATE VIEW counted AS SELECT nextval('calls') AS call;
CREATE VIEW slow AS SELECT nextval('calls') AS call, pg_sleep(1)::text AS slept;
"""


@pytest.fixture(scope="session")
def postgres():
    with PostgreSql(max_connections=300) as server:
        server.sql(ORDERS)
        yield server


@pytest.fixture(scope="session")
def caching(postgres):
    with attached(postgres) as server:
        yield server


@pytest.fixture
def ask(caching):
    return Cached(caching)


@pytest.fixture
def table(postgres, request):
    """A table of its own with ten rows, by its name in SQL."""
    name = request.node.name.split("[")[0].lower()[-50:]
    postgres.sql(f"DROP TABLE IF EXISTS {name} CASCADE")
    postgres.sql(f"CREATE TABLE {name} AS SELECT i::bigint AS i, 'row ' || i AS s FROM generate_series(1, 10) i")
    return f"pg.public.{name}"
