"""HTTP requests past every limit are refused or closed, and the others are served on."""

import base64
import json
import select
import socket
import struct

import grpc
import pyarrow as pa
import pytest
import requests

from hostile.doors import Refusal, put_by_command
from ipc_messages import table_bytes
from raw_flight import RawFlight


def connection(server):
    host, port = server.http_address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30)


def exchange(server, request):
    """Sends raw bytes; the status of the answer, or None when the connection was just closed."""
    with connection(server) as line:
        try:
            line.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = b""
        try:
            while b"\r\n" not in answer and (piece := line.recv(4096)):
                answer += piece
        except ConnectionResetError:
            return None
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else None


def post(server, path, body, media_type="application/json", headers=None):
    return requests.post(server.http_url + path, data=body, timeout=60,
                         headers={"Content-Type": media_type, **(headers or {})})


def test_ten_thousand_headers_are_refused(target):
    lines = "".join(f"X-{number}: y\r\n" for number in range(10_000))
    assert exchange(target, f"GET /health HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()) in (
        431, 400, None)


def test_a_header_line_of_a_mebibyte_is_refused(target):
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * (1 << 20) + b"\r\n\r\n"
    assert exchange(target, request) in (431, 400, None)


def test_a_target_of_a_mebibyte_is_refused(target):
    request = b"GET /" + b"y" * (1 << 20) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert exchange(target, request) in (414, 431, 400, None)


def test_many_short_headers_are_refused(target):
    """Far fewer bytes than a head may have."""
    lines = "".join(f"X-{number}: y\r\n" for number in range(200))
    assert exchange(target, f"GET /health HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()) == 431


def test_a_target_of_ten_kibibytes_is_refused(target):
    request = b"GET /" + b"y" * (10 << 10) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert exchange(target, request) == 414


SMUGGLED = (b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
            b"Content-Length: 32\r\n\r\nCREATE TABLE smuggled (i INTEGER)")


@pytest.mark.parametrize("framing, body", [
    (b"Content-Length: 8\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 8", b"0\r\n\r\n"),
    (b"Content-Length: 8\r\nContent-Length: 8", b"SELECT 1"),
    (b"Content-Length: 8\r\nContent-Length: 9", b"SELECT 1"),
    (b"Content-Length: 8, 9", b"SELECT 1"),
    (b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    (b"Transfer-Encoding: identity", b"SELECT 1"),
    (b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"),
])
def test_a_request_whose_end_is_in_doubt_is_refused_with_all_that_follows(target, framing, body):
    """A proxy in front may see another end than we do, and so let a hidden request through."""
    with connection(target) as line:
        line.sendall(b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                     + framing + b"\r\n\r\n" + body + SMUGGLED)
        line.shutdown(socket.SHUT_WR)
        answers = b""
        try:
            while piece := line.recv(4096):
                answers += piece
        except ConnectionResetError:
            pass
    assert answers.count(b"HTTP/1.1 ") == 1, answers
    assert answers.split()[1] in (b"400", b"501"), answers


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"},
])
def test_a_web_page_of_another_site_can_run_nothing(target, headers):
    answer = post(target, "/v1/query", "SELECT 1", "text/plain", headers)
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("request_bytes", [
    b"\x16\x03\x01\x02\x00\x01\x00",  # a TLS hello
    b"NONSENSE\r\n\r\n",
    b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: nine\r\n\r\n",
    b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
    b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    b"GET /health HTTP/1.1\nX y\n\n",
])
def test_a_request_that_is_none_is_refused(target, request_bytes):
    status = exchange(target, request_bytes + b"\r\n" * 4)
    assert status == 400


def test_an_answer_header_cannot_be_injected(target):
    answer = requests.get(target.http_url + "/health",
                          headers={"X-Request-Id": "a b;c"}, timeout=30)
    assert answer.status_code in (200, 400)
    status = exchange(target, b"GET /x%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status in (400, 404)


def test_a_host_of_another_name_is_refused(target):
    """A web page cannot reach the server by a name that its owner points at 127.0.0.1."""
    answer = requests.get(target.http_url + "/v1/tables",
                          headers={"Host": "evil.example"}, timeout=30)
    assert answer.status_code in (400, 403, 421)


@pytest.mark.parametrize("depth", [1_000, 10_000, 1_000_000])
@pytest.mark.parametrize("path", ["/v1/query", "/stream/deep"])
def test_json_nested_too_deep_is_refused(target, path, depth):
    for bracket in ("[", '{"a":'):
        answer = post(target, path, '{"sql":"SELECT 1","parameters":' + bracket * depth)
        assert answer.status_code in (400, 413, 422), answer.text
        closed = "[" * depth + "]" * depth
        answer = post(target, path, '{"config":{"target_table":' + closed + "}}")
        assert answer.status_code in (400, 413, 422), answer.text


@pytest.mark.parametrize("depth", [100, 1_000_000])
def test_parameters_nested_too_deep_are_refused(target, depth):
    nested = "[" * depth + "1" + "]" * depth
    for parameters in (f"[{nested}]", '{"deep": ' + nested + "}"):
        sql = "SELECT ? IS NULL" if parameters.startswith("[") else "SELECT $deep IS NULL"
        answer = post(target, "/v1/query", f'{{"sql": "{sql}", "parameters": {parameters}}}')
        assert answer.status_code == 400, answer.text
        assert "nests deeper" in answer.json()["error"]["message"]


@pytest.mark.parametrize("depth", [100, 100_000])
def test_a_flight_command_nested_too_deep_is_refused(target, table_name, depth):
    nested = "[" * depth + "]" * depth
    stream = table_bytes(pa.table({"a": [1]}))
    with pytest.raises(Refusal) as caught:
        put_by_command(target, f'{{"target_table": "{table_name}", "other": {nested}}}', stream)
    assert caught.value.kind == "invalid_argument"
    with RawFlight(target.flight_address) as raw, pytest.raises(grpc.RpcError) as refused:
        list(raw.do_get(f'{{"type": "sql.query", "sql": "SELECT 1", "other": {nested}}}'.encode()))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("body", [
    b"", b"{", b"nonsense", b"[]", b'"text"', b"42", b"null", b'{"sql": 7}', b'{"other": "x"}',
    b'{"sql": "SELECT 1", "parameters": "x"}', b'{"sql": "SELECT 1", "timeout_ms": "soon"}',
    b'{"sql": "SELECT 1", "timeout_ms": -1}', b'{"sql": "\xff\xfe"}', b'{"sql": "SELECT 1"} {}',
    b'{"sql": "SELECT 1", "sql": "SELECT 2"}{',
])
def test_a_query_body_that_is_none_is_refused(target, body):
    answer = post(target, "/v1/query", body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["error"]["message"]


def test_ndjson_nested_too_deep_is_refused(target, table_name):
    body = '{"a":' + "[" * 10_000 + "]" * 10_000 + "}\n"
    answer = post(target, f"/v1/ingest/{table_name}", body, "application/x-ndjson")
    assert answer.status_code in (400, 413), answer.text


@pytest.mark.parametrize("media_type, body", [
    ("text/csv", b'a,b\n1,2\n3\n'),
    ("application/x-ndjson", b'{"a": 1}\n{"a": \n'),
    ("application/x-ndjson", b'{"a": 1}\n[1]\n'),
    ("application/x-ndjson", b'\xff\xfe\n'),
    ("application/vnd.apache.parquet", b"PAR1 nothing PAR1"),
    ("application/vnd.apache.arrow.file", b"ARROW1\0\0 nothing"),
    ("application/vnd.apache.arrow.stream", b""),
    ("application/vnd.apache.arrow.stream", b"\xff\xff\xff\xff\xff\xff\xff\x7f"),
])
def test_a_broken_body_is_refused_and_leaves_nothing(target, table_name, media_type, body):
    answer = post(target, f"/v1/ingest/{table_name}", body, media_type)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "invalid_argument"


def test_an_unknown_media_type_is_refused(target, table_name):
    answer = post(target, f"/v1/ingest/{table_name}", b"x", "image/png")
    assert answer.status_code == 415
    answer = requests.post(target.http_url + "/v1/query", data="SELECT 1",
                           headers={"Accept": "image/png", "Content-Type": "text/plain"},
                           timeout=30)
    assert answer.status_code == 406


def test_an_unknown_encoding_is_refused(target, table_name):
    answer = post(target, f"/v1/ingest/{table_name}", b"x",
                  "application/vnd.apache.arrow.stream", {"Content-Encoding": "br"})
    assert answer.status_code in (400, 415)


def test_an_unknown_mode_is_refused(target, table_name):
    answer = post(target, f"/v1/ingest/{table_name}?mode=sideways",
                  table_bytes(pa.table({"a": [1]})), "application/vnd.apache.arrow.stream")
    assert answer.status_code == 400
    assert "sideways" in answer.json()["error"]["message"]


def test_a_body_over_the_limit_is_refused(start_target):
    server = start_target("--http-max-body", "1MiB")
    body = table_bytes(pa.table({"n": list(range(200_000))}))
    answer = post(server, "/v1/ingest/t", body, "application/vnd.apache.arrow.stream")
    assert answer.status_code == 413
    chunks = (body[at : at + 65536] for at in range(0, len(body), 65536))
    try:
        answer = post(server, "/v1/ingest/t", chunks, "application/vnd.apache.arrow.stream")
        assert answer.status_code == 413
    except requests.ConnectionError:
        pass  # closed while the chunks were still being sent
    server.assert_unharmed()


def test_a_body_that_never_ends_is_refused(start_target):
    server = start_target("--http-max-body", "1MiB")
    chunks = 0
    with connection(server) as line:
        line.sendall(b"POST /v1/ingest/t HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n")
        line.sendall(b"4\r\na,b\n\r\n")
        answered = False
        try:
            while not answered and chunks < 4096:
                line.sendall(b"10000\r\n" + b"1,2\n" * 16384 + b"\r\n")
                chunks += 1
                answered = bool(select.select([line], [], [], 0)[0])
            answer = line.recv(4096)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert chunks < 4096, "it was read on and on"
    assert answer == b"" or b" 413 " in answer.split(b"\r\n")[0]
    server.assert_unharmed()


def test_slow_and_half_open_clients_do_not_starve_the_others(target):
    lines = []
    try:
        for number in range(200):
            line = connection(target)
            lines.append(line)
            line.sendall(b"POST /v1/query HTTP/1.1\r\nHost: local"[: number % 40])
        for _ in range(20):
            assert requests.get(target.http_url + "/ready", timeout=30).status_code == 200
    finally:
        for line in lines:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()


def test_a_connection_past_the_head_timeout_is_closed(start_target):
    server = start_target("--http-head-timeout", "200ms")
    with connection(server) as line:
        line.sendall(b"GET /health HT")
        answer = line.recv(4096)
        assert answer == b"" or b" 408 " in answer.split(b"\r\n")[0]


def test_descriptors_come_back(target):
    import pathlib

    def descriptors():
        return len(list(pathlib.Path(f"/proc/{target.pid}/fd").iterdir()))

    requests.get(target.http_url + "/health", timeout=30)
    before = descriptors()
    lines = [connection(target) for _ in range(100)]
    for line in lines:
        line.close()
    target.wait_until(lambda: descriptors() <= before + 5, "the descriptors come back")


def test_connections_past_the_cap_are_refused_and_served_again_later(start_target):
    server = start_target("--http-max-connections", "10")
    lines = [connection(server) for _ in range(10)]
    try:
        with connection(server) as line:
            line.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                answer = line.recv(4096)
            except ConnectionResetError:
                answer = b""
            assert answer == b"" or b" 503 " in answer.split(b"\r\n")[0]
    finally:
        for line in lines:
            line.close()

    def served():
        try:
            return requests.get(server.http_url + "/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    server.wait_until(served, "the server serves again")


@pytest.mark.parametrize("member", ["arrow_schema", "data"])
def test_wrong_base64_is_refused(target, rest_of, table_name, member):
    table = pa.table({"a": [1]})
    right = {"arrow_schema": base64.b64encode(table.schema.serialize()).decode(),
             "data": base64.b64encode(table_bytes(table)).decode()}

    def send(batch):
        return post(target, "/stream/x", json.dumps({
            "config": {"target_table": table_name}, "batch": batch}))

    good = right[member]
    for text in (good[:-1], good + "=", good.replace("A", "*", 1), good[:50] + " " + good[50:],
                 "é" + good, good[:40] + "\x00" + good[40:], good[:40] + "    " + good[40:],
                 good + "AB=="):
        answer = send({**right, member: text})
        assert answer.status_code == 500, answer.text
        assert "base64" in answer.json()["detail"]
    assert send(right).status_code == 200  # it was for the base64 alone
    rest_of(target).sql(f"DROP TABLE {table_name}")


def test_files_are_out_of_reach_where_external_access_is_off(start_target, tmp_path):
    (tmp_path / "secret.csv").write_text("word\nduck\n")
    server = start_target(env={"PINTAIL_DATABASE_EXTERNAL_ACCESS": "false"})
    for sql in (f"SELECT * FROM '{tmp_path}/secret.csv'", f"COPY canary TO '{tmp_path}/out.csv'",
                f"ATTACH '{tmp_path}/other.duckdb'", "SET enable_external_access = true"):
        answer = post(server, "/v1/query", sql, "text/plain")
        assert answer.status_code in (400, 403), answer.text
        assert "duck" not in answer.text.lower().replace("duckdb", "")
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    server.assert_unharmed()
