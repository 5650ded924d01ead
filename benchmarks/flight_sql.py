"""The few Flight SQL messages the benchmarks send, so that pyarrow's Flight client can read
Pintail and the raw Flight peer by the same code. Field numbers are those of FlightSql.proto."""

import pyarrow.flight as flight

TYPE_PREFIX = b"type.googleapis.com/arrow.flight.protocol.sql."


def _bytes_field(number: int, value: bytes) -> bytes:
    length, size = b"", len(value)
    while True:
        length += bytes([size & 127 | (128 if size > 127 else 0)])
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + length + value


def statement_query(sql: str) -> flight.FlightDescriptor:
    """CommandStatementQuery{query = 1} in an Any{type_url = 1, value = 2}."""
    command = _bytes_field(1, sql.encode())
    return flight.FlightDescriptor.for_command(
        _bytes_field(1, TYPE_PREFIX + b"CommandStatementQuery") + _bytes_field(2, command)
    )


def read(client: flight.FlightClient, descriptor: flight.FlightDescriptor):
    """The whole answer, endpoint after endpoint, batch by batch; rows and bytes."""
    rows = size = 0
    for endpoint in client.get_flight_info(descriptor).endpoints:
        for chunk in client.do_get(endpoint.ticket):
            rows += chunk.data.num_rows
            size += chunk.data.nbytes
    return rows, size


def fetch(client: flight.FlightClient, sql: str):
    """The answer of a small query as a table."""
    info = client.get_flight_info(statement_query(sql))
    return client.do_get(info.endpoints[0].ticket).read_all()
