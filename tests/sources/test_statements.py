"""CREATE, ALTER and DROP SOURCE, and what stays of them over a restart."""

import json
import stat

from outside_servers import PostgreSql
from sources.conftest import PASSWORD

QUOTED = PASSWORD.replace("'", "''")


def test_a_source_is_made_changed_kept_and_dropped(start_server, rest_of, postgres, tmp_path):
    postgres.sql("DROP TABLE IF EXISTS kept")
    postgres.sql("CREATE TABLE kept AS SELECT 4 AS i")
    database = tmp_path / "hot.duckdb"
    server = start_server(database=database, folder=tmp_path)
    rest = rest_of(server)
    create = (
        f"CREATE SOURCE made TYPE postgres (connection 'host=127.0.0.1 port={postgres.port} dbname=postgres', "
        f"username 'bob', password '{QUOTED}', pool_max 3, connect_timeout 5s)"
    )
    rest.sql(f"SELECT 1; {create};")
    assert rest.sql("SELECT i FROM made.kept") == [{"i": 4}]
    assert rest.post("/v1/query", json={"sql": create}).status_code == 409
    rest.sql(create.replace("SOURCE made", "SOURCE IF NOT EXISTS made"))
    rest.sql("ALTER SOURCE made SET (pool_max = 5, read_only true)")
    assert rest.sql("SELECT pool_max, read_only, declared FROM pintail.sources") == [
        {"pool_max": 5, "read_only": True, "declared": False}
    ]

    kept = tmp_path / "hot.duckdb.sources"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    statements = json.dumps(rest.sql("SELECT v::VARCHAR AS v FROM pintail.statements v"))
    assert "Canary" not in statements + server.log()
    server.stop_quietly()
    assert b"Canary" not in database.read_bytes()

    server = start_server(database=database, folder=tmp_path)
    rest = rest_of(server)
    assert rest.sql("SELECT i FROM made.kept") == [{"i": 4}]
    rest.sql("DROP SOURCE made")
    assert rest.sql("SELECT count(*) AS n FROM pintail.sources") == [{"n": 0}]
    assert rest.post("/v1/query", json={"sql": "SELECT i FROM made.kept"}).status_code == 400
    assert "Canary" not in kept.read_text()
    rest.sql("DROP SOURCE IF EXISTS made")
    assert rest.post("/v1/query", json={"sql": "DROP SOURCE made"}).status_code == 404


def test_what_is_wrong_in_a_statement_is_told_without_its_values(fresh_server, rest_of):
    rest = rest_of(fresh_server)
    cases = {
        "CREATE SOURCE s TYPE postgres (connecton 'host=h', password 'canary')": (400, "connection"),
        "CREATE SOURCE s TYPE oracle (connection 'h')": (400, "postgres"),
        "CREATE SOURCE s TYPE postgres (password 'canary')": (400, "needs a connection"),
        "CREATE SOURCE system TYPE sqlite (connection 'x.db')": (400, "choose another"),
        "CREATE SOURCE s TYPE postgres (connection 'canary' 'x')": (400, "expected"),
        "CREATE SOURCE memory TYPE sqlite (connection 'x.db')": (400, "choose another"),
    }
    for sql, (status, text) in cases.items():
        refused = rest.post("/v1/query", json={"sql": sql})
        assert refused.status_code == status and text in refused.text, (sql, refused.text)
        assert "canary" not in refused.text, sql
    assert "canary" not in fresh_server.log()


def test_a_source_stays_made_though_its_server_is_away(fresh_server, rest_of):
    rest = rest_of(fresh_server)
    with PostgreSql() as postgres:
        postgres.sql("CREATE TABLE t AS SELECT 6 AS i")
        postgres.stop()
        rest.sql(f"CREATE SOURCE away TYPE postgres (connection '{postgres.uri}')")
        refused = rest.post("/v1/query", json={"sql": "SELECT * FROM away.t"})
        assert refused.status_code == 503 and "away" in refused.text
        postgres.start()
        fresh_server.wait_until(
            lambda: rest.post("/v1/query", json={"sql": "SELECT i FROM away.t"}).status_code == 200,
            "the source to come",
        )
