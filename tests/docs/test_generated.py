"""Documents that are generated are as the program says now."""

import re

import requests

from pintail_server import CHECKOUT, run_pintail


def test_the_configuration_page_is_what_the_program_prints():
    done = run_pintail("config", "docs")
    assert done.returncode == 0, done.stderr
    assert (CHECKOUT / "docs/config.md").read_text() == done.stdout


def test_openapi_is_true_to_the_routes(server):
    document = requests.get(server.http_url + "/openapi.json", timeout=30).json()
    assert document["openapi"].startswith("3.")
    described = {(method.upper(), path) for path, methods in document["paths"].items()
                 for method in methods if method in ("get", "post", "put", "delete", "patch")}
    expected = {
        ("POST", "/stream/{name}"), ("POST", "/v1/ingest/{table}"), ("POST", "/v1/query"),
        ("GET", "/v1/tables"), ("GET", "/v1/tables/{name}"), ("GET", "/health"), ("GET", "/ready"),
        ("GET", "/metrics"), ("GET", "/openapi.json"),
    }
    assert {(method, plain(path)) for method, path in expected} <= {
        (method, plain(path)) for method, path in described}
    for method, path in described:
        target = re.sub(r"\{\w+\}", "no_such_thing", path)
        answer = requests.request(method, server.http_url + target, timeout=30)
        assert answer.status_code != 405, (method, path)
        if answer.status_code == 404:
            assert "{" in path, f"{method} {path} is described and not there"
        documented = document["paths"][path][method.lower()]["responses"]
        assert str(answer.status_code) in documented or "default" in documented, (
            method, path, answer.status_code)


def plain(path):
    return re.sub(r"\{\w+\}", "{}", path)


def test_references_in_openapi_lead_somewhere(server):
    document = requests.get(server.http_url + "/openapi.json", timeout=30).json()

    def walk(node):
        if isinstance(node, dict):
            if "$ref" in node:
                place = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    place = place[part]
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document)


def test_the_page_that_shows_the_interface_needs_no_network(server):
    answer = requests.get(server.http_url + "/docs", timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", answer.text)
