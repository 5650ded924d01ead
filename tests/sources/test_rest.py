"""/v1/sources: the same as CREATE, ALTER and DROP SOURCE."""

import json
import sqlite3

import pytest

from sources.conftest import PASSWORD


@pytest.fixture
def api(fresh_server, rest_of):
    return Api(fresh_server, rest_of(fresh_server))


class Api:
    def __init__(self, server, rest):
        self.server, self.rest = server, rest

    def call(self, method, path="", document=None, **options):
        return self.rest.session.request(method, f"{self.rest.url}/v1/sources{path}", json=document, timeout=60, **options)

    def refused(self, method, path="", document=None):
        answer = self.call(method, path, document)
        assert answer.status_code >= 400, answer.text
        assert "canary" not in answer.text.lower()
        return answer.status_code, answer.json()["error"]["message"]


def file_with(path, value):
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE t(i INTEGER)")
        file.execute("INSERT INTO t VALUES (?)", (value,))
    file.close()
    return str(path)


def test_a_source_is_made_listed_changed_replaced_and_dropped(api, tmp_path):
    assert api.call("GET").json() == {"sources": []}
    first, second = file_with(tmp_path / "1.sqlite", 1), file_with(tmp_path / "2.sqlite", 2)
    made = api.call("POST", document={"name": "notes", "type": "sqlite", "connection": first, "connect_timeout": "5s"})
    assert made.status_code == 201, made.text
    assert made.json()["name"] == "notes" and made.json()["state"] == "up" and made.json()["read_only"] is False
    assert api.rest.sql("SELECT i FROM notes.t") == [{"i": 1}]
    assert api.refused("POST", document={"name": "notes", "type": "sqlite", "connection": first})[0] == 409

    changed = api.call("PATCH", "/notes", {"read_only": True, "pool_max": 3})
    assert changed.status_code == 200 and changed.json()["read_only"] is True and changed.json()["pool_max"] == 3
    assert changed.json()["connection"] == first
    replaced = api.call("PUT", "/notes", {"type": "sqlite", "connection": second})
    assert replaced.status_code == 200 and replaced.json()["read_only"] is False
    assert api.rest.sql("SELECT i FROM notes.t") == [{"i": 2}]
    assert [source["name"] for source in api.call("GET").json()["sources"]] == ["notes"]
    assert api.call("GET", "/NOTES").json() == api.rest.sql("FROM pintail.sources")[0]

    dropped = api.call("DELETE", "/notes")
    assert dropped.status_code == 204 and dropped.content == b""
    for method, document in (("GET", None), ("DELETE", None), ("PATCH", {"pool_max": 2})):
        status, text = api.refused(method, "/notes", document)
        assert status == 404 and "notes" in text


def test_what_is_wrong_is_told_as_by_sql_and_without_values(api):
    cases = (
        ({"type": "sqlite", "connection": "x"}, 400, '"name"'),
        ({"name": "s", "connection": "x"}, 400, '"type"'),
        ({"name": "s", "type": "oracle", "connection": "x"}, 400, "postgres"),
        ({"name": "s", "type": "postgres", "password": "canary"}, 400, "needs a connection"),
        ({"name": "s", "type": "postgres", "connecton": "canary"}, 400, "connection"),
        ({"name": "system", "type": "sqlite", "connection": "x"}, 400, "choose another"),
        ({"name": "s", "type": "postgres", "password": ["canary"]}, 400, '"password" must be'),
        ([1], 400, "JSON object"),
    )
    for document, status, words in cases:
        told, text = api.refused("POST", document=document)
        assert told == status and words in text, (document, text)
    assert api.refused("PUT", "/a", {"name": "b", "type": "sqlite", "connection": "x"})[0] == 400
    assert api.call("POST", headers={"Content-Type": "text/plain"}, data="x").status_code == 415
    assert api.call("DELETE").status_code == 405
    assert api.call("GET").json() == {"sources": []}
    assert "canary" not in api.server.log()


def test_no_secret_is_shown_and_none_breaks_out_of_its_quotes(api, postgres):
    made = api.call("POST", document={
        "name": "shop", "type": "postgres", "connection": f"host=127.0.0.1 port={postgres.port} dbname=postgres",
        "username": "bob", "password": PASSWORD, "options": {"application_name": "it's \"us\""},
    })
    assert made.status_code == 201 and made.json()["state"] == "up", made.text
    seen = made.text + api.call("GET").text + api.call("GET", "/shop").text + api.server.log()
    seen += json.dumps(api.rest.sql("SELECT v::VARCHAR AS v FROM pintail.statements v"))
    assert "Canary" not in seen
    hostile = "x'); DROP SOURCE shop; --"
    api.refused("POST", document={"name": "other", "type": "postgres", "connection": hostile, "bad": hostile})
    assert [source["name"] for source in api.call("GET").json()["sources"]] == ["shop"]


def test_a_source_of_the_configuration_is_changed_there_only(start_server, rest_of, config_file, tmp_path):
    path = file_with(tmp_path / "d.sqlite", 1)
    server = start_server("--config", config_file(f"[sources.fixed]\ntype = 'sqlite'\nconnection = '{path}'\n"))
    api = Api(server, rest_of(server))
    assert api.call("GET", "/fixed").json()["declared"] is True
    for method, document in (("PATCH", {"pool_max": 2}), ("PUT", {"type": "sqlite", "connection": path}), ("DELETE", None)):
        status, text = api.refused(method, "/fixed", document)
        assert status == 403 and "configuration" in text, (method, text)


def test_the_document_of_the_interface_describes_it(api):
    paths = api.rest.get("/openapi.json").json()["paths"]
    assert set(paths["/v1/sources"]) == {"get", "post"}
    assert set(paths["/v1/sources/{name}"]) == {"get", "put", "patch", "delete"}
