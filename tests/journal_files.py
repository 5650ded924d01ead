"""Journals made byte by byte, as src/journal/record_format.h describes them.

No server is needed, and what is read here was not written by the program that reads it.
"""

import struct

import pyarrow as pa

HEADER_BYTES = 64
SALT = 0x1122334455667788
TABLE = [0] * 256
for _byte in range(256):
    _sum = _byte
    for _ in range(8):
        _sum = (_sum >> 1) ^ (0x82F63B78 if _sum & 1 else 0)
    TABLE[_byte] = _sum


def crc32c(data):
    found = 0xFFFFFFFF
    for byte in data:
        found = (found >> 8) ^ TABLE[(found ^ byte) & 0xFF]
    return found ^ 0xFFFFFFFF


def padded(data):
    return data + bytes(-len(data) % HEADER_BYTES)


def segment_header(first):
    fields = struct.pack("<8sIIQQQ20x", b"PTLJRNL\n", 1, 0, first, first - 1, SALT)
    return fields + struct.pack("<I", crc32c(fields))


def body_of(values):
    """The batches of a record: one, of one column."""
    batch = pa.record_batch({"c": pa.array(values, pa.int64())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def record(position, table, body):
    """A record that names all before it as synced."""
    names = table.encode()
    fields = struct.pack("<QQQQIIIIQ", position, position - 1, 0, len(body),
                         crc32c(body), len(names), 0, 0, SALT)
    head = struct.pack("<II", 0xC0DE5EA7, crc32c(fields + names)) + fields
    return padded(head + names) + padded(body)


def write_segment(folder, first, records):
    """A segment with a record for each (table, body); gives its path and where each record
    begins."""
    data, offsets = segment_header(first), []
    for position, (table, body) in enumerate(records, first):
        offsets.append(len(data))
        data += record(position, table, body)
    path = folder / f"{first:020}.journal"
    path.write_bytes(data)
    return path, offsets


def damage(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)
