"""Sources of the types that DuckDB's official extensions attach, against the real databases."""

import json
import sqlite3

import adbc_driver_flightsql.dbapi as adbc
import duckdb

from outside_servers import PostgreSql
from sources.conftest import PASSWORD


def of_postgres(server, name="shop", more=""):
    return (
        f"[sources.{name}]\ntype = 'postgres'\nconnection = 'postgresql://127.0.0.1:{server.port}/postgres'\n"
        f"username = 'bob'\npassword = '${{env:SECRET}}'\n{more}\n"
    )


def test_a_postgres_source_is_read_joined_and_changed(start_server, config_file, rest_of, postgres):
    postgres.sql("DROP TABLE IF EXISTS orders")
    postgres.sql("CREATE TABLE orders(id int PRIMARY KEY, price numeric(12,3), note text)")
    postgres.sql("INSERT INTO orders VALUES (1, 1.505, 'a'), (2, 2.5, 'b')")
    server = start_server("--config", config_file(of_postgres(postgres)), env={"SECRET": PASSWORD})
    rest = rest_of(server)

    assert rest.sql("SELECT id, note FROM shop.public.orders ORDER BY id") == [{"id": 1, "note": "a"}, {"id": 2, "note": "b"}]
    assert rest.sql("SELECT price::VARCHAR AS p FROM shop.orders WHERE id = 1") == [{"p": "1.505"}]
    plan = json.dumps(rest.sql("EXPLAIN SELECT note FROM shop.orders WHERE id = 1"))
    assert "POSTGRES_SCAN" in plan and "id=1" in plan
    rest.sql("CREATE TABLE names(id INTEGER, name VARCHAR)")
    rest.sql("INSERT INTO names VALUES (1, 'one'), (2, 'two')")
    joined = rest.sql("SELECT name, note FROM names JOIN shop.orders USING (id) ORDER BY id")
    assert joined == [{"name": "one", "note": "a"}, {"name": "two", "note": "b"}]

    rest.sql("INSERT INTO shop.orders VALUES (3, 3.125, 'c')")
    rest.sql("UPDATE shop.orders SET note = 'z' WHERE id = 1")
    rest.sql("DELETE FROM shop.orders WHERE id = 2")
    rows = postgres.sql("SELECT id, price::text, note FROM orders ORDER BY id")
    assert rows == [(1, "1.505", "z"), (3, "3.125", "c")]


def test_a_mysql_source_is_read_and_changed(start_server, config_file, rest_of, mariadb):
    mariadb.sql("DROP TABLE IF EXISTS items")
    mariadb.sql("CREATE TABLE items(id int PRIMARY KEY, price decimal(12,3))")
    mariadb.sql("INSERT INTO items VALUES (1, 1.505)")
    text = (
        f"[sources.warehouse]\ntype = 'mysql'\nconnection = 'mysql://127.0.0.1:{mariadb.port}/shop'\n"
        "username = 'bob'\n"
    )
    server = start_server("--config", config_file(text), env={"PINTAIL_SOURCES_WAREHOUSE_PASSWORD": PASSWORD})
    rest = rest_of(server)
    assert rest.sql("SELECT id, price::VARCHAR AS p FROM warehouse.items") == [{"id": 1, "p": "1.505"}]
    rest.sql("INSERT INTO warehouse.shop.items VALUES (2, 2.25)")
    assert mariadb.sql("SELECT count(*) FROM items") == [(2,)]


def test_files_of_sqlite_and_duckdb_are_sources(start_server, config_file, rest_of, tmp_path):
    with sqlite3.connect(tmp_path / "a.sqlite") as file:
        file.execute("CREATE TABLE t(i INTEGER)")
        file.execute("INSERT INTO t VALUES (7)")
    file.close()
    with duckdb.connect(tmp_path / "b.duckdb") as file:
        file.execute("CREATE TABLE t AS SELECT 8 AS i")
    text = (
        f"[sources.lite]\ntype = 'sqlite'\nconnection = '{tmp_path}/a.sqlite'\n"
        f"[sources.duck]\ntype = 'duckdb'\nconnection = '{tmp_path}/b.duckdb'\nread_only = true\n"
    )
    # Also where clients may not touch anything outside.
    server = start_server("--config", config_file(text), "--database-external-access=false")
    rest = rest_of(server)
    assert rest.sql("SELECT i FROM lite.t UNION ALL SELECT i FROM duck.t") == [{"i": 7}, {"i": 8}]
    refused = rest.post("/v1/query", json={"sql": "INSERT INTO duck.t VALUES (9)"})
    assert refused.status_code >= 400 and "read-only" in refused.text
    refused = rest.post("/v1/query", json={"sql": f"SELECT * FROM read_text('{tmp_path}/pintail.toml')"})
    assert refused.status_code == 403


def test_names_without_a_catalog_are_found_in_the_default_source(
    start_server, config_file, rest_of, wait_for_state
):
    with PostgreSql(password_users=("bob",)) as postgres:
        quoted = PASSWORD.replace("'", "''")
        postgres.sql(f"CREATE USER bob SUPERUSER PASSWORD '{quoted}'")
        postgres.sql("CREATE TABLE far(i int)")
        postgres.sql("INSERT INTO far VALUES (1)")
        path = config_file(of_postgres(postgres, more="default = true\nconnect_timeout = '3s'"))
        server = start_server("--config", path, env={"SECRET": PASSWORD})
        rest = rest_of(server)
        assert rest.sql("SELECT i FROM far") == [{"i": 1}]
        rest.sql("CREATE TABLE near AS SELECT 2 AS i")
        assert postgres.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'near'") == [(0,)]

        postgres.kill()
        wait_for_state(server, "shop", "down")
        assert rest.sql("SELECT lower('A') AS a, i FROM near") == [{"a": "a", "i": 2}]
        refused = rest.post("/v1/query", json={"sql": "SELECT i FROM shop.public.far"})
        assert refused.status_code == 503, refused.text
        assert 'the source \\"shop\\"' in refused.text and str(postgres.port) in refused.text
        refused = rest.post("/v1/query", json={"sql": "SELECT i FROM far"})
        assert refused.status_code == 503 and "shop" in refused.text
        # Metadata goes on without it.
        with adbc.connect(server.flight_uri, autocommit=True) as connection:
            tables = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        assert "near" in json.dumps(tables)

        postgres.start()
        wait_for_state(server, "shop", "up")
        assert rest.sql("SELECT i FROM far") == [{"i": 1}]


def test_a_source_that_is_away_at_the_start_comes_later(start_server, config_file, rest_of):
    with PostgreSql() as postgres:
        postgres.sql("CREATE TABLE t AS SELECT 5 AS i")
        postgres.stop()
        text = f"[sources.late]\ntype = 'postgres'\nconnection = '{postgres.words}'\n"
        server = start_server("--config", config_file(text))
        rest = rest_of(server)
        assert rest.sql("SELECT state FROM pintail.sources") == [{"state": "down"}]
        assert any("late" in warning for warning in rest.get("/health").json()["warnings"])
        assert rest.get("/ready").status_code == 200
        postgres.start()
        server.wait_until(
            lambda: rest.post("/v1/query", json={"sql": "SELECT i FROM late.t"}).status_code == 200,
            "the source to come",
        )
        assert not any("late" in warning for warning in rest.get("/health").json()["warnings"])


def test_a_wrong_password_is_told_and_no_secret_is_seen(start_server, config_file, rest_of, postgres):
    wrong = "wrong-canary-99"
    server = start_server("--config", config_file(of_postgres(postgres)), env={"SECRET": wrong})
    rest = rest_of(server)
    refused = rest.post("/v1/query", json={"sql": "SELECT 1 FROM shop.t"})
    assert refused.status_code == 503 and "password authentication failed" in refused.text
    seen = [refused.text, server.log(), rest.get("/health").text, rest.get("/ready").text]
    for view in ("pintail.sources", "pintail.settings", "pintail.statements", "duckdb_databases()", "duckdb_secrets()"):
        seen.append(json.dumps(rest.sql(f"SELECT v::VARCHAR AS v FROM {view} v")))
    assert not [text for text in seen if wrong in text]


def test_clients_cannot_take_a_source_or_its_name(start_server, config_file, rest_of, postgres):
    server = start_server("--config", config_file(of_postgres(postgres)), env={"SECRET": PASSWORD})
    rest = rest_of(server)
    for sql in (
        "DETACH shop",
        "ATTACH ':memory:' AS shop",
        "ATTACH OR REPLACE ':memory:' AS SHOP",
        "ATTACH 'shop.db'",
        "ALTER DATABASE shop SET ALIAS TO other",
        "DROP SOURCE shop",
    ):
        refused = rest.post("/v1/query", json={"sql": sql})
        assert refused.status_code == 403, (sql, refused.text)
    databases = json.dumps(rest.sql("SELECT v::VARCHAR AS v FROM duckdb_databases() v"))
    assert "shop" in databases and "Canary" not in databases
