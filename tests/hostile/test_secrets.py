"""Secrets in statements show neither in pintail.statements nor in logs, whatever is around them."""

import adbc_driver_flightsql.dbapi as adbc
import pytest
import requests

STATEMENTS = [
    "-- it's the token\nSELECT 'canary-1'",
    "SELECT 'x' AS \"it's\", 'canary-2' AS password",
    "CREATE SECRET a (TYPE s3, KEY_ID canary_3, SECRET canary_4)",
    'CREATE SECRET b (TYPE s3, KEY_ID "canary-5", SECRET "canary-6")',
    "CREATE SECRET c (TYPE http, BEARER_TOKEN $$canary-7$$)",
    "ATTACH 'host=h password=canary-8' AS x (TYPE nothing)",
    "ATTACH ':memory:' AS locked (ENCRYPTION_KEY 'canary-9')",
    "SET s3_secret_access_key = E'canary\\'-10'",
    "SET azure_storage_connection_string = 'AccountKey=canary-11'",
    "SELECT 1 /* password: canary-12 */",
    "SELECT 'canary-13' AS password FRM t",
    "SELECT 'canary-14 password",
    "SELECT * FROM no_such WHERE \"password\" = \"canary-15\"",
    "PRAGMA add_parquet_key('k', 'canary-16')",
    "SELECT 'postgres://me:canary-17@host/x'::INTEGER",
    "/**/ATTACH/**/'canary-18.db'",
]


@pytest.fixture
def talkative(start_server):
    """A server that writes down all it can."""
    return start_server("--log-level", "trace", "--statement-slow", "1ms")


def test_canaries_are_seen_by_their_client_only(talkative):
    for sql in STATEMENTS:
        requests.post(talkative.http_url + "/v1/query", json={"sql": sql}, timeout=60)
        with adbc.connect(talkative.flight_uri, autocommit=True) as connection:
            with connection.cursor() as cursor:
                try:
                    cursor.execute(sql)
                    cursor.fetchall()
                except adbc.Error:
                    pass
    answer = requests.post(
        talkative.http_url + "/v1/query", timeout=60, headers={"Accept": "application/json"},
        json={"sql": "SELECT * FROM pintail.statements"})
    rows = answer.json()
    assert len(rows) > len(STATEMENTS)
    talkative.stop_quietly()
    for shown in (answer.text, talkative.log()):
        assert "CREATE SECRET" in shown
        assert "canary" not in shown
