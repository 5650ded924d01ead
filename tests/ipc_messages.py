"""Arrow IPC streams and files cut into encapsulated messages, and put together again.

Nothing is checked: broken input gives broken messages, which is what the tests are for.
"""

import struct

CONTINUATION = b"\xff\xff\xff\xff"


def table_bytes(table, **options):
    """The table as an IPC stream."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table)
    return sink.getvalue().to_pybytes()


def file_bytes(table, **options):
    """The table as an IPC file."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table)
    return sink.getvalue().to_pybytes()


def body_length(metadata):
    """The bodyLength of a Message flatbuffer; ValueError when it cannot be read."""
    try:
        root = struct.unpack_from("<I", metadata, 0)[0]
        vtable = root - struct.unpack_from("<i", metadata, root)[0]
        size = struct.unpack_from("<H", metadata, vtable)[0]
        slot = 4 + 2 * 3  # version, header_type, header, bodyLength
        if vtable < 0 or slot + 2 > size:
            return 0
        offset = struct.unpack_from("<H", metadata, vtable + slot)[0]
        return struct.unpack_from("<q", metadata, root + offset)[0] if offset else 0
    except struct.error as error:
        raise ValueError(f"not a message: {error}") from error


def split(stream):
    """[(metadata, body)] of a stream. Where the framing is broken, the rest is one message."""
    messages = []
    at = 0
    while at < len(stream):
        start = at
        if stream[at : at + 4] == CONTINUATION:
            at += 4
        if at + 4 > len(stream):
            messages.append((stream[start:], b""))
            break
        length = struct.unpack_from("<i", stream, at)[0]
        at += 4
        if length == 0:
            break
        metadata = stream[at : at + length] if length > 0 else b""
        try:
            body = body_length(metadata)
        except ValueError:
            body = -1
        if length < 0 or len(metadata) < length or body < 0 or at + length + body > len(stream):
            messages.append((metadata or stream[start:], stream[at + max(length, 0) :]))
            break
        at += length
        messages.append((metadata, stream[at : at + body]))
        at += body
    return messages


def split_file(data):
    """The messages of an IPC file, taken from after its magic, its footer left off."""
    inner = data[8:] if data[:6] == b"ARROW1" else data
    return split(inner)


def join(messages):
    """A stream from messages."""
    out = bytearray()
    for metadata, body in messages:
        padding = -len(metadata) % 8
        out += CONTINUATION + struct.pack("<i", len(metadata) + padding)
        out += metadata + b"\0" * padding + body
    out += CONTINUATION + struct.pack("<i", 0)
    return bytes(out)
