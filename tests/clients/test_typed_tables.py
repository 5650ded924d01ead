"""CSV, NDJSON and wider numbers over HTTP into tables that exist."""

import pyarrow as pa
import pytest

from ipc_messages import table_bytes

ARROW = "application/vnd.apache.arrow.stream"


def put(rest, table, body, media_type, policy="add_columns"):
    return rest.post(f"/v1/ingest/{table}", data=body, params={"schema_policy": policy},
                     headers={"Content-Type": media_type})


TYPED = """CREATE TABLE {} (id INTEGER PRIMARY KEY, s SMALLINT, f FLOAT, price DECIMAL(10,2),
  zip VARCHAR, day DATE, since TIMESTAMPTZ, ok BOOLEAN, v FLOAT[3])"""
TYPED_TEXTS = {
    "text/csv": b"id,s,f,price,zip,day,since,ok,v\n"
                b'1,2,0.5,1.10,00123,2026-01-01,2026-01-01T00:00:00Z,true,"[1,2,3]"\n2,,,,,,,,\n',
    "application/x-ndjson":
        b'{"id": 1, "s": 2, "f": 0.5, "price": 1.10, "zip": "00123", "day": "2026-01-01",'
        b' "since": "2026-01-01T00:00:00Z", "ok": true, "v": [1, 2, 3]}\n{"id": 2}\n',
}


@pytest.mark.parametrize("policy", ["strict", "add_columns", "coerce"])
@pytest.mark.parametrize("media_type", TYPED_TEXTS)
def test_text_is_read_as_the_types_of_the_table(rest, table_name, media_type, policy):
    rest.sql(TYPED.format(table_name))
    before = rest.sql(f"DESCRIBE {table_name}")
    answer = put(rest, table_name, TYPED_TEXTS[media_type], media_type, policy)
    assert answer.status_code == 200, answer.text
    assert rest.sql(f"DESCRIBE {table_name}") == before
    assert rest.sql(f"SELECT * REPLACE (epoch(since) AS since) FROM {table_name} WHERE id = 1") == [{
        "id": 1, "s": 2, "f": 0.5, "price": "1.10", "zip": "00123", "day": "2026-01-01",
        "since": 1767225600.0, "ok": True, "v": [1.0, 2.0, 3.0]}]
    assert rest.sql(f"SELECT count(*) AS n FROM {table_name} WHERE s IS NULL AND v IS NULL") == [
        {"n": 1}]


@pytest.mark.parametrize("media_type, body, parts", [
    ("text/csv", b"id,s\n1,2\n2,x\n", ["row 2", '"s"', "SMALLINT", "'x'"]),
    ("text/csv", b"id,ok\n1,true\n2,maybe\n", ["row 2", '"ok"', "BOOLEAN", "maybe"]),
    ("application/x-ndjson", b'{"id": 1, "s": 40000}\n', ["row 1", '"s"', "SMALLINT", "40000"]),
    ("application/x-ndjson", b'{"id": 1, "day": "soon"}\n', ["row 1", '"day"', "DATE", "soon"]),
])
def test_text_that_does_not_parse_is_named(rest, table_name, media_type, body, parts):
    rest.sql(TYPED.format(table_name))
    answer = put(rest, table_name, body, media_type)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid_argument"
    for part in parts:
        assert part in answer.json()["error"]["message"]
    assert rest.sql(f"SELECT * FROM {table_name}") == []


def test_a_key_is_not_widened_but_cast(rest, table_name):
    rest.sql(f"CREATE TABLE {table_name} (id INTEGER PRIMARY KEY)")

    def put_ids(ids, policy):
        return put(rest, table_name, table_bytes(pa.table({"id": ids})), ARROW, policy)

    refused = put_ids([1], "add_columns")
    assert refused.json()["error"]["code"] == "invalid_argument"
    for part in ["'id'", "int32", "int64", "PRIMARY KEY", "coerce"]:
        assert part in refused.json()["error"]["message"]
    assert put_ids([1], "coerce").status_code == 200
    refused = put_ids([2, 3_000_000_000], "coerce")
    assert refused.json()["error"]["code"] == "invalid_argument"
    for part in ["row 2", '"id"', "INTEGER", "3000000000"]:
        assert part in refused.json()["error"]["message"]
    assert rest.sql(f"SELECT * FROM {table_name}") == [{"id": 1}]


def test_a_csv_column_without_a_name_is_named_by_its_place(rest, table_name):
    answer = put(rest, table_name, b",b\n0,x\n", "text/csv")
    assert answer.status_code == 200, answer.text
    assert rest.sql(f"SELECT * FROM {table_name}") == [{"column0": 0, "b": "x"}]
