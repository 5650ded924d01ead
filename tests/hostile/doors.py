"""The ways by which hostile Arrow data reaches the server, byte for byte as the test has it."""

import json

import grpc
import requests

import flight_sql as fs
import ipc_messages
from raw_flight import RawFlight, descriptor_for_command, descriptor_for_path

ARROW = "application/vnd.apache.arrow.stream"


class Refusal(Exception):
    """The server refused the data: the kind of error and the message."""

    def __init__(self, kind, message):
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


# gRPC's status names for the kinds that hostile data may meet.
_KINDS = {
    grpc.StatusCode.INVALID_ARGUMENT: "invalid_argument",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "resource_exhausted",
    grpc.StatusCode.UNIMPLEMENTED: "unimplemented",
}


def by_rest(server, table, stream, media_type=ARROW, headers=None):
    """POST /v1/ingest; the number of rows taken."""
    answer = requests.post(
        f"{server.http_url}/v1/ingest/{table}", data=stream, timeout=60,
        headers={"Content-Type": media_type, **(headers or {})})
    if answer.status_code == 200:
        return answer.json()["rows"]
    error = answer.json()["error"]
    # HTTP has a code of its own for a body that is past its limits.
    kind = "resource_exhausted" if error["code"] == "payload_too_large" else error["code"]
    raise Refusal(kind, error["message"])


def _put(server, descriptor, messages):
    with RawFlight(server.flight_address) as raw:
        try:
            return raw.put_stream(descriptor, messages)
        except grpc.RpcError as error:
            kind = _KINDS.get(error.code(), error.code().name.lower())
            raise Refusal(kind, error.details()) from error


def by_put(server, table, stream):
    """Flight DoPut by path."""
    _put(server, descriptor_for_path(table), ipc_messages.split(stream))


def put_by_command(server, command, stream):
    """Flight DoPut by a command in JSON: an object, or its text as it is."""
    text = command if isinstance(command, str) else json.dumps(command)
    _put(server, descriptor_for_command(text.encode()), ipc_messages.split(stream))


def by_statement_ingest(server, table, stream):
    """Flight SQL's bulk ingest."""
    command = fs.statement_ingest(table, fs.NOT_EXIST_CREATE, fs.EXISTS_APPEND)
    _put(server, descriptor_for_command(command), ipc_messages.split(stream))


WAYS = [by_rest, by_put, by_statement_ingest]
