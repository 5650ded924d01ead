"""Where PostgreSQL and MariaDB compute otherwise than DuckDB, answers are DuckDB's; and what they refuse has the kind of error that it is."""

import pytest

POSTGRES = ("postgres", "adbc")


@pytest.fixture(params=POSTGRES)
def icu(request, postgres, fresh_server, rest_of):
    """A server whose source `pg` is a database that sorts texts as a language does."""
    postgres.sql("DROP DATABASE IF EXISTS icu WITH (FORCE)")
    postgres.sql("CREATE DATABASE icu LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0")
    with postgres.connect(dbname="icu") as connection:
        for statement in (
            "CREATE TABLE t (id int PRIMARY KEY, x text)",
            "INSERT INTO t SELECT g, chr(96 + g % 26 + 1) FROM generate_series(1, 100) g",
            "CREATE TABLE big (id int, a double precision, b double precision)",
            "INSERT INTO big VALUES (1, 1e-200, 1e-200), (2, 1e200, 1e200)",
            "CREATE TABLE child (id int REFERENCES t (id), n int NOT NULL CHECK (n > 0))",
        ):
            connection.execute(statement)
    rest = rest_of(fresh_server)
    connection = postgres.uri.rsplit("/", 1)[0] + "/icu"
    rest.sql(f"CREATE SOURCE pg TYPE {request.param} (connection '{connection}')")
    yield rest
    rest.sql("DROP SOURCE pg")


def both(rest, query):
    """The answers with and without push-down."""
    return [rest.post("/v1/query", json={"sql": f"SET pintail_push_down = {on}; {query}"}, headers={"Accept": "application/json"}).text
            for on in ("true", "false")]  # fmt: skip


WORD = "CASE WHEN id < 50 THEN 'small' ELSE 'Zig' END"


@pytest.mark.parametrize("query", [
    f"SELECT max({WORD}) AS x, min({WORD}) AS y FROM pg.public.t",
    f"SELECT count(*) AS n FROM pg.public.t WHERE {WORD} < 'Z'",
    f"SELECT id FROM pg.public.t ORDER BY {WORD}, id LIMIT 1",
    f"SELECT {WORD} AS word, count(*) AS n FROM pg.public.t GROUP BY word ORDER BY word LIMIT 1",
    f"SELECT max(w) AS x FROM (SELECT DISTINCT {WORD} AS w FROM pg.public.t)",
])  # fmt: skip
def test_texts_that_are_constants_compare_by_their_bytes(icu, query):
    pushed, here = both(icu, query)
    assert pushed == here and "error" not in pushed


@pytest.mark.parametrize("sum_of", ["a * b", "a / 1e200 / 1e200", "a + b", "a - b"])
@pytest.mark.parametrize("row", [1, 2])
def test_doubles_that_become_too_small_or_large(icu, sum_of, row):
    pushed, here = both(icu, f"SELECT sum({sum_of})::VARCHAR AS x FROM pg.public.big WHERE id = {row}")
    assert pushed == here and "error" not in pushed


def refusal(rest, sql):
    answer = rest.post("/v1/query", json={"sql": sql})
    assert answer.status_code >= 400, sql
    return answer.json()["error"]["code"]


def test_what_postgresql_refuses(icu):
    assert refusal(icu, "INSERT INTO pg.public.t VALUES (1, 'again')") == "already_exists"
    for broken in ("(1, NULL)", "(1000, 1)", "(1, -1)"):
        assert refusal(icu, f"INSERT INTO pg.public.child VALUES {broken}") == "invalid_argument", broken
    assert refusal(icu, "FROM pintail.remote('pg', 'SELECT 1 / (id - 1) AS x FROM t')") == "invalid_argument"
    assert refusal(icu, "FROM pintail.remote('pg', 'SELECT id * 2147483647 AS x FROM t')") == "invalid_argument"


@pytest.fixture
def shop(mariadb, fresh_server, rest_of):
    mariadb.sql("DROP TABLE IF EXISTS edges")
    mariadb.sql("CREATE TABLE edges (id int PRIMARY KEY, d date, dt datetime, y year, n int NOT NULL)")
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode = ''")
        cursor.execute("INSERT INTO edges VALUES (1, '0000-00-00', '0000-00-00 00:00:00', 1970, 1), (2, '2020-01-02', '2020-01-02 03:04:05', 2005, 1),"
                       " (3, NULL, NULL, NULL, 1), (4, '2020-01-01', '2020-05-01 00:00:00', 0, 1)")  # fmt: skip
        connection.commit()
    rest = rest_of(fresh_server)
    rest.sql(f"CREATE SOURCE my TYPE mysql (connection '{mariadb.words}')")
    yield rest
    rest.sql("DROP SOURCE my")
    mariadb.sql("DROP TABLE edges")


@pytest.mark.parametrize("query", [
    "SELECT count(*) AS n FROM my.shop.edges WHERE d IS NULL",
    "SELECT count(d) AS d, count(dt) AS dt, min(d) AS m, min(dt) AS mt FROM my.shop.edges",
    "SELECT count(*) AS n FROM my.shop.edges WHERE d < DATE '2020-01-02'",
    "SELECT count(*) AS n FROM my.shop.edges WHERE dt < TIMESTAMP '2020-01-02'",
    "SELECT count(*) AS n FROM my.shop.edges WHERE y < 70",
    "SELECT count(*) AS n FROM my.shop.edges WHERE y IN (5, 70)",
    "SELECT count(*) AS n FROM my.shop.edges WHERE y BETWEEN 1 AND 99",
    "SELECT min(y) AS y, max(y) AS z FROM my.shop.edges",
])  # fmt: skip
def test_dates_and_years_of_mariadb(shop, query):
    pushed, here = both(shop, query)
    assert pushed == here and "error" not in pushed


def test_what_mariadb_refuses(shop):
    assert refusal(shop, "INSERT INTO my.shop.edges (id, n) VALUES (1, 1)") == "already_exists"
    assert refusal(shop, "INSERT INTO my.shop.edges (id, n) VALUES (9, NULL)") == "invalid_argument"
