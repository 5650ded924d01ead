"""The doors that take batches: each `send` gives back the keys of the batches that are acknowledged by now, or raises `Refused`."""

import base64
import json

import pyarrow as pa
import pyarrow.flight as flight
import requests

from ipc_messages import table_bytes

ARROW = "application/vnd.apache.arrow.stream"
BOUND_SECONDS = 120
# Rows of a batch.
SIZES = (1, 1, 7, 60, 300)
_ERRORS = (pa.ArrowException, flight.FlightError, requests.RequestException, OSError)


class Refused(Exception):
    """The batch was not acknowledged: what the client was told."""


def flight_client(server):
    """A client with a connection of its own."""
    return flight.FlightClient(server.flight_uri,
                               generic_options=[("grpc.use_local_subchannel_pool", 1)])


def _command(**command):
    return flight.FlightDescriptor.for_command(json.dumps(command).encode())


class Put:
    """A DoPut call for each batch."""

    sizes = SIZES

    def __init__(self, server, table, _chance, mode="create_append"):
        self.client = flight_client(server)
        self.descriptor = _command(stream_name=table, mode=mode)

    def send(self, key, batch):
        try:
            options = flight.FlightCallOptions(timeout=BOUND_SECONDS)
            writer, reader = self.client.do_put(self.descriptor, batch.schema, options)
            writer.write_batch(batch)
            writer.done_writing()
            last = None
            while (answer := reader.read()) is not None:
                last = json.loads(answer.to_pybytes())
            writer.close()
        except _ERRORS as error:
            raise Refused(str(error)) from error
        if not (last and last.get("done")):
            raise Refused(f"the call ended well without its last acknowledgement: {last}")
        return [key]

    def finish(self):
        return []

    def close(self):
        self.client.close()


class Stream:
    """DoPut calls that stay open over many batches and commit as they go; several commits are under way at once."""

    BATCHES = 40

    def __init__(self, server, table, chance, mode="create_append"):
        self.client = flight_client(server)
        # A commit falls where a batch ends, as none has more rows than the rule.
        largest = chance.choice(SIZES)
        self.sizes = tuple(size for size in SIZES if size <= largest)
        self.commit_rows = largest * chance.choice([1, 1, 3, 10])
        self.ahead = self.commit_rows * chance.choice([1, 3])
        self.descriptor = _command(stream_name=table, mode=mode, commit_rows=self.commit_rows)
        self.writer = None

    def send(self, key, batch):
        try:
            if self.writer is None:
                options = flight.FlightCallOptions(timeout=BOUND_SECONDS)
                self.writer, self.reader = self.client.do_put(
                    self.descriptor, batch.schema, options)
                self.waiting, self.sent, self.safe, self.batches = [], 0, 0, 0
            self.writer.write_batch(batch)
            self.sent += batch.num_rows
            self.batches += 1
            self.waiting.append((self.sent, key))
            while self.sent - self.safe >= self.ahead:
                self._read()
            done = self._acknowledged()
            return done + self.finish() if self.batches == self.BATCHES else done
        except _ERRORS as error:
            raise Refused(str(error)) from error

    def _read(self):
        answer = self.reader.read()
        if answer is None:
            self.writer.close()  # which raises what the server said
            raise Refused("the call ended well without its last acknowledgement")
        last = json.loads(answer.to_pybytes())
        self.safe = last["rows"]
        return last.get("done", False)

    def _acknowledged(self):
        keys = [key for rows, key in self.waiting if rows <= self.safe]
        self.waiting = self.waiting[len(keys):]
        return keys

    def finish(self):
        """Ends the open call, if there is one."""
        if self.writer is None:
            return []
        try:
            self.writer.done_writing()
            while not self._read():
                pass
            self.writer.close()
        except _ERRORS as error:
            raise Refused(str(error)) from error
        self.writer = None
        return self._acknowledged()

    def close(self):
        self.client.close()


class Rest:
    """POST /v1/ingest/{table}."""

    sizes = SIZES

    def __init__(self, server, table, _chance, mode="create_append"):
        self.session = requests.Session()
        self.url = f"{server.http_url}/v1/ingest/{table}?mode={mode}"

    def send(self, key, batch):
        return self._post(key, batch.num_rows, "rows", data=_stream_of(batch),
                          headers={"Content-Type": ARROW})

    def _post(self, key, rows, name, **body):
        try:
            answer = self.session.post(self.url, timeout=BOUND_SECONDS, **body)
        except _ERRORS as error:
            raise Refused(str(error)) from error
        if answer.status_code != 200:
            raise Refused(f"{answer.status_code} {answer.text}")
        if answer.json()[name] != rows:
            raise Refused(f"acknowledged with another number of rows than {rows}: {answer.text}")
        return [key]

    def finish(self):
        return []

    def close(self):
        self.session.close()


class Bridge(Rest):
    """POST /stream/{name}."""

    def __init__(self, server, table, _chance):
        super().__init__(server, table, None)
        self.table = table
        self.url = f"{server.http_url}/stream/{table}"

    def send(self, key, batch):
        schema = base64.b64encode(batch.schema.serialize()).decode()
        data = base64.b64encode(_stream_of(batch)).decode()
        return self._post(key, batch.num_rows, "rows_processed",
                          json={"config": {"target_table": self.table},
                                "batch": {"arrow_schema": schema, "data": data}})


def _stream_of(batch):
    return table_bytes(pa.Table.from_batches([batch]))


DOORS = [Put, Stream, Rest, Bridge]
