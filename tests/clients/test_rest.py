"""The scenarios over HTTP, with `requests`."""

import base64
import gzip
import io
import json

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from ipc_messages import file_bytes, table_bytes

ARROW = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
PARQUET = "application/vnd.apache.parquet"


def query(rest, sql, accept="application/json", **options):
    answer = rest.post("/v1/query", data=sql.encode(),
                       headers={"Content-Type": "text/plain", "Accept": accept}, **options)
    assert answer.status_code == 200, answer.text
    return answer


def ingest(rest, table, body, media_type=ARROW, mode=None, headers=None):
    return rest.post(f"/v1/ingest/{table}", data=body,
                     params={"mode": mode} if mode else None,
                     headers={"Content-Type": media_type, **(headers or {})})


def counted(rest, table):
    return rest.sql(f"SELECT count(*) AS n FROM {table}")[0]["n"]


def error_of(answer):
    error = answer.json()["error"]
    assert error["message"] and error["request_id"]
    return error["code"]


def test_connect(rest):
    health = rest.get("/health")
    assert (health.status_code, health.json()) == (200, {"status": "ok", "warnings": []})
    assert rest.get("/ready").status_code == 200


@pytest.mark.parametrize("accept", [ARROW, "application/json", "application/x-ndjson",
                                    "text/csv", PARQUET])
def test_query(rest, accept):
    answer = query(rest, "SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL ORDER BY a", accept)
    assert answer.headers["Content-Type"].split(";")[0] == accept
    body = answer.content
    if accept == ARROW:
        rows = pa.ipc.open_stream(body).read_all().to_pylist()
    elif accept == PARQUET:
        rows = pa.parquet.read_table(io.BytesIO(body)).to_pylist()
    elif accept == "application/json":
        rows = json.loads(body)
    elif accept == "text/csv":
        options = pa.csv.ConvertOptions(strings_can_be_null=True)
        rows = pa.csv.read_csv(io.BytesIO(body), convert_options=options).to_pylist()
    else:
        rows = [json.loads(line) for line in body.splitlines()]
    assert rows == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


def test_a_query_in_json(rest):
    answer = rest.post("/v1/query", json={"sql": "SELECT 1 AS a"},
                       headers={"Accept": "application/json"})
    assert answer.json() == [{"a": 1}]


def test_large_result(rest):
    answer = query(rest, "SELECT range AS r FROM range(1000000)", ARROW, stream=True)
    assert answer.headers.get("Transfer-Encoding") == "chunked"
    expected = 0
    for batch in pa.ipc.open_stream(answer.raw):
        assert batch.column(0)[0].as_py() == expected
        expected += batch.num_rows
    assert expected == 1_000_000


def test_prepared_by_position(rest):
    assert rest.sql("SELECT ?::INTEGER + ?::INTEGER AS s", [40, 2]) == [{"s": 42}]
    assert rest.sql("SELECT ? AS s, ? AS t, ? AS u", ["x", None, True]) == [
        {"s": "x", "t": None, "u": True}]


def test_prepared_by_name(rest):
    assert rest.sql("SELECT $b::VARCHAR || $a::VARCHAR AS s", {"a": "1", "b": "2"}) == [
        {"s": "21"}]


def test_executemany(rest, table_name):
    rest.sql(f"CREATE TABLE {table_name} (i INTEGER, s VARCHAR)")
    for row in [(1, "a"), (2, None)]:
        rest.sql(f"INSERT INTO {table_name} VALUES (?, ?)", list(row))
    assert counted(rest, table_name) == 2


def test_update_count(rest, table_name):
    rest.sql(f"CREATE TABLE {table_name} AS SELECT range AS i FROM range(10)")
    assert rest.sql(f"DELETE FROM {table_name} WHERE i < 4") == {"rows_changed": 4}


def test_ingest_create(rest, table_name):
    body = table_bytes(pa.table({"i": [1, 2]}))
    answer = ingest(rest, table_name, body, mode="create")
    assert answer.status_code == 200, answer.text
    assert answer.json()["rows"] == 2
    again = ingest(rest, table_name, body, mode="create")
    assert again.status_code == 409
    assert error_of(again) == "already_exists"


def test_ingest_append(rest, table_name):
    body = table_bytes(pa.table({"i": [1, 2]}))
    missing = ingest(rest, table_name, body, mode="append")
    assert missing.status_code == 404
    assert error_of(missing) == "not_found"
    ingest(rest, table_name, body, mode="create")
    assert ingest(rest, table_name, body, mode="append").status_code == 200
    assert counted(rest, table_name) == 4


def test_ingest_replace(rest, table_name):
    ingest(rest, table_name, table_bytes(pa.table({"i": [1, 2]})))
    ingest(rest, table_name, table_bytes(pa.table({"other": ["x"]})), mode="replace")
    assert rest.sql(f"SELECT * FROM {table_name}") == [{"other": "x"}]


def test_ingest_create_append(rest, table_name):
    for _ in range(2):
        assert ingest(rest, table_name, table_bytes(pa.table({"i": [1]}))).status_code == 200
    assert counted(rest, table_name) == 2


def parquet_bytes(table):
    sink = io.BytesIO()
    pa.parquet.write_table(table, sink)
    return sink.getvalue()


def test_every_format_is_ingested(rest, table_name):
    table = pa.table({"i": [1, 2], "s": ["a", "b"]})
    bodies = {
        ARROW: table_bytes(table),
        ARROW_FILE: file_bytes(table),
        PARQUET: parquet_bytes(table),
        "text/csv": b"i,s\n1,a\n2,b\n",
        "application/x-ndjson": b'{"i": 1, "s": "a"}\n{"i": 2, "s": "b"}\n',
    }
    for media_type, body in bodies.items():
        name = table_name + "_" + media_type.split(".")[-1].split("/")[-1].replace("-", "_")
        answer = ingest(rest, name, body, media_type)
        assert answer.status_code == 200, (media_type, answer.text)
        assert rest.sql(f"SELECT * FROM {name} ORDER BY i") == table.to_pylist(), media_type


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_compressed_body_is_ingested(rest, table_name, encoding):
    body = table_bytes(pa.table({"i": list(range(1000))}))
    packed = gzip.compress(body) if encoding == "gzip" else pa.Codec("zstd").compress(
        body, asbytes=True)
    answer = ingest(rest, table_name, packed, headers={"Content-Encoding": encoding})
    assert answer.status_code == 200, answer.text
    assert counted(rest, table_name) == 1000


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_buffers_are_ingested(rest, table_name, codec):
    body = table_bytes(pa.table({"i": list(range(1000))}), compression=codec)
    assert ingest(rest, table_name, body).status_code == 200
    assert counted(rest, table_name) == 1000


def test_a_chunked_body_is_ingested(rest, table_name):
    body = table_bytes(pa.table({"i": list(range(100000))}))
    pieces = (body[at : at + 1000] for at in range(0, len(body), 1000))
    assert ingest(rest, table_name, pieces).status_code == 200
    assert counted(rest, table_name) == 100000


# ---- sessions, by the field Pintail-Session


@pytest.fixture
def in_session(rest, table_name):
    """A function that runs SQL in a session of the test's own."""
    session = {"Pintail-Session": table_name}

    def run(sql):
        answer = rest.post("/v1/query", json={"sql": sql},
                           headers={"Accept": "application/json", **session})
        assert answer.status_code == 200, answer.text
        return answer.json()

    run.headers = session
    return run


def test_ingest_temporary(rest, in_session, table_name):
    in_session(f"CREATE TEMP TABLE {table_name} (i BIGINT)")
    answer = ingest(rest, table_name, table_bytes(pa.table({"i": [1]})), mode="append",
                    headers=in_session.headers)
    assert answer.status_code == 200, answer.text
    assert in_session(f"SELECT i FROM {table_name}") == [{"i": 1}]
    assert rest.get(f"/v1/tables/{table_name}").status_code == 404


def test_ingest_in_transaction(rest, in_session, table_name):
    in_session("BEGIN")
    answer = ingest(rest, table_name, table_bytes(pa.table({"i": [1]})),
                    headers=in_session.headers)
    assert answer.status_code == 200, answer.text
    assert in_session(f"SELECT i FROM {table_name}") == [{"i": 1}]
    in_session("ROLLBACK")
    assert rest.get(f"/v1/tables/{table_name}").status_code == 404


def test_commit(rest, in_session, table_name):
    rest.sql(f"CREATE TABLE {table_name} (i INTEGER)")
    in_session("BEGIN")
    in_session(f"INSERT INTO {table_name} VALUES (1)")
    assert counted(rest, table_name) == 0
    in_session("COMMIT")
    assert counted(rest, table_name) == 1


def test_rollback(rest, in_session, table_name):
    rest.sql(f"CREATE TABLE {table_name} (i INTEGER)")
    in_session("BEGIN")
    in_session(f"INSERT INTO {table_name} VALUES (1)")
    in_session("ROLLBACK")
    assert counted(rest, table_name) == 0


def test_session_options(rest, in_session):
    in_session("SET TimeZone = 'Asia/Tokyo'")
    zone = "SELECT current_setting('TimeZone') AS zone"
    assert in_session(zone) == [{"zone": "Asia/Tokyo"}]
    assert rest.sql(zone) != [{"zone": "Asia/Tokyo"}]


def test_a_session_of_an_odd_name_is_refused(rest):
    answer = rest.post("/v1/query", json={"sql": "SELECT 1"},
                       headers={"Pintail-Session": "a b"})
    assert answer.status_code == 400
    assert error_of(answer) == "invalid_argument"


def test_cancel_mid_stream(server, rest):
    answer = query(rest, "SELECT range AS cancel_from_rest FROM range(1000000000000)", ARROW,
                   stream=True)
    assert answer.raw.read(100_000)
    answer.raw.close()
    answer.close()
    statement = ("SELECT state FROM pintail.statements WHERE"
                 " sql LIKE 'SELECT range AS cancel_from_rest%'")
    server.wait_until(lambda: rest.sql(statement) == [{"state": "cancelled"}],
                      "the statement is told as cancelled")


def test_a_timeout_ends_a_statement(rest):
    answer = rest.post("/v1/query", json={
        "sql": "SELECT count(*) FROM range(10000000) a, range(10000000) b", "timeout_ms": 50})
    assert answer.status_code == 504
    assert error_of(answer) == "deadline_exceeded"


def test_tables_with_filters(rest, table_name):
    rest.sql(f"CREATE TABLE {table_name} (i INTEGER)")
    rest.sql(f"CREATE VIEW {table_name}_view AS SELECT 1 AS i")

    def listed(**filters):
        answer = rest.get("/v1/tables", params={"name": f"{table_name}%", **filters})
        return {entry["name"]: entry["type"] for entry in answer.json()["tables"]}

    assert listed() == {table_name: "TABLE", f"{table_name}_view": "VIEW"}
    assert listed(type="VIEW") == {f"{table_name}_view": "VIEW"}
    assert listed(schema="pintail") == {}


def test_table_schema(rest, table_name):
    rest.sql(f"CREATE TABLE {table_name} (i INTEGER NOT NULL, s VARCHAR)")
    table = rest.get(f"/v1/tables/{table_name}").json()
    assert [(column["name"], column["nullable"]) for column in table["columns"]] == [
        ("i", False), ("s", True)]
    missing = rest.get("/v1/tables/no_such_table")
    assert missing.status_code == 404
    assert error_of(missing) == "not_found"


def test_server_info(rest):
    openapi = rest.get("/openapi.json").json()
    assert openapi["info"]["title"] == "Pintail"
    assert openapi["info"]["version"] == rest.sql(
        "SELECT version FROM pintail.version")[0]["version"]


def test_errors(rest):
    table = [
        ("SELEC 1", 400, "invalid_sql"),
        ("SELECT * FROM no_such_table", 404, "not_found"),
        ("SELECT 'x'::INTEGER", 400, "invalid_argument"),
        ("CREATE TABLE metrics (i INTEGER)", 409, "already_exists"),
    ]
    for sql, status, code in table:
        answer = rest.post("/v1/query", json={"sql": sql})
        assert answer.status_code == status, (sql, answer.text)
        assert error_of(answer) == code


def test_an_error_tells_its_request_id(rest):
    answer = rest.post("/v1/query", json={"sql": "SELEC"}, headers={"X-Request-Id": "duck-17"})
    assert answer.json()["error"]["request_id"] == "duck-17"


@pytest.mark.parametrize("path, method, status", [
    ("/no/such/route", "get", 404),
    ("/v1/query", "get", 405),
    ("/stream/x", "get", 405),
])
def test_what_is_no_route_is_told(rest, path, method, status):
    answer = getattr(rest, method)(path)
    assert answer.status_code == status
    assert error_of(answer)


# ---- POST /stream/{name}


def stream_body(table, target, **config):
    return {
        "config": {"target_table": target, **config},
        "batch": {
            "arrow_schema": base64.b64encode(table.schema.serialize()).decode(),
            "data": base64.b64encode(table_bytes(table)).decode(),
        },
    }


def test_stream_answers_as_promised(rest, table_name):
    answer = rest.post("/stream/pond", json=stream_body(pa.table({"i": [1, 2, 3]}), table_name))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "status": "success",
        "stream": "pond",
        "rows_processed": 3,
        "storage_backend": "duckdb",
        "message": "Data processed successfully",
    }
    assert counted(rest, table_name) == 3


def test_stream_takes_every_key_of_its_configuration(rest, table_name):
    body = stream_body(pa.table({"i": [1]}), table_name, storage_backend=None,
                       chunk_size=10000, compression={"algorithm": "zstd", "level": 3})
    assert rest.post("/stream/pond", json=body).status_code == 200


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_stream_takes_compressed_data(rest, table_name, codec):
    table = pa.table({"i": list(range(1000))})
    body = stream_body(table, table_name)
    body["batch"]["data"] = base64.b64encode(table_bytes(table, compression=codec)).decode()
    assert rest.post("/stream/pond", json=body).json()["rows_processed"] == 1000


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_stream_takes_a_compressed_body(rest, table_name, encoding):
    text = json.dumps(stream_body(pa.table({"i": [1]}), table_name)).encode()
    packed = gzip.compress(text) if encoding == "gzip" else pa.Codec("zstd").compress(
        text, asbytes=True)
    answer = rest.post("/stream/pond", data=packed, headers={
        "Content-Type": "application/json", "Content-Encoding": encoding})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("spoil", [
    lambda body: body["batch"].update(data="!!!no base64!!!"),
    lambda body: body["batch"].update(data=base64.b64encode(b"no arrow").decode()),
    lambda body: body["batch"].update(data=body["batch"]["data"][:200]),
])
def test_stream_refuses_unreadable_data(rest, table_name, spoil):
    body = stream_body(pa.table({"i": [1]}), table_name)
    spoil(body)
    answer = rest.post("/stream/pond", json=body)
    assert answer.status_code == 500
    assert isinstance(answer.json()["detail"], str) and answer.json()["detail"]
    assert rest.get(f"/v1/tables/{table_name}").status_code == 404


@pytest.mark.parametrize("spoil, place", [
    (lambda body: body.pop("config"), ["body", "config"]),
    (lambda body: body.pop("batch"), ["body", "batch"]),
    (lambda body: body["config"].pop("target_table"), ["body", "config", "target_table"]),
    (lambda body: body["batch"].pop("data"), ["body", "batch", "data"]),
    (lambda body: body["config"].update(target_table=7), ["body", "config", "target_table"]),
    (lambda body: body["config"].update(chunk_size="many"), ["body", "config", "chunk_size"]),
])
def test_stream_refuses_wrong_fields(rest, table_name, spoil, place):
    body = stream_body(pa.table({"i": [1]}), table_name)
    spoil(body)
    answer = rest.post("/stream/pond", json=body)
    assert answer.status_code == 422, answer.text
    details = answer.json()["detail"]
    assert [detail["loc"] for detail in details] == [place]
    assert {"type", "loc", "msg", "input"} <= set(details[0])


def test_stream_appends_again_and_again(rest, table_name):
    for _ in range(3):
        rest.post("/stream/pond", json=stream_body(pa.table({"i": [1]}), table_name))
    assert counted(rest, table_name) == 3


# ---- figures and documents


def test_metrics_tell_the_promised_names(rest, table_name):
    rest.post(f"/stream/{table_name}", json=stream_body(pa.table({"i": [1, 2]}), table_name))
    for path in ("/metrics", "/metrics/"):
        text = rest.get(path).text
        assert f'pintail_rows_processed_total{{stream="{table_name}"}} 2' in text
        assert "pintail_ingest_latency_seconds_bucket{" in text
        assert 'pintail_active_connections{protocol="flight"}' in text
        assert 'pintail_active_connections{protocol="rest"}' in text


def test_metrics_are_well_formed(rest):
    types = {}
    for line in rest.get("/metrics").text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in types
            types[name] = kind
        elif line and not line.startswith("#"):
            name = line.split("{")[0].split()[0]
            float(line.rsplit(" ", 1)[1])
            base = name
            for ending in ("_bucket", "_sum", "_count"):
                base = base.removesuffix(ending) if base.removesuffix(ending) in types else base
            assert base in types, line
    assert len(types) > 10


_DUCKDBS_OWN = """
SELECT TIMETZ '10:00:00+01' AS a, TIMETZ '23:59:59.5-15:59:59' AS b, TIMETZ '24:00:00+05:30' AS c,
  '0101'::BIT AS d, '101010101'::BIT AS e, '11111111'::BIT AS f,
  '-123456789012345678901234567890123456789012345678901234567890'::BIGNUM AS g, 0::BIGNUM AS h,
  1000000000::BIGNUM AS i, (-4294967296)::BIGNUM AS j,
  'infinity'::DATE AS k, '-infinity'::DATE AS l, 'infinity'::TIMESTAMP AS m,
  '-infinity'::TIMESTAMP AS n, 'infinity'::TIMESTAMPTZ AS o, 'infinity'::TIMESTAMP_S AS p,
  'infinity'::TIMESTAMP_NS AS q"""


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson", "text/csv"])
def test_types_that_arrow_lacks_are_the_text_that_duckdb_casts_them_to(rest, media_type):
    names = "abcdefghijklmnopq"
    casts = ", ".join(f"{name}::VARCHAR AS {name}" for name in names)

    def ask(sql):
        answer = rest.post("/v1/query", json={"sql": sql}, headers={"Accept": media_type})
        assert answer.status_code == 200, answer.text
        return answer.text

    expected = ask(f"SELECT {casts} FROM ({_DUCKDBS_OWN})")
    assert "-infinity" in expected and "10:00:00+01" in expected
    assert ask(_DUCKDBS_OWN) == expected


def test_nested_values_of_types_that_arrow_lacks_are_text_too(rest):
    rows = rest.sql("SELECT [TIMETZ '10:00:00+01', NULL] AS a, {'b': '0101'::BIT} AS s,"
                    " MAP {'k': 7::BIGNUM} AS m, [TIME '24:00:00'] AS t, ['infinity'::DATE] AS d")
    assert rows == [{"a": ["10:00:00+01", None], "s": {"b": "0101"}, "m": {"k": "7"},
                     "t": ["24:00:00.000000"], "d": ["infinity"]}]


def test_a_big_number_too_long_for_text_is_refused_by_name(rest):
    sql = "SELECT repeat('9', 60000)::BIGNUM AS n"
    answer = rest.post("/v1/query", json={"sql": sql}, headers={"Accept": "text/csv"})
    assert "BIGNUM" in answer.text and answer.status_code >= 400
